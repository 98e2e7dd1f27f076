"""How far scores may move: the bounds of their scorer, and how many rows they tell or are known to have."""

import math
from collections.abc import Sequence
from difflib import get_close_matches
from numbers import Real
from typing import Any

import numpy as np

from resampled.means.few import fewest_rows
from resampled.means.ttest import TINY
from resampled.resampling import UNBOUNDED, Bounds, Resampling
from resampled.scorers import bounds_of, scorer_names


def checked_bounds(scores: np.ndarray, scorer: str, bounds: Any) -> Bounds:
    """Return what the scores lie between; raises `ValueError` if they do not, or for a name that no scorer has."""
    if bounds is not None:
        low, high = _two_bounds(bounds)
    elif scorer:
        _check_name(scorer)
        low, high = bounds_of(scorer)
    else:
        low, high = UNBOUNDED
    for i, split in np.argwhere((scores < low - 1e-9) | (scores > high + 1e-9)):
        raise ValueError(
            f"Candidate {i} has the score {scores[i, split]:.6g} on split {split}, but {scorer or 'it'} is between "
            f"{low:g} and {high:g}; correct metric= or bounds=, and give errors with the sign changed."
        )
    return low, high


def _two_bounds(bounds: Any) -> Bounds:
    is_pair = isinstance(bounds, Sequence) and len(bounds) == 2
    are_numbers = is_pair and all(isinstance(each, Real) for each in bounds)
    if not are_numbers or not bounds[0] < bounds[1]:
        raise ValueError(
            f"bounds= is {bounds!r}; give the least and the largest value of the scorer, as (0, 1)."
        )
    return bounds[0], bounds[1]


def _check_name(scorer: str) -> None:
    names = scorer_names()
    if scorer in names:
        return
    meant = ""
    for name in get_close_matches(scorer, names, 1):
        meant = f" (did you mean {name!r}?)"
    raise ValueError(
        f"scikit-learn has no scorer {scorer!r}{meant}; correct metric=, or give bounds= of your own."
    )


def class_counts(y: Any, groups: Any) -> list[int]:
    """Return how many rows each class has, or how many groups have a row of it; none where y is not known."""
    if y is None:
        return []
    classes = np.unique(y, return_inverse=True)[1]
    units = np.arange(len(y))
    if groups is not None:
        units = np.unique(groups, return_inverse=True)[1]
    of_classes, _ = np.unique([classes, units], axis=1)
    return np.bincount(of_classes).tolist()


def resampling_of(
    scores: np.ndarray,
    bounds: Bounds,
    n_folds: int | None,
    test_share: float,
    n_rows: float | None,
    n_wrong: float | None,
    untested: str,
) -> Resampling:
    """Put together what is known of the splits; if nothing tells how many rows there are, the scores may do.

    Of `n_wrong` rows one can be wrong; None if of all.
    """
    # A bound is some rows away, but few where it is reached on a split.
    reached = [
        np.full(scores.shape[1], bound) for bound in bounds if (scores == bound).any()
    ]
    steps = np.diff(np.sort(np.vstack([scores, *reached]), axis=0), axis=0)
    is_counted = n_rows is not None
    if n_rows is None:
        n_rows = fewest_rows(steps, bounds[1] - bounds[0], test_share)
    if n_folds is not None and n_rows < 2 * n_folds:
        # Each fold tests one row, which is the whole score, not the least that another table would change.
        n_wrong = n_wrong or n_rows
        n_rows = math.inf
    large = steps[steps > TINY * np.nanmax(np.abs(scores))]
    step = 0.0
    if bounds == UNBOUNDED and len(large):
        step = float(large.min())
    return Resampling(
        test_share, n_folds, n_rows, bounds, n_wrong, step, untested, is_counted
    )
