"""Two candidates on the same splits: what their scores differ by, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy.special import bdtr, stdtr, stdtrit

from resampled.means.by_unit import ByUnit
from resampled.means.differences import Errors, errors_of_pairs
from resampled.means.equivalence import beyond
from resampled.means.few import is_within
from resampled.means.ttest import ALPHA, TINY
from resampled.resampling import Resampling

# With two splits, the variance has one degree of freedom, and an interval says nothing.
FEWEST_SPLITS = 3

# The luck of the training rows is large if it counts so many times that of the tested ones.
SWAYED = 2.0

# No fit is stuck, on however many splits.
NOWHERE = np.zeros((), dtype=bool)


@dataclass(frozen=True)
class Pair:
    """The scores of two candidates on the same splits, and their difference, new less old.

    The arrays have the shape (n_splits,), in the order of repeats and folds, with NaN where a fit has no score. The
    rope is the largest difference that does not matter. By default, no fit is stuck, and nothing is known of rows;
    `by_unit` is that of both candidates, the old one first.
    """

    old: np.ndarray
    new: np.ndarray
    resampling: Resampling
    rope: float
    old_stuck: np.ndarray = field(default_factory=lambda: NOWHERE)
    new_stuck: np.ndarray = field(default_factory=lambda: NOWHERE)
    by_unit: ByUnit | None = field(default=None, repr=False)

    @property
    def n_splits(self) -> int:
        """How many splits both were scored on."""
        return len(self.old)

    @property
    def difference(self) -> float:
        """The mean of the differences, new less old; NaN if a score is."""
        return float(np.mean(self.new - self.old))

    @property
    def means(self) -> tuple[float, float]:
        """The mean of the old scores, and that of the new ones."""
        return float(self.old.mean()), float(self.new.mean())

    @property
    def is_tested(self) -> bool:
        """Whether the difference has a standard error."""
        return not np.isnan(self.error)

    @cached_property
    def _errors(self) -> Errors:
        scores = np.stack([self.old, self.new])
        return errors_of_pairs(scores, self.resampling, self.by_unit)

    @property
    def error(self) -> float:
        """The standard error of the difference, as that of the set of the best; NaN where there is none."""
        if self.n_splits < FEWEST_SPLITS:
            return np.nan
        return float(self._errors.error[0, 1])

    @property
    def why_untested(self) -> str:
        """Why the difference has no standard error; "" if it has."""
        if self.is_tested:
            return ""
        if np.isnan(self.resampling.test_share):
            return "in the order of time, each training set is part of the next one"
        if self.n_splits < FEWEST_SPLITS or not np.isfinite(self.difference):
            return f"there are {self.n_splits} splits, or a score is missing"
        if self.by_unit is not None and np.isinf(self.by_unit.values).any():
            return "a row decides the score of a split alone"
        return (
            self.resampling.untested
            or "both score the same on every split, so no split tells what chance does"
        )

    @property
    def degrees(self) -> float:
        """The degrees of freedom of Student's t."""
        return float(self._errors.degrees[0, 1])

    @property
    def hint(self) -> str:
        """Why a claim of a difference is a hint, by `hint`."""
        is_one_repeat = self.resampling.is_one_repeat(self.n_splits)
        return hint(self.by_unit, is_one_repeat, self._errors.of_training[0, 1])

    @property
    def is_same(self) -> bool:
        """Whether both have the same score on every split, up to rounding."""
        largest = np.max(np.abs(self.old), initial=0, where=np.isfinite(self.old))
        atol = TINY * largest
        return np.allclose(self.old, self.new, rtol=0, atol=atol, equal_nan=True)

    @property
    def p_value(self) -> float:
        """The two-sided p-value of the difference, by Student's t; NaN where untested."""
        if self.is_same:
            return np.nan
        with np.errstate(divide="ignore"):
            statistic = -abs(self.difference) / np.float64(self.error)
        return float(2 * stdtr(self.degrees, statistic))

    def half_width(self, level: float = 1 - ALPHA) -> float:
        """Return half the width of the interval of the difference."""
        return float(stdtrit(self.degrees, (1 + level) / 2) * self.error)

    @property
    def share_beyond(self) -> float:
        """The probability that the difference is larger than the rope, on its side, as in `equivalence`."""
        excess = np.array(abs(self.difference) - self.rope)
        return float(beyond(excess, np.array(self.error), self.degrees))

    @property
    def is_level(self) -> bool:
        """Whether the 90 % interval lies inside the rope, and so does the exact bound of few rows, by `is_within`.

        What is rarer than about three in n_splits fits, such as that one is stuck, no test can see.
        """
        inside = abs(self.difference) + self.half_width(1 - 2 * ALPHA) <= self.rope
        return inside and is_within(self.rope, self.new - self.old, self.resampling)

    def p_stuck(self) -> float:
        """Return the p-value of equally many stuck fits, in pairs: McNemar's exact test; 1 if the same are stuck."""
        only_old = (self.old_stuck & ~self.new_stuck).sum()
        only_new = (self.new_stuck & ~self.old_stuck).sum()
        p_below = bdtr(min(only_old, only_new), only_old + only_new, 0.5)
        return min(1.0, float(2 * p_below))

    def without_stuck(self) -> "Pair | None":
        """Return the pair on the splits where neither is stuck, by scores alone; None if there are fewer than three."""
        kept = np.ones(self.n_splits, dtype=bool) & ~(self.old_stuck | self.new_stuck)
        if kept.sum() < FEWEST_SPLITS:
            return None
        if kept.all():
            return replace(self, old_stuck=NOWHERE, new_stuck=NOWHERE)
        return Pair(self.old[kept], self.new[kept], self.resampling, self.rope)


def hint(by_unit: ByUnit | None, is_one_repeat: bool, of_training: float) -> str:
    """Return why a claim is a hint, after a semicolon; "" if nothing says so.

    Claims are wrong in more than 5 % if few training rows sway a learner (see "When it holds" in docs/statistics.md).
    Scores alone, or one repeat, do not show that; otherwise, `Errors.of_training` may.
    """
    if by_unit is None or is_one_repeat:
        return "; a hint if few rows sway a learner"
    if of_training > SWAYED:
        return "; a hint, because few rows sway these learners"
    return ""


def average(pairs: Sequence[Pair]) -> Pair:
    """Return the mean of several pairs, on the splits that all of them have, by their scores alone."""
    n = min(pair.n_splits for pair in pairs)
    old = np.mean([pair.old[:n] for pair in pairs], axis=0)
    new = np.mean([pair.new[:n] for pair in pairs], axis=0)
    return Pair(old, new, pairs[0].resampling, pairs[0].rope)
