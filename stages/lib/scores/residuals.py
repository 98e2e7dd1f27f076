"""How far a model's predictions may be off, as its card says, from those of rows that it was not trained on."""

from typing import Any

import numpy as np

from resampled.conformal import interval_steps, least_probabilities, quantiles
from stages.lib.common import significant
from stages.lib.results import COMPUTED
from stages.lib.scores.diagnostics import Pooled

# The shares of errors whose quantiles are told.
_SHARES = (0.5, 0.9)
# Of intervals, and of sets of labels.
_LEVEL, _SET_LEVELS = 0.9, [percent / 100 for percent in range(50, 100)]


def prediction_errors(pooled: Pooled | None) -> dict[str, Any]:
    """Return the fields of a model's card that say how far its predictions may be off, as numbers and lists.

    For a number: `errors`, the median and the 90 % quantile of the absolute errors, and the `interval`; there is none
    with fewer than 9 rows or groups, because it would be infinite. For classes: `sets`, if the model has probabilities.
    Nothing for a model that diverged everywhere; where it did on some splits, their rows are left out, because a net
    that diverges is not saved. A row or group counts once, however often it was predicted.
    """
    if pooled is None:
        return {}
    if pooled.classes:
        return _sets(pooled)
    median, most = quantiles(np.abs(pooled.observed - pooled.predicted), _SHARES, pooled.units)
    known: dict[str, Any] = {"errors": {"median": _number(median), "most": _number(most)}} if np.isfinite(most) else {}
    steps = interval_steps(pooled.observed, pooled.predicted, _LEVEL, pooled.units)
    if steps is not None:
        edges, half_widths = (list(map(_number, each)) for each in (steps.edges, steps.half_widths))
        known["interval"] = {"level": _LEVEL, "edges": edges, "half_widths": half_widths}
    return known


def _sets(pooled: Pooled) -> dict[str, Any]:
    if pooled.predicted.ndim == 1:
        return {}
    of_true = pooled.predicted[np.arange(len(pooled.observed)), pooled.observed.astype(int)]
    least = least_probabilities(of_true, _SET_LEVELS, pooled.units)
    # Rounded down: a class with just this probability is in the set.
    return {
        "sets": {
            f"{level:.2f}": float(np.floor(each * 1e6) / 1e6) for level, each in zip(_SET_LEVELS, least, strict=True)
        }
    }


def _number(value: float) -> float:
    return significant(float(value), COMPUTED)
