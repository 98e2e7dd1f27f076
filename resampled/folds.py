"""How a search was split: its folds, or its share of test rows, from scikit-learn's splitter or as the user says."""

from numbers import Integral
from typing import Any

import numpy as np


def split_by(search: Any, n_splits: int, n_folds: int | None, test_share: float | None) -> tuple[int | None, float]:
    """Return both as a `Resampling` has them, from the user or the search; raises `ValueError` if neither tells."""
    own = _by_splitter(search.cv, n_splits) if hasattr(search, "cv") else None
    if n_splits < 3:
        raise ValueError(f"There are {n_splits} splits; fewer than 3 say nothing about a mean, so add splits.")
    if n_folds is not None and (test_share is not None or (own and own[0] != n_folds)):
        other = f"test_share={test_share}" if test_share is not None else f"the search has cv={search.cv!r}"
        raise ValueError(f"n_folds={n_folds} is given, but {other}; leave one of them out.")
    if n_folds is None and test_share is None:
        if own is None:
            raise ValueError(
                f"How the {n_splits} splits were drawn is not known: give n_folds=, the folds of a repeat, if they are "
                "whole repeats of folds; otherwise test_share=, the test rows per training row (NaN in order of time)."
            )
        n_folds, test_share = own
    if n_folds is not None and (n_folds < 2 or n_splits % n_folds):
        raise ValueError(
            f"{n_splits} splits are no whole repeats of {n_folds} folds, of which a repeat has 2 or more; correct "
            "n_folds. If splits are missing, give test_share= instead, the test rows per training row."
        )
    test_share = 1 / (n_folds - 1) if n_folds is not None else test_share
    if test_share is None or test_share <= 0:
        raise ValueError(f"test_share is {test_share}; give the test rows per training row, a number above 0.")
    return n_folds, test_share


def _by_splitter(cv: Any, n_splits: int) -> tuple[int | None, float | None] | None:
    """Return the folds of a repeat, or else the share of test rows, of a splitter of scikit-learn; None if unknown."""
    from sklearn import model_selection as of  # takes a second to import

    if isinstance(cv, of.TimeSeriesSplit):
        return None, np.nan
    if isinstance(cv, of.ShuffleSplit | of.StratifiedShuffleSplit | of.GroupShuffleSplit):
        is_share = isinstance(cv.test_size, float) and cv.train_size is None  # not numbers of rows
        return (None, cv.test_size / (1 - cv.test_size)) if is_share else None
    folds = of.KFold | of.StratifiedKFold | of.GroupKFold | of.StratifiedGroupKFold | of.LeaveOneOut
    if isinstance(cv, folds | of.LeaveOneGroupOut | of.RepeatedKFold | of.RepeatedStratifiedKFold | Integral | None):
        return n_splits // getattr(cv, "n_repeats", 1), None
    return None
