"""Scorers that can be computed from sums over rows, so that parts of a split can be scored without predicting anew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

# The estimator's method that gives predictions.
Response = Literal["predict", "predict_proba"]
# Numbers of each row, by column; a plain number is that of every row.
Columns = Sequence[np.ndarray | float]


@dataclass(frozen=True)
class Pooling:
    """How a scorer's value follows from sums over rows of what an estimator responds."""

    response: Response
    _statistics: Callable[[np.ndarray, np.ndarray], Columns]
    _score: Callable[[np.ndarray], np.ndarray]

    def rows(self, y_true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        """Return the statistics of each row of one split, (n, k), from the classes 0, 1, … or numbers, and answers."""
        if self.response == "predict":
            predicted = np.ravel(predicted)
        y_true = np.ravel(y_true)
        columns = self._statistics(y_true, np.asarray(predicted))
        rows = np.empty((len(y_true), len(columns)), dtype=np.float32)
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


def mean_of(
    response: Response,
    of_row: Callable[[np.ndarray, np.ndarray], np.ndarray],
    finish: Callable[[np.ndarray], np.ndarray] = np.negative,
) -> Pooling:
    """Return the pooling of a scorer whose value follows from the mean of one number of each row."""

    def count_and_sum(y: np.ndarray, p: np.ndarray) -> Columns:
        return [1.0, of_row(y, p)]

    def of_mean(sums: np.ndarray) -> np.ndarray:
        return finish(sums[..., 1] / sums[..., 0])

    return Pooling(response, count_and_sum, of_mean)


def brier_scores(y: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the Brier score of each row, from classes 0, 1, … and their probabilities: of two classes from 0 to 1."""
    n_classes = probabilities.shape[1]
    is_true = np.eye(n_classes)[y.astype(int)]
    squares = ((probabilities - is_true) ** 2).sum(1)
    return squares / 2 if n_classes == 2 else squares


def log_losses(y: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the loss of each row, from classes 0, 1, … and their probabilities."""
    least = np.finfo(probabilities.dtype).eps
    of_class = probabilities[np.arange(len(y)), y.astype(int)]
    # Logarithms of float32 depend on the processor.
    return -np.log(np.clip(of_class, least, 1 - least).astype(float))


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
        "neg_mean_squared_error": mean_of("predict", squared),
        "neg_root_mean_squared_error": mean_of(
            "predict", squared, lambda mean: -np.sqrt(mean)
        ),
        "neg_mean_absolute_error": mean_of("predict", lambda y, p: np.abs(y - p)),
        "r2": Pooling("predict", explained, r2),
    }


def _of_classes(n_classes: int) -> dict[str, Pooling]:
    def hits_by_class(y: np.ndarray, p: np.ndarray) -> Columns:
        own = [y == c for c in range(n_classes)]
        return own + [is_own & (p == c) for c, is_own in enumerate(own)]

    def mean_recall(sums: np.ndarray) -> np.ndarray:
        rows, right = sums[..., :n_classes], sums[..., n_classes:]
        present = rows > 0
        recalls = np.where(present, right / rows, 0)
        return recalls.sum(-1) / present.sum(-1)

    def table_of_two(y: np.ndarray, p: np.ndarray) -> Columns:
        return [1.0, (y == 1) & (p == 1), (y == 1) != (p == 1)]

    def f1(sums: np.ndarray) -> np.ndarray:
        n, right, wrong = np.moveaxis(sums, -1, 0)
        is_empty = (n > 0) & (right + wrong == 0)
        return np.where(is_empty, 0, 2 * right / (2 * right + wrong))

    def area(sums: np.ndarray) -> np.ndarray:
        positives, above, negatives, below, whole = np.moveaxis(sums, -1, 0)
        return above / positives + below / negatives - whole / (positives + negatives)

    poolings = {
        "accuracy": mean_of("predict", np.equal, np.positive),
        "balanced_accuracy": Pooling("predict", hits_by_class, mean_recall),
        "neg_log_loss": mean_of("predict_proba", log_losses),
        "neg_brier_score": mean_of("predict_proba", brier_scores),
    }
    if n_classes == 2:
        poolings["f1"] = Pooling("predict", table_of_two, f1)
        poolings["roc_auc"] = Pooling("predict_proba", _placements, area)
    return poolings


def mean_ranks(numbers: np.ndarray) -> np.ndarray:
    """Return the rank of each number, from 1; those that tie share their mean, and all are NaN if a number is."""
    if np.isnan(numbers).any():
        return np.full(len(numbers), np.nan)
    _, places, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    return ranks[places]


def _placements(y: np.ndarray, p: np.ndarray) -> Columns:
    """Return, for each row, the share of the other class's rows on the right side of it; ties count half."""
    positive = y == 1
    score = p[:, 1]
    placed = mean_ranks(score)
    for own in (positive, ~positive):
        placed[own] -= mean_ranks(score[own])  # now the number of others below it
    placed[~positive] = positive.sum() - placed[~positive]
    with np.errstate(invalid="ignore"):
        placed /= np.where(positive, (~positive).sum(), positive.sum())
    area = placed[positive].mean() if positive.any() else np.nan
    above = np.where(positive, placed, 0)
    below = np.where(positive, 0, placed)
    return [positive, above, ~positive, below, area]
