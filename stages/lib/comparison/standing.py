"""How a setting compares with another, in words."""

import numpy as np

from resampled.means.ttest import ALPHA

BETTER, WORSE, AS_GOOD, UNDECIDED = "better", "worse", "as good", "could be as good"


def standing(p: float, worse: float, better: float, within: bool) -> str:
    """Return how a setting compares with another, in words; "" where there is no test.

    It is `better` or `worse` if the p-value of the two, by `holm` for all that are compared, is below 0.05, and the
    difference is more likely than not larger than the rope. It is `as good` if the 90 % interval of the difference lies
    inside the rope: then both probabilities of `equivalence` beyond it are below 0.05. And the difference has to be
    `within` the rope by the number of rows that differ, too (see `is_within`). Otherwise it `could be as good`.
    """
    if np.isnan(p):
        return ""
    if p < ALPHA and max(worse, better) > 1 / 2:
        return BETTER if better > worse else WORSE
    return AS_GOOD if within and max(worse, better) < ALPHA else UNDECIDED
