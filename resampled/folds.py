"""How a search was split: its folds, or its share of test rows, from scikit-learn's splitter or as the user says."""

from numbers import Integral
from typing import Any

import numpy as np

from resampled.means.few import fewest_rows
from resampled.resampling import Bounds, Resampling

# What stands for a splitter where there is none, such as with an array.
NO_SPLITTER = object()


def resampling_of(
    scores: np.ndarray,
    cv: Any,
    n_folds: int | None,
    test_share: float | None,
    n_rows: float | None,
    bounds: Bounds,
    n_effective: float | None = None,
) -> Resampling:
    """Return how scores of shape (n_candidates, n_splits) were resampled; raises `ValueError` if that is not known.

    `cv` is that of a search, or `NO_SPLITTER`; the others are those of `resampled.summary` and of `Resampling`.
    """
    n_splits = scores.shape[1]
    if n_splits < 3:
        raise ValueError(f"There are {n_splits} splits; fewer than 3 say nothing about a mean, so add splits.")
    own = _of_splitter(cv, n_splits, n_rows)
    if n_folds is not None and (test_share is not None or (own and own[0] != n_folds)):
        other = f"test_share={test_share}" if test_share is not None else f"the search has cv={cv!r}"
        raise ValueError(f"n_folds={n_folds} is given, but {other}; leave one of them out.")
    if n_folds is None and test_share is None:
        if own is None:
            raise ValueError(
                f"How the {n_splits} splits were drawn is not known: give n_folds=, the folds of a repeat, if they are "
                "whole repeats of folds; otherwise test_share=, the test rows per training row (NaN in order of time)."
            )
        n_folds, test_share = own
    if n_folds is not None and n_folds > 1:
        test_share = 1 / (n_folds - 1)
        if n_splits % n_folds:
            raise ValueError(
                f"{n_splits} splits are no whole repeats of {n_folds} folds; correct n_folds. If splits are missing, "
                f"give test_share={test_share:.4g} instead."
            )
    if test_share is None or test_share <= 0:
        raise ValueError(f"n_folds is {n_folds} and test_share {test_share}; give 2 folds or more, or a share above 0.")
    if n_rows is None and np.nanmax(scores) == np.nanmin(scores):
        n_rows = np.inf
    elif n_rows is None:
        # A bound is some rows away, but few where it is reached on a split.
        reached = [np.full(n_splits, bound) for bound in bounds if (scores == bound).any()]
        levels = np.vstack([scores, *reached])
        n_rows = fewest_rows(np.diff(np.sort(levels, axis=0), axis=0), bounds[1] - bounds[0], test_share)
    if n_folds is not None and n_rows < 2 * n_folds:
        # Each fold tests one row, which is the whole score, not the least that another table would change.
        n_rows, n_effective = np.inf, n_effective or n_rows
    return Resampling(test_share, n_folds, n_rows, bounds, n_effective)


def _of_splitter(cv: Any, n_splits: int, n_rows: float | None) -> tuple[int | None, float | None] | None:
    """Return the folds of a repeat, or else the share of test rows, of a splitter of scikit-learn; None if unknown."""
    if cv is NO_SPLITTER:
        return None
    from sklearn import model_selection as of  # takes a second to import

    if isinstance(cv, of.TimeSeriesSplit):
        return None, np.nan
    if isinstance(cv, of.ShuffleSplit | of.StratifiedShuffleSplit | of.GroupShuffleSplit):
        return None, _share(cv, n_rows, 0.2 if isinstance(cv, of.GroupShuffleSplit) else 0.1)
    if isinstance(cv, of.RepeatedKFold | of.RepeatedStratifiedKFold):
        return n_splits // cv.n_repeats, None
    folds = of.KFold | of.StratifiedKFold | of.GroupKFold | of.StratifiedGroupKFold
    is_whole = isinstance(cv, of.PredefinedSplit) and (cv.test_fold >= 0).all()
    if cv is None or is_whole or isinstance(cv, Integral | folds | of.LeaveOneOut | of.LeaveOneGroupOut):
        return n_splits, None
    return None


def _share(cv: Any, n_rows: float | None, default: float) -> float:
    """Return the test rows per training row of splits by chance, whose sizes are shares, numbers of rows, or None."""
    sizes = [cv.test_size, cv.train_size]
    if sizes == [None, None]:
        sizes[0] = default
    if n_rows is None and any(isinstance(size, Integral) for size in sizes):
        raise ValueError(f"{cv!r} counts rows; give n_rows=, the number of rows of the table.")
    test, train = (size / n_rows if n_rows and (size or 0) >= 1 else size for size in sizes)
    test = 1 - train if test is None else test
    return float(test / (1 - test if train is None else train))
