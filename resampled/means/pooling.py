"""Scorers that can be computed from sums over rows, so that parts of a split can be scored without predicting anew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

# Numbers of each row, by column; a plain number is that of every row.
Columns = Sequence[np.ndarray | float]


@dataclass(frozen=True)
class Pooling:
    """How a scorer's value follows from sums over rows; `response` is the estimator's method that gives predictions."""

    response: Literal["predict", "predict_proba"]
    _statistics: Callable[[np.ndarray, np.ndarray], Columns]
    _score: Callable[[np.ndarray], np.ndarray]

    def rows(self, y_true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        """Return the statistics of each row of one split, (n, k), from the classes 0, 1, … or numbers, and answers."""
        if self.response == "predict":
            predicted = np.ravel(predicted)
        columns = self._statistics(np.ravel(y_true), np.asarray(predicted))
        rows = np.empty((np.size(y_true), len(columns)), dtype=np.float32)
        for place, column in enumerate(columns):
            rows[:, place] = column
        return rows

    def record(self, estimator: Any, X: Any, y: np.ndarray) -> np.ndarray:
        """Return the statistics of each row, as `rows` does, of what a fitted estimator predicts."""
        return self.rows(y, getattr(estimator, self.response)(X))

    def score(self, sums: np.ndarray) -> np.ndarray:
        """Return the score of each sum over rows, of shape (...), from sums of shape (..., k); NaN if undefined."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._score(np.asarray(sums, dtype=float))

    def value(self, estimator: Any, X: Any, y: np.ndarray) -> float:
        """Return the score of a fitted estimator, as scikit-learn's scorer does, without its checks."""
        return float(self.score(self.record(estimator, X, y).sum(axis=0, dtype=float)))


def pooling(scoring: str, n_classes: int = 2) -> Pooling | None:
    """Return how a scorer of scikit-learn pools rows, or None if its value is no function of sums over rows.

    `roc_auc` of two classes is one to first order: it is the mean, over the rows of a class, of the share of the other
    class's rows that lie on the right side (DeLong et al., 1988). On all rows of a split the value is exact.
    """
    return _of_numbers().get(scoring) or _of_classes(n_classes).get(scoring)


def _mean_of(
    response: Literal["predict", "predict_proba"],
    of_row: Callable[[np.ndarray, np.ndarray], np.ndarray],
    finish: Callable[[np.ndarray], np.ndarray] = np.negative,
) -> Pooling:
    """Return the pooling of a scorer whose value follows from the mean of one number of each row."""
    return Pooling(
        response,
        lambda y, p: [1.0, of_row(y, p)],
        lambda sums: finish(sums[..., 1] / sums[..., 0]),
    )


def _of_numbers() -> dict[str, Pooling]:
    def squared(y: np.ndarray, p: np.ndarray) -> np.ndarray:
        return (y - p) ** 2

    def explained(y: np.ndarray, p: np.ndarray) -> Columns:
        centred = y - y.mean()  # keeps the digits of float32
        return [1.0, centred, centred**2, squared(y, p)]

    def r2(sums: np.ndarray) -> np.ndarray:
        n, total, squares, error = np.moveaxis(sums, -1, 0)
        return 1 - error / (squares - total**2 / n)

    return {
        "neg_mean_squared_error": _mean_of("predict", squared),
        "neg_root_mean_squared_error": _mean_of(
            "predict", squared, lambda mean: -np.sqrt(mean)
        ),
        "neg_mean_absolute_error": _mean_of("predict", lambda y, p: np.abs(y - p)),
        "r2": Pooling("predict", explained, r2),
    }


def _of_classes(n_classes: int) -> dict[str, Pooling]:
    def hits_by_class(y: np.ndarray, p: np.ndarray) -> Columns:
        return [y == c for c in range(n_classes)] + [
            (y == c) & (p == c) for c in range(n_classes)
        ]

    def mean_recall(sums: np.ndarray) -> np.ndarray:
        rows, right = sums[..., :n_classes], sums[..., n_classes:]
        present = rows > 0
        return np.where(present, right / rows, 0).sum(-1) / present.sum(-1)

    def table_of_two(y: np.ndarray, p: np.ndarray) -> Columns:
        return [1.0, (y == 1) & (p == 1), (y == 1) != (p == 1)]

    def f1(sums: np.ndarray) -> np.ndarray:
        n, right, wrong = np.moveaxis(sums, -1, 0)
        return np.where(
            (n > 0) & (right + wrong == 0), 0, 2 * right / (2 * right + wrong)
        )

    def log_loss(y: np.ndarray, p: np.ndarray) -> np.ndarray:
        least = np.finfo(p.dtype).eps
        # Logarithms of float32 depend on the processor.
        return -np.log(
            np.clip(p[np.arange(len(y)), y.astype(int)], least, 1 - least).astype(float)
        )

    def area(sums: np.ndarray) -> np.ndarray:
        positives, above, negatives, below, whole = np.moveaxis(sums, -1, 0)
        return above / positives + below / negatives - whole / (positives + negatives)

    poolings = {
        "accuracy": _mean_of("predict", np.equal, np.positive),
        "balanced_accuracy": Pooling("predict", hits_by_class, mean_recall),
        "neg_log_loss": _mean_of("predict_proba", log_loss),
        "neg_brier_score": _mean_of("predict_proba", brier_of_rows),
    }
    if n_classes == 2:
        poolings["f1"] = Pooling("predict", table_of_two, f1)
        poolings["roc_auc"] = Pooling(
            "predict_proba", lambda y, p: _placements(y == 1, p[:, 1]), area
        )
    return poolings


def brier_of_rows(y_true: np.ndarray, proba: np.ndarray) -> np.ndarray:
    """Return the Brier score of each row, (n,), from the classes 0, 1, … and the probabilities (n, n_classes).

    Of two classes it is from 0 to 1, of more from 0 to 2. Its mean is what scikit-learn's `brier_score_loss` returns,
    whose checks take a hundred times as long.
    """
    n_classes = proba.shape[1]
    squares = ((proba - np.eye(n_classes)[y_true.astype(int)]) ** 2).sum(axis=1)
    return squares / 2 if n_classes == 2 else squares


def mean_ranks(numbers: np.ndarray) -> np.ndarray:
    """Return the rank of each number, from 1; those that tie share their mean, and all are NaN if a number is."""
    values, places, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    return np.full(len(numbers), np.nan) if np.isnan(values).any() else ranks[places]


def _placements(positive: np.ndarray, score: np.ndarray) -> list[np.ndarray]:
    """Return, for each row, the share of the other class's rows on the right side of it; ties count half."""
    placed = mean_ranks(score)
    for own in (positive, ~positive):
        placed[own] -= mean_ranks(score[own])  # now the number of others below it
    placed[~positive] = positive.sum() - placed[~positive]
    with np.errstate(invalid="ignore"):
        placed /= np.where(positive, (~positive).sum(), positive.sum())
    area = np.full(len(score), placed[positive].mean() if positive.any() else np.nan)
    return [
        positive,
        np.where(positive, placed, 0),
        ~positive,
        np.where(positive, 0, placed),
        area,
    ]
