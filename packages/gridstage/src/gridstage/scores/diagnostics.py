"""How a model predicts rows that it was not trained on: curves, calibration, confusion matrix, residuals.

The predictions are pooled over the test rows of the evaluation, so each row counts once per repeat.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri
from sklearn import metrics
from sklearn.base import BaseEstimator, is_classifier
from sklearn.calibration import calibration_curve

from gridstage.common import significant
from gridstage.engine import TrainTest
from gridstage.results import COMPUTED, files
from gridstage.results.evaluation import (
    AbsoluteErrors,
    IntervalSteps,
    PredictionErrors,
)
from gridstage.scores.scorer import probabilities
from gridstage.scores.splits import Folds
from resampled.conformal import interval_steps, least_probabilities, quantiles
from resampled.means.pooling import brier_scores
from resampled.means.ttest import ALPHA

# The most points of a curve or a cloud.
MOST = 200
_BINS = 10


@dataclass(frozen=True)
class Seen:
    """What is seen of a model, by split: `predictions`, None if it diverged, and `importances`, then NaN.

    `not_by_kernel` is why the engine's kernel has not trained a net, or "".
    """

    predictions: list[np.ndarray | None]
    importances: np.ndarray
    not_by_kernel: str = ""

    def pooled(self, rows: Folds) -> "Pooled | None":
        """Return the predictions of all splits of the evaluation, as `pool` does."""
        return pool(
            rows.data.y,
            rows.splits,
            self.predictions,
            rows.data.classes,
            rows.data.groups,
        )


def predictions(estimator: BaseEstimator, X: Any) -> np.ndarray:
    """Return what a fitted model predicts: probabilities (n, n_classes) if it has them, else numbers of shape (n,)."""
    proba = probabilities(estimator, X) if is_classifier(estimator) else None
    return np.asarray(estimator.predict(X)).ravel() if proba is None else proba


@dataclass(frozen=True)
class Pooled:
    """Predictions on the test rows of several splits, one after the other.

    `observed`, of shape (n,), is the target, whose classes are 0, 1, …; `predicted` are probabilities (n, n_classes),
    or classes or numbers (n,). The labels of `classes` are empty for a regression. Each row was predicted `n_repeats`
    times on average. `units` has the number of each prediction's row, or of its group, whose rows belong together; None
    if each prediction is of a row of its own.
    """

    observed: np.ndarray
    predicted: np.ndarray
    classes: Sequence[str]
    n_repeats: float
    units: np.ndarray | None = None

    def brier_score(self) -> float | None:
        """Return the Brier score, if there are probabilities: of two classes from 0 to 1, of more from 0 to 2."""
        if self.predicted.ndim == 1:
            return None
        return float(brier_scores(self.observed, self.predicted).mean())


def pool(
    y: np.ndarray,
    splits: Sequence[TrainTest],
    predicted: Sequence[np.ndarray | None],
    classes: Sequence[str],
    groups: np.ndarray | None = None,
) -> Pooled | None:
    """Pool predictions of splits (train, test) of the target `y`, None for those that diverged; None if all did.

    `groups` are the numbers of the rows' groups, if rows belong together.
    """
    tests, parts = [], []
    for (_, test), part in zip(splits, predicted, strict=True):
        if part is not None:
            tests.append(test)
            parts.append(part)
    if not parts:
        return None
    # A split without probabilities leaves none to pool.
    if classes and min(part.ndim for part in parts) == 1:
        parts = list(map(_classes_of, parts))
    tested = np.concatenate(tests)
    pooled = np.concatenate(parts).astype(np.float64)
    if pooled.ndim == 2:
        pooled /= pooled.sum(axis=1, keepdims=True)  # float32 adds up to nearly one
    n_repeats = len(tested) / len(np.unique(tested))
    units = tested if groups is None else groups[tested]
    return Pooled(y[tested], pooled, classes, n_repeats, units)


def _classes_of(predicted: np.ndarray) -> np.ndarray:
    return predicted if predicted.ndim == 1 else predicted.argmax(axis=1)


def diagnostics(pooled: Pooled | None) -> pd.DataFrame:
    """Tabulate what a chart of the predictions shows, as `files.DIAGNOSTICS`; none for a net that diverged everywhere.

    A `series` is the label of a class: the second of two, or each of several against the rest. By `panel`: `ROC` (`x`
    false, `y` true positives), `precision and recall`, `calibration` (bins of equally many predictions: `x` the mean
    probability, `y` the observed share with Wilson's 95 % interval, in which each row counts once), `confusion`
    (`count` predictions of class `x` for rows of class `y`); for numbers, `residuals` and `observed and predicted` over
    `x`, what was predicted.
    """
    table = pd.DataFrame()
    if pooled is not None:
        panels = _of_classes(pooled) if pooled.classes else _of_numbers(pooled)
        table = pd.concat(panels, ignore_index=True)
    columns = list(files.DIAGNOSTICS.needed)
    return table.reindex(columns=columns).astype({"count": "Int64"})


def _panel(
    panel: str,
    x: np.ndarray,
    y: np.ndarray,
    *,
    series: Any = "",
    label: Any = "",
    **more: Any,
) -> pd.DataFrame:
    columns = {"panel": panel, "series": series, "label": label, "x": x, "y": y}
    return pd.DataFrame(columns | more)


def _of_classes(pooled: Pooled) -> list[pd.DataFrame]:
    panels = _of_probabilities(pooled) if pooled.predicted.ndim == 2 else []
    predicted = _classes_of(pooled.predicted)
    numbers = range(len(pooled.classes))
    counts = metrics.confusion_matrix(pooled.observed, predicted, labels=[*numbers])
    y, x = np.indices(counts.shape).reshape(2, -1)
    labels = np.array(pooled.classes, dtype=object)
    cells = {"series": labels[y], "label": labels[x], "count": counts.ravel()}
    return [*panels, _panel("confusion", x, y, **cells)]


def _of_probabilities(pooled: Pooled) -> list[pd.DataFrame]:
    """Return the panels of each class that is there; of two classes, of the second alone."""
    n_classes = len(pooled.classes)
    calibration = partial(_calibration, n_repeats=pooled.n_repeats)
    panels = []
    for panel in (_roc, _precision_recall, calibration):
        for number in range(1 if n_classes == 2 else 0, n_classes):
            is_class = pooled.observed == number
            if is_class.any():
                table = panel(is_class, pooled.predicted[:, number])
                panels.append(table.assign(series=pooled.classes[number]))
    return panels


def _roc(positive: np.ndarray, proba: np.ndarray) -> pd.DataFrame:
    x, y, _ = metrics.roc_curve(positive, proba)
    at = _thinned(x + y)
    area = metrics.roc_auc_score(positive, proba)
    return _panel("ROC", x[at], y[at], label=f"area {area:.3f}")


def _precision_recall(positive: np.ndarray, proba: np.ndarray) -> pd.DataFrame:
    precision, recall, _ = metrics.precision_recall_curve(
        positive, proba, drop_intermediate=True
    )
    precision, recall = precision[::-1], recall[::-1]
    at = _thinned(recall)
    mean = metrics.average_precision_score(positive, proba)
    label = f"average precision {mean:.3f}"
    return _panel("precision and recall", recall[at], precision[at], label=label)


def _calibration(
    positive: np.ndarray, proba: np.ndarray, n_repeats: float
) -> pd.DataFrame:
    share, mean = calibration_curve(positive, proba, n_bins=_BINS, strategy="quantile")
    # scikit-learn does not return the counts of the same bins.
    edges = np.percentile(proba, np.linspace(0, 100, _BINS + 1))
    counts = np.bincount(np.searchsorted(edges[1:-1], proba))
    counts = counts[counts > 0]
    low, high = wilson_interval(share, counts / n_repeats)
    return _panel("calibration", mean, share, low=low, high=high, count=counts)


def wilson_interval(share: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of the 95 % interval of a share of `n` rows, by Wilson (1927)."""
    z = ndtri(1 - ALPHA / 2)
    whole = 1 + z**2 / n
    centre = (share + z**2 / (2 * n)) / whole
    variance = share * (1 - share) / n + z**2 / (4 * n**2)
    half = z / whole * np.sqrt(variance)
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def _of_numbers(pooled: Pooled) -> list[pd.DataFrame]:
    order = np.argsort(pooled.predicted, kind="stable")
    n = len(order)
    # Equally spaced ranks show as many points of each region as it has predictions.
    ranks = np.linspace(0, n - 1, min(MOST, n)).round().astype(int)
    at = order[np.unique(ranks)]
    x, y = pooled.predicted[at], pooled.observed[at]
    return [_panel("residuals", x, y - x), _panel("observed and predicted", x, y)]


def _thinned(along: np.ndarray) -> np.ndarray:
    """Return the places of at most `MOST` points, equally spaced on a coordinate that does not decrease."""
    if len(along) <= MOST:
        return np.arange(len(along))
    places = np.searchsorted(along, np.linspace(along[0], along[-1], MOST - 1))
    return np.unique([*places, len(along) - 1])


# The shares of errors whose quantiles are told.
_SHARES = (0.5, 0.9)
# Of intervals, and of sets of labels.
_LEVEL, _SET_LEVELS = 0.9, [percent / 100 for percent in range(50, 100)]


def prediction_errors(pooled: Pooled | None) -> PredictionErrors:
    """Return how far a model's predictions may be off; nothing is known of a model that diverged everywhere.

    Where it diverged on some splits, their rows are left out, because a net that diverges is not saved. A row or group
    counts once, however often it was predicted.
    """
    if pooled is None:
        return PredictionErrors()
    if pooled.classes:
        return PredictionErrors(sets=_sets(pooled))
    errors = np.abs(pooled.observed - pooled.predicted)
    median, most = quantiles(errors, _SHARES, pooled.units)
    steps = interval_steps(pooled.observed, pooled.predicted, _LEVEL, pooled.units)
    if not np.isfinite(most):
        return PredictionErrors()
    absolute = AbsoluteErrors(median=_number(median), most=_number(most))
    if steps is None:
        return PredictionErrors(errors=absolute)
    interval = IntervalSteps(
        level=_LEVEL,
        edges=list(map(_number, steps.edges)),
        half_widths=list(map(_number, steps.half_widths)),
    )
    return PredictionErrors(errors=absolute, interval=interval)


def _sets(pooled: Pooled) -> dict[str, float]:
    if pooled.predicted.ndim == 1:
        return {}
    true = pooled.observed.astype(int)
    of_true = pooled.predicted[np.arange(len(true)), true]
    least = least_probabilities(of_true, _SET_LEVELS, pooled.units)
    # Rounded down: a class with just this probability is in the set.
    below = np.floor(least * 1e6) / 1e6
    levels = [f"{level:.2f}" for level in _SET_LEVELS]
    return dict(zip(levels, below.tolist(), strict=True))


def _number(value: float) -> float:
    return significant(float(value), COMPUTED)
