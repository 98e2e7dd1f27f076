"""How the kept net predicts rows that it was not trained on: curves, calibration, confusion matrix, residuals.

The predictions are those on the test rows of the evaluation, pooled over folds and repeats, so each row counts once per
repeat.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm
from sklearn.base import BaseEstimator, is_classifier
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    confusion_matrix,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from stages.lib.engine import TrainTest
from stages.lib.scores import ALPHA

COLUMNS = ("panel", "series", "x", "y", "low", "high", "count", "label")
# The most points of a curve or a cloud.
MOST = 200
_BINS = 10


def predictions(estimator: BaseEstimator, X: Any, y: np.ndarray) -> np.ndarray:
    """Return what a fitted net predicts of rows: probabilities of shape (n, n_classes), or numbers of shape (n,).

    A net whose outputs are no probabilities gives the numbers of its classes.
    """
    if is_classifier(estimator):
        proba = np.asarray(estimator.predict_proba(X))
        if proba.ndim == 2 and (proba >= 0).all() and np.allclose(proba.sum(axis=1), 1, atol=1e-3):
            return proba
    return np.asarray(estimator.predict(X)).ravel()


@dataclass(frozen=True)
class Pooled:
    """Predictions on the test rows of several splits, one after the other.

    Parameters
    ----------
    observed : array of shape (n,)
        The target; classes are 0, 1, ….
    predicted : array of shape (n, n_classes) or (n,)
        Probabilities, or predicted classes or numbers.
    classes : sequence of str
        The label of each class; empty for a regression.
    n_repeats : float
        How often each row was predicted, on average.
    """

    observed: np.ndarray
    predicted: np.ndarray
    classes: Sequence[str]
    n_repeats: float

    @property
    def has_probabilities(self) -> bool:
        """Whether probabilities of classes were predicted."""
        return self.predicted.ndim == 2

    def brier_score(self) -> float | None:
        """Return the Brier score, if there are probabilities: of two classes from 0 to 1, of more from 0 to 2."""
        if not self.has_probabilities:
            return None
        return float(brier_score_loss(self.observed, self.predicted, labels=list(range(len(self.classes)))))


def pool(
    y: np.ndarray, splits: Sequence[TrainTest], predicted: Sequence[np.ndarray | None], classes: Sequence[str]
) -> Pooled | None:
    """Pool the predictions of each split, as `predictions` returns them; None if the net diverged on all of them.

    Parameters
    ----------
    y : array of shape (n_rows,)
        The target of the whole table.
    splits : list of (train, test)
    predicted : list of arrays
        By split; None where the net diverged, which leaves the split out.
    classes : sequence of str
    """
    known = [(test, given) for (_, test), given in zip(splits, predicted, strict=True) if given is not None]
    if not known:
        return None
    if any(given.ndim == 1 for _, given in known) and classes:  # a split without probabilities leaves none to pool
        known = [(test, given if given.ndim == 1 else given.argmax(axis=1)) for test, given in known]
    tested = np.concatenate([test for test, _ in known])
    pooled = np.concatenate([given for _, given in known]).astype(np.float64)
    if pooled.ndim == 2:
        pooled /= pooled.sum(axis=1, keepdims=True)  # float32 adds up to nearly one
    return Pooled(y[tested], pooled, classes, len(tested) / len(np.unique(tested)))


def diagnostics(pooled: Pooled | None) -> pd.DataFrame:
    """Tabulate what a chart of the predictions shows, in rows of `COLUMNS`; none for a net that diverged everywhere.

    Returns
    -------
    DataFrame
        By `panel` and `series`, which is the label of a class: the second of two, or each of several against the rest.

        - `ROC`: `x` false and `y` true positives, as shares; the label tells the area under the curve.
        - `precision and recall`: `x` recall, `y` precision; the label tells the average precision.
        - `calibration`: in bins of equally many predictions, `x` the mean probability, `y` the observed share, with
          its 95 % interval (Wilson's, in which each row counts once, however often it was predicted) from `low` to
          `high`, and `count` predictions.
        - `confusion`: `count` predictions of class number `x`, called `label`, for rows of class number `y`, which the
          series is called.
        - `residuals` and `observed and predicted`, for numbers: `x` what was predicted, `y` the observed number minus
          that, or the observed number. The series is empty.
    """
    listed = [] if pooled is None else list(_of_classes(pooled) if pooled.classes else _of_numbers(pooled))
    table = pd.DataFrame([{"series": "", "label": ""} | row for row in listed], columns=list(COLUMNS))
    return table.astype({"count": "Int64"})


def _of_classes(pooled: Pooled) -> Iterator[dict[str, Any]]:
    labels = list(range(len(pooled.classes)))
    chosen = pooled.predicted
    if pooled.has_probabilities:
        chosen = pooled.predicted.argmax(axis=1)
        shown = [number for number in (labels[1:] if len(labels) == 2 else labels) if number in pooled.observed]
        for panel in (_roc, _precision_recall, _calibration):
            for number in shown:
                yield from (
                    row | {"series": pooled.classes[number]}
                    for row in panel(pooled.observed == number, pooled.predicted[:, number], pooled.n_repeats)
                )
    counts = confusion_matrix(pooled.observed, chosen, labels=labels)
    for observed, row in zip(labels, counts, strict=True):
        for predicted, count in zip(labels, row, strict=True):
            place = {"panel": "confusion", "x": predicted, "y": observed, "count": count}
            yield place | {"series": pooled.classes[observed], "label": pooled.classes[predicted]}


def _roc(positive: np.ndarray, proba: np.ndarray, n_repeats: float) -> Iterator[dict[str, Any]]:
    x, y, _ = roc_curve(positive, proba)
    label = f"area {roc_auc_score(positive, proba):.3f}"
    for i in _thinned(x + y):
        yield {"panel": "ROC", "x": x[i], "y": y[i], "label": label}


def _precision_recall(positive: np.ndarray, proba: np.ndarray, n_repeats: float) -> Iterator[dict[str, Any]]:
    precision, recall, _ = precision_recall_curve(positive, proba, drop_intermediate=True)
    label = f"average precision {average_precision_score(positive, proba):.3f}"
    precision, recall = precision[::-1], recall[::-1]
    for i in _thinned(recall):
        yield {"panel": "precision and recall", "x": recall[i], "y": precision[i], "label": label}


def _calibration(positive: np.ndarray, proba: np.ndarray, n_repeats: float) -> Iterator[dict[str, Any]]:
    share, mean = calibration_curve(positive, proba, n_bins=_BINS, strategy="quantile")
    # scikit-learn does not return the counts of the same bins.
    edges = np.percentile(proba, np.linspace(0, 100, _BINS + 1))
    counts = np.bincount(np.searchsorted(edges[1:-1], proba))
    counts = counts[counts > 0]
    low, high = wilson_interval(share, counts / n_repeats)
    for x, y, lowest, highest, count in zip(mean, share, low, high, counts, strict=True):
        yield {"panel": "calibration", "x": x, "y": y, "low": lowest, "high": highest, "count": count}


def wilson_interval(share: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of the 95 % interval of a share of `n` rows, by Wilson (1927)."""
    z = norm.ppf(1 - ALPHA / 2)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def _of_numbers(pooled: Pooled) -> Iterator[dict[str, Any]]:
    order = np.argsort(pooled.predicted, kind="stable")
    # Equally spaced ranks show as many points of each region as it has predictions.
    chosen = order[np.unique(np.linspace(0, len(order) - 1, min(MOST, len(order))).round().astype(int))]
    x, y = pooled.predicted[chosen], pooled.observed[chosen]
    for panel, values in {"residuals": y - x, "observed and predicted": y}.items():
        for each in zip(x, values, strict=True):
            yield {"panel": panel, "x": each[0], "y": each[1]}


def _thinned(along: np.ndarray) -> np.ndarray:
    """Return the places of at most `MOST` points, equally spaced on a coordinate that does not decrease."""
    if len(along) <= MOST:
        return np.arange(len(along))
    places = np.searchsorted(along, np.linspace(along[0], along[-1], MOST - 1))
    return np.unique([*places, len(along) - 1])
