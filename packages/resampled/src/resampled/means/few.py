"""Exact bounds where few rows differ: there, a variance between splits says little."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import betaincinv

from resampled.means.ttest import ALPHA, TINY
from resampled.resampling import Resampling

# With fewer rows in the rarest class, or fewer groups, intervals were too narrow in simulations.
FEW_ROWS, FEW_GROUPS = 20, 30


def is_within(rope: float, differences: np.ndarray, resampling: Resampling) -> bool:
    """Return whether so few rows differ that a mean difference is within the rope, at the 5 % level.

    Few rows that differ make the variance of differences small, just where the difference is. If k of n rows do, which
    is the mean difference in rows, as many may in other tables as the upper end of Clopper and Pearson's one-sided
    interval says: if none does, about 3 of n.

    The differences have the shape (n_splits,). If n is infinite, one row makes at most the smallest of them. Nothing is
    within without two bounds, because single rows may be off by any amount then, nor if n is NaN.
    """
    width = resampling.width
    n = resampling.n_wrong
    if math.isinf(width) or math.isnan(n):
        return False
    if math.isinf(n):
        n = fewest_rows(np.abs(differences), width, resampling.test_share)
    if math.isinf(n):  # no difference at all
        return True
    k = abs(float(np.mean(differences))) * n / width
    if k >= n:
        return False
    largest = width * betaincinv(k + 1, n - k, 1 - ALPHA)
    return bool(largest <= rope * (1 + TINY))


def fewest_rows(steps: np.ndarray, width: float, test_share: float) -> float:
    """Return how many rows there are at least, if scores differ by such steps on a split; infinite if that is unknown.

    Scores that count rows are multiples of what one row makes, so one row makes no more than the smallest step.
    `width` is the distance of the scorer's bounds.
    """
    steps = steps[steps > TINY * width]
    if not len(steps):
        return math.inf
    return float(width / steps.min() * (1 + 1 / test_share))


def too_narrow(
    counts: Sequence[int] | np.ndarray, groups: np.ndarray | None
) -> str | None:
    """Return a note if intervals may be too narrow, by the rows of each class, if there are any, and groups of rows."""
    reasons = []
    if len(counts) and min(counts) < FEW_ROWS:
        reasons.append(
            f"the rarest class has {min(counts)} rows (fewer than {FEW_ROWS})"
        )
    if groups is not None:
        n_groups = len(np.unique(groups))
        if n_groups < FEW_GROUPS:
            reasons.append(f"there are {n_groups} groups (fewer than {FEW_GROUPS})")
    if not reasons:
        return None
    return (
        f"Intervals may be too narrow, because {' and '.join(reasons)}: those of 95 % held the truth in as little as "
        "86 % of simulations."
    )
