"""How a search was split: its folds, or its share of test rows, from scikit-learn's splitter or as the user says."""

import math
from collections.abc import Sequence
from copy import deepcopy
from numbers import Integral, Real
from typing import Any

import numpy as np


def split_by(
    search: Any,
    n_splits: int,
    n_folds: int | None,
    test_share: float | None,
    n_rows: int | None,
) -> tuple[int | None, float]:
    """Return both as a `Resampling` has them, from the user or the search; raises `ValueError` if neither tells."""
    own = _by_splitter(search.cv, n_splits, n_rows) if hasattr(search, "cv") else None
    if n_splits < 3:
        raise ValueError(
            f"There are {n_splits} splits; fewer than 3 say nothing about a mean, so add splits."
        )
    if n_folds is not None and (test_share is not None or (own and own[0] != n_folds)):
        other = (
            f"test_share={test_share}"
            if test_share is not None
            else f"the search has cv={search.cv!r:.100}"
        )
        raise ValueError(
            f"n_folds={n_folds} is given, but {other}; leave one of them out."
        )
    if n_folds is None and test_share is None:
        if own is None:
            raise ValueError(
                f"How the {n_splits} splits were drawn is not known: give n_folds=, the folds of a repeat, if they are "
                "whole repeats of folds; otherwise test_share=, the test rows per training row (NaN in order of time). "
                "If a splitter counts its test rows, n_rows= is enough."
            )
        n_folds, test_share = own
    n_folds = None if n_folds is None else whole("n_folds", n_folds, 2)
    if n_folds is not None and n_splits % n_folds:
        raise ValueError(
            f"{n_splits} splits are no whole repeats of {n_folds} folds; correct n_folds or give test_share."
        )
    test_share = 1 / (n_folds - 1) if n_folds is not None else test_share
    if not (
        isinstance(test_share, Real)
        and (math.isnan(test_share) or 0 < test_share < math.inf)
    ):
        raise ValueError(
            f"test_share is {test_share!r}; give the test rows per training row, a number above 0."
        )
    return n_folds, float(test_share)


def check_tests(
    tests: Sequence[np.ndarray], n_folds: int | None, test_share: float, n_rows: int
) -> None:
    """Raise `ValueError` if the splits that test these rows are not those that are told."""
    if n_folds is None:
        n_test = float(np.mean([len(test) for test in tests]))
        least = n_test / (n_rows - n_test) if n_test < n_rows else math.inf
        if test_share < 0.9 * least:
            raise ValueError(
                f"test_share={test_share:g} is told, but by the rows of the splits it is {least:.3g} or more."
            )
        return
    all_tested = np.unique(np.concatenate(tests))
    for first in range(0, len(tests), n_folds):
        rows = np.sort(np.concatenate(tests[first : first + n_folds]))
        if not np.array_equal(rows, all_tested):
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


def _by_splitter(
    cv: Any, n_splits: int, n_rows: int | None
) -> tuple[int | None, float | None] | None:
    """Return the folds of a repeat, or else the share of test rows, of a splitter of scikit-learn; None if unknown."""
    from sklearn import model_selection as of  # takes a second to import

    if isinstance(cv, of.TimeSeriesSplit):
        return None, np.nan
    if isinstance(
        cv, of.ShuffleSplit | of.StratifiedShuffleSplit | of.GroupShuffleSplit
    ):
        by_groups = isinstance(cv, of.GroupShuffleSplit)
        is_count = any(
            isinstance(size, Integral) for size in (cv.test_size, cv.train_size)
        )
        if is_count and (n_rows is None or by_groups):
            return None
        blank = np.arange(
            n_rows if is_count and n_rows else 1000
        )  # shares of so many are those of any table
        return _by_rows(
            [next(deepcopy(cv).split(blank, blank % 2, blank if by_groups else None))]
        )
    if isinstance(cv, list | of.PredefinedSplit):
        return _by_rows(cv if isinstance(cv, list) else [*cv.split()])
    folds = (
        of.KFold
        | of.StratifiedKFold
        | of.GroupKFold
        | of.StratifiedGroupKFold
        | of.LeaveOneOut
    )
    if isinstance(
        cv,
        folds
        | of.LeaveOneGroupOut
        | of.RepeatedKFold
        | of.RepeatedStratifiedKFold
        | Integral
        | None,
    ):
        return n_splits // getattr(cv, "n_repeats", 1), None
    return None


def _by_rows(splits: Sequence[Any]) -> tuple[int | None, float | None] | None:
    """Return the same of splits (train, test) by row; None if some rows are in neither, as in the order of time."""
    n_rows = 1 + max(int(np.max(rows)) for split in splits for rows in split)

    def are_all(parts: Sequence[Any]) -> bool:
        return np.array_equal(np.sort(np.concatenate(parts)), np.arange(n_rows))

    if not all(map(are_all, splits)):
        return None
    tests = [test for _, test in splits]
    n_folds = 1 + int(np.searchsorted(np.cumsum([len(test) for test in tests]), n_rows))
    if all(
        are_all(tests[start : start + n_folds])
        for start in range(0, len(tests), n_folds)
    ):
        return n_folds, None
    n_test = float(np.mean([len(test) for test in tests]))
    return None, n_test / (n_rows - n_test)
