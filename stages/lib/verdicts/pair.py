"""Two nets on the same splits: what their scores differ by, and how sure that is."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.stats import binomtest
from scipy.stats import t as student

from stages.lib.comparison.equivalence import beyond
from stages.lib.scores import ALPHA, corrected_error
from stages.lib.scores.best_set import paired_error

# With two splits, the variance has one degree of freedom, and an interval says nothing.
FEWEST_SPLITS = 3


@dataclass(frozen=True)
class Pair:
    """The scores of two nets on the same splits.

    Attributes
    ----------
    old, new : arrays of shape (n_splits,)
        In the order of repeats and folds; NaN where a net diverged. `old_stuck` and `new_stuck` say which are stuck.
    test_share, one_row : float
        As in `corrected_error`; `test_share` is NaN where nothing can be tested, as in time order.
    rope : float
        The difference below which two nets are as good as each other.
    all_shared : bool
        Whether all of the variance counts as shared by all splits, as in Nadeau and Bengio's error. It does where the
        splits are not whole repeats, which can't tell how much of it is, and for averages, which have lost what single
        fits add, but not what the rows do.
    """

    old: np.ndarray
    new: np.ndarray
    old_stuck: np.ndarray
    new_stuck: np.ndarray
    test_share: float
    one_row: float
    rope: float
    all_shared: bool = False

    @property
    def n_splits(self) -> int:
        """How many splits both were scored on."""
        return len(self.old)

    @property
    def difference(self) -> float:
        """The mean of the differences, new less old; NaN if a net diverged."""
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
    def error(self) -> float:
        """The standard error of the difference, as that of the set of the best; NaN where there is none."""
        if not np.isfinite(self.difference + self.test_share) or self.n_splits < FEWEST_SPLITS:
            return float("nan")
        if self.all_shared:
            return float(corrected_error(self.new - self.old, self.test_share, self.one_row))
        return paired_error(self.old, self.new, self.test_share, self.one_row)

    @property
    def is_same(self) -> bool:
        """Whether both have the same score on every split."""
        return bool(np.array_equal(self.old, self.new, equal_nan=True))

    @property
    def p_value(self) -> float:
        """The two-sided p-value of the difference, by Student's t with n_splits - 1 degrees; NaN where untested."""
        if self.is_same:
            return float("nan")
        with np.errstate(divide="ignore"):
            return float(2 * student.sf(abs(self.difference) / np.float64(self.error), self.n_splits - 1))

    def half_width(self, level: float = 1 - ALPHA) -> float:
        """Return half the width of the interval of the difference."""
        return float(student.ppf((1 + level) / 2, self.n_splits - 1) * self.error)

    @property
    def share_beyond(self) -> float:
        """The probability that the difference is larger than the rope, on its side, as in `equivalence`."""
        excess = np.array(abs(self.difference) - self.rope)
        return float(beyond(excess, np.array(self.error), self.n_splits - 1))

    @property
    def is_level(self) -> bool:
        """Whether the 90 % interval lies inside the rope: both one-sided tests of equivalence reject at 5 %."""
        return abs(self.difference) + self.half_width(1 - 2 * ALPHA) <= self.rope

    @property
    def any_stuck(self) -> bool:
        """Whether a fit of either net is stuck."""
        return bool(self.old_stuck.any() or self.new_stuck.any())

    def p_stuck(self) -> float:
        """Return the p-value of equally many stuck fits, in pairs: McNemar's exact test; 1 if the same are stuck."""
        only_old, only_new = (self.old_stuck & ~self.new_stuck).sum(), (self.new_stuck & ~self.old_stuck).sum()
        return float(binomtest(int(only_new), int(only_old + only_new)).pvalue) if only_old + only_new else 1.0

    def without_stuck(self) -> "Pair | None":
        """Return the pair on the splits where neither is stuck; None if there are fewer than three.

        What is left of 30 splits may be 27, which are not nine repeats.
        """
        kept = ~(self.old_stuck | self.new_stuck)
        if kept.sum() < FEWEST_SPLITS:
            return None
        none = np.zeros(kept.sum(), dtype=bool)
        all_shared = self.all_shared or not kept.all()
        old, new = self.old[kept], self.new[kept]
        return replace(self, old=old, new=new, old_stuck=none, new_stuck=none, all_shared=all_shared)
