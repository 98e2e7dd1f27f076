"""How a search was split: its folds, or its share of test rows, from scikit-learn's splitter or as the user says."""

import math
from collections.abc import Sequence
from copy import deepcopy
from numbers import Integral, Real
from typing import Any

import numpy as np

# The folds of a repeat, and the share of test rows where there are no folds.
_Split = tuple[int | None, float | None]


def split_by(
    search: Any,
    n_splits: int,
    n_folds: int | None,
    test_share: float | None,
    n_rows: int | None,
) -> tuple[int | None, float]:
    """Return both as a `Resampling` has them, from the user or the search; raises `ValueError` if neither tells."""
    own = None
    if hasattr(search, "cv"):
        own = _by_splitter(search.cv, n_splits, n_rows)
    if n_splits < 3:
        raise ValueError(
            f"There are {n_splits} splits; fewer than 3 say nothing about a mean, so add splits."
        )
    if n_folds is None and test_share is None:
        if own is None:
            raise ValueError(
                f"How the {n_splits} splits were drawn is not known: give n_folds=, the folds of a repeat, if they are "
                "whole repeats of folds; otherwise test_share=, the test rows per training row (NaN in order of time). "
                "If a splitter counts its test rows, n_rows= is enough."
            )
        n_folds, test_share = own
    other = ""
    if n_folds is not None and test_share is not None:
        other = f"test_share={test_share}"
    elif own and n_folds not in (None, own[0]):
        other = f"the search has cv={search.cv!r:.100}"
    if other:
        raise ValueError(
            f"n_folds={n_folds} is given, but {other}; leave one of them out."
        )
    if n_folds is not None:
        n_folds = whole("n_folds", n_folds, 2)
        if n_splits % n_folds:
            raise ValueError(
                f"{n_splits} splits are no whole repeats of {n_folds} folds; correct n_folds or give test_share."
            )
        return n_folds, 1 / (n_folds - 1)
    if not isinstance(test_share, Real) or not (
        math.isnan(test_share) or 0 < test_share < math.inf
    ):
        raise ValueError(
            f"test_share is {test_share!r}; give the test rows per training row, a number above 0."
        )
    return None, float(test_share)


def check_tests(
    tests: Sequence[np.ndarray], n_folds: int | None, test_share: float, n_rows: int
) -> None:
    """Raise `ValueError` if the splits that test these rows are not those that are told."""
    if n_folds is None:
        n_test = _mean_size(tests)
        least = n_test / (n_rows - n_test) if n_test < n_rows else math.inf
        if test_share < 0.9 * least:
            raise ValueError(
                f"test_share={test_share:g} is told, but by the rows of the splits it is {least:.3g} or more."
            )
        return
    all_tested = np.unique(np.concatenate(tests))
    for first in range(0, len(tests), n_folds):
        if not _are_once(tests[first : first + n_folds], all_tested):
            raise ValueError(
                f"n_folds={n_folds} is told, but splits {first} to {first + n_folds - 1} do not test each row once; "
                "correct n_folds=, or give test_share= instead."
            )


def whole(name: str, value: Any, least: int) -> int:
    """Return a whole number, which may be written as 5.0; raises `ValueError` for any other."""
    is_number = isinstance(value, Real)
    if not is_number or not value >= least or value % 1:
        raise ValueError(f"{name} is {value!r}; give a whole number, {least} or more.")
    return int(value)


def _by_splitter(cv: Any, n_splits: int, n_rows: int | None) -> _Split | None:
    """Return how a splitter of scikit-learn splits; None if that is not known."""
    from sklearn import model_selection as of  # takes a second to import

    one_repeat = of.KFold, of.StratifiedKFold, of.GroupKFold, of.StratifiedGroupKFold
    other_folds = (
        of.LeaveOneOut,
        of.LeaveOneGroupOut,
        of.RepeatedKFold,
        of.RepeatedStratifiedKFold,
        Integral,
    )
    if isinstance(cv, of.TimeSeriesSplit):
        return None, np.nan
    if isinstance(
        cv, of.ShuffleSplit | of.StratifiedShuffleSplit | of.GroupShuffleSplit
    ):
        has_groups = isinstance(cv, of.GroupShuffleSplit)
        n_drawn = 1000  # shares of so many are those of any table
        if any(isinstance(size, Integral) for size in (cv.test_size, cv.train_size)):
            if n_rows is None or has_groups:
                return None
            n_drawn = n_rows
        rows = np.arange(n_drawn)
        groups = rows if has_groups else None
        return _by_rows([next(deepcopy(cv).split(rows, rows % 2, groups))])
    if isinstance(cv, of.PredefinedSplit):
        cv = list(cv.split())
    if isinstance(cv, list):
        return _by_rows(cv)
    if cv is None or isinstance(cv, one_repeat + other_folds):
        return n_splits // getattr(cv, "n_repeats", 1), None
    return None


def _by_rows(splits: Sequence[Any]) -> _Split | None:
    """Return the same of splits (train, test) by row; None if some rows are in neither, as in the order of time."""
    n_rows = 1 + max(int(np.max(rows)) for split in splits for rows in split)
    rows = np.arange(n_rows)
    if not all(_are_once(split, rows) for split in splits):
        return None
    tests = [test for _, test in splits]
    tested = np.cumsum(list(map(len, tests)))
    n_folds = 1 + int(np.searchsorted(tested, n_rows))
    starts = range(0, len(tests), n_folds)
    if all(_are_once(tests[start : start + n_folds], rows) for start in starts):
        return n_folds, None
    n_test = _mean_size(tests)
    return None, n_test / (n_rows - n_test)


def _are_once(parts: Sequence[Any], rows: np.ndarray) -> bool:
    """Return whether the parts have each of the rows once."""
    return np.array_equal(np.sort(np.concatenate(parts)), rows)


def _mean_size(tests: Sequence[Any]) -> float:
    return float(np.mean(list(map(len, tests))))
