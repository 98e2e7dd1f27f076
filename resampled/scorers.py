"""The bounds of scikit-learn's scorers, by name."""

import math

from resampled.resampling import Bounds

_BELOW_ONE = ("r2", "explained_variance", "d2_absolute_error_score", "d2_brier_score", "d2_log_loss_score")
# Of scorers that do not lie between 0 and 1, apart from those that are negated.
_BOUNDS = {
    **dict.fromkeys(_BELOW_ONE, (-math.inf, 1.0)),
    **dict.fromkeys(("matthews_corrcoef", "adjusted_rand_score", "adjusted_mutual_info_score"), (-1.0, 1.0)),
    **dict.fromkeys(("positive_likelihood_ratio", "mutual_info_score"), (0.0, math.inf)),
}


def bounds_of(scoring: str) -> Bounds:
    """Return the least and the largest value of a scorer; infinite where there is none."""
    return (-math.inf, 0.0) if scoring.startswith("neg_") else _BOUNDS.get(scoring, (0.0, 1.0))
