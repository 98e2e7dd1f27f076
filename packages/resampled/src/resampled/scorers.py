"""The names and bounds of scikit-learn's scorers, and of how many rows one can be wrong."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from resampled._compat import metric_of
from resampled.resampling import Bounds

_BELOW_ONE = (-math.inf, 1.0)
_CORRELATION = (-1.0, 1.0)
_ABOVE_ZERO = (0.0, math.inf)
# Of scorers that do not lie between 0 and 1, apart from those that are negated.
_BOUNDS = {
    "r2": _BELOW_ONE,
    "explained_variance": _BELOW_ONE,
    "d2_absolute_error_score": _BELOW_ONE,
    "d2_brier_score": _BELOW_ONE,
    "d2_log_loss_score": _BELOW_ONE,
    "matthews_corrcoef": _CORRELATION,
    "adjusted_rand_score": _CORRELATION,
    "adjusted_mutual_info_score": _CORRELATION,
    "positive_likelihood_ratio": _ABOVE_ZERO,
    "mutual_info_score": _ABOVE_ZERO,
}
# Of these, a row decides alone, or the next one does.
_NOT_SMOOTH = ("max_error", "neg_max_error", "neg_median_absolute_error")


def scorer_names() -> list[str]:
    """Return the names of all scorers of scikit-learn, of this version and of later ones."""
    from sklearn.metrics import get_scorer_names  # takes a second to import

    return sorted({*get_scorer_names(), *_BOUNDS})


def named_metric(scoring: str) -> Callable[[Any, Any], float] | None:
    """Return the function of y and predictions in a scorer of scikit-learn; None for one that no single row moves."""
    from sklearn.metrics import get_scorer  # takes a second to import

    if scoring not in scorer_names() or scoring in _NOT_SMOOTH:
        return None
    metric = metric_of(get_scorer(scoring))
    return metric and metric.function


def bounds_of(scoring: str) -> Bounds:
    """Return the least and the largest value of a scorer; infinite where there is none."""
    if scoring.startswith("neg_"):
        return -math.inf, 0.0
    return _BOUNDS.get(scoring, (0.0, 1.0))


def effective_rows(
    scoring: str, counts: Sequence[float], n_groups: float | None = None
) -> float | None:
    """Return of how many rows one can be wrong, by those of each class (none if not known); None if of all.

    Accuracy counts rows. Most other scorers with bounds, such as F1 and ROC AUC, give classes the same weight, however
    rare they are, so they are as exact as if all classes were as rare as the rarest one; NaN without `counts`. A group
    counts as one row, also in `counts` where it is known which classes it has.
    """
    low, high = bounds_of(scoring)
    is_count = scoring.startswith(("accuracy", "top_k_accuracy"))
    if is_count or not math.isfinite(high - low):
        return n_groups
    rows = len(counts) * min(counts) if len(counts) else math.nan
    return rows if n_groups is None else min(rows, n_groups)
