"""Two candidates on splits of their own: what their means differ by, as of two independent runs."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from resampled.means.ttest import ALPHA
from resampled.pairs.pair import FEWEST_SPLITS


@dataclass(frozen=True)
class Apart:
    """The mean scores of two candidates, old and new, that were not scored on the same splits.

    Half the width of the interval of their difference is the root of the sum of the squares of theirs, the `halves`
    (Zou and Donner (2008), "Construction of confidence limits about effect measures", Statistics in Medicine 27). For
    two independent tables, that holds; two runs on the same rows share the luck of these, so it is too wide. `n_splits`
    counts the splits of the side with fewer.
    """

    means: tuple[float, float]
    halves: tuple[float, float]
    n_splits: int

    @property
    def difference(self) -> float:
        """The difference of the means, new less old; NaN if a mean is."""
        return self.means[1] - self.means[0]

    @property
    def is_tested(self) -> bool:
        """Whether the difference has an interval."""
        return math.isfinite(self.half_width() + self.difference)

    def half_width(self) -> float:
        """Return half the width of the 95 % interval of the difference; NaN if a side has none, or two splits."""
        return math.hypot(*self.halves) if self.n_splits >= FEWEST_SPLITS else math.nan

    @property
    def p_value(self) -> float:
        """The two-sided p-value, below 0.05 where the interval excludes 0; NaN where untested.

        By Student's t with n_splits - 1 degrees, which is the smaller number of both sides.
        """
        if not self.is_tested:
            return math.nan
        degrees = self.n_splits - 1
        error = np.float64(self.half_width() / stdtrit(degrees, 1 - ALPHA / 2))
        with np.errstate(divide="ignore", invalid="ignore"):
            # 0 / 0: both are constant, and the same.
            statistic = np.nan_to_num(abs(self.difference) / error)
        return float(2 * stdtr(degrees, -statistic))
