"""Between which values a scorer of scikit-learn lies, and intervals that stay within them."""

import math

import numpy as np
from scipy.special import expit, logit

# Scorers without a lower bound; 1 is the best.
_BELOW_ONE = {
    *("r2", "explained_variance", "d2_absolute_error_score", "d2_brier_score", "d2_log_loss_score"),
}
_FROM_MINUS_ONE = {"matthews_corrcoef", "adjusted_rand_score", "adjusted_mutual_info_score"}
_FROM_ZERO = {"positive_likelihood_ratio", "mutual_info_score"}

Bounds = tuple[float, float]
UNBOUNDED: Bounds = (-math.inf, math.inf)


def bounds_of(scoring: str) -> Bounds:
    """Return the least and the largest value of a scorer; infinite where there is none."""
    if scoring.startswith("neg_"):
        return -math.inf, 0.0
    if scoring in _BELOW_ONE:
        return -math.inf, 1.0
    if scoring in _FROM_ZERO:
        return 0.0, math.inf
    return (-1.0 if scoring in _FROM_MINUS_ONE else 0.0), 1.0


def one_row(scoring: str, n_test: float) -> float:
    """Return what one row of a split can change: where a scorer has both bounds, their distance over the rows.

    Differences of other scorers are numbers that do not repeat by chance; it is 0 for them.
    """
    low, high = bounds_of(scoring)
    return (high - low) / n_test if math.isfinite(high - low) else 0.0


def interval(score: float, half: float, bounds: Bounds) -> tuple[float, float]:
    """Return the ends of an interval around a score, within the scorer's bounds.

    With two bounds, it is symmetric on the logit scale, and as wide there as the first derivative makes it. So it
    reaches farther away from the nearer bound, as the scores of other tables would. With one bound, it is cut.
    """
    low, high = bounds
    if math.isfinite(high - low) and low < score < high:
        place = (score - low) / (high - low)
        reach = half / (high - low) / (place * (1 - place))
        ends = low + (high - low) * expit(logit(place) + np.array([-reach, reach]))
    else:
        ends = np.clip([score - half, score + half], low, high)
    return float(ends[0]), float(ends[1])
