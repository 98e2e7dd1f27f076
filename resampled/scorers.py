"""The names and bounds of scikit-learn's scorers, and of how many rows one can be wrong."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from resampled._compat import metric_of
from resampled.resampling import Bounds

_BELOW_ONE = (
    "r2",
    "explained_variance",
    "d2_absolute_error_score",
    "d2_brier_score",
    "d2_log_loss_score",
)
# Of scorers that do not lie between 0 and 1, apart from those that are negated.
_BOUNDS = {
    **dict.fromkeys(_BELOW_ONE, (-math.inf, 1.0)),
    **dict.fromkeys(
        ("matthews_corrcoef", "adjusted_rand_score", "adjusted_mutual_info_score"),
        (-1.0, 1.0),
    ),
    **dict.fromkeys(
        ("positive_likelihood_ratio", "mutual_info_score"), (0.0, math.inf)
    ),
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
    return (
        (-math.inf, 0.0)
        if scoring.startswith("neg_")
        else _BOUNDS.get(scoring, (0.0, 1.0))
    )


def effective_rows(
    scoring: str, counts: Sequence[float], n_groups: float | None = None
) -> float | None:
    """Return of how many rows one can be wrong, by those of each class (none if not known); None if of all.

    Accuracy counts rows. Most other scorers with bounds, such as F1 and ROC AUC, give classes the same weight, however
    rare they are, so they are as exact as if all classes were as rare as the rarest one; NaN without `counts`. A group
    counts as one row, also in `counts` where it is known which classes it has.
    """
    by_rows = scoring.startswith(("accuracy", "top_k_accuracy")) or not all(
        map(math.isfinite, bounds_of(scoring))
    )
    rows = None if by_rows else len(counts) * min(counts) if len(counts) else math.nan
    return (
        n_groups if rows is None else rows if n_groups is None else min(rows, n_groups)
    )
