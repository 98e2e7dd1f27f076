"""Scorers that can be computed from sums over rows, so that parts of a split can be scored without predicting anew."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

Statistics = Callable[[np.ndarray, np.ndarray], list[np.ndarray]]


@dataclass(frozen=True)
class Pooling:
    """How a scorer's value follows from sums over rows.

    Attributes
    ----------
    response : str
        The method of the estimator that gives the predictions, `predict` or `predict_proba`.
    """

    response: Literal["predict", "predict_proba"]
    _statistics: Statistics
    _score: Callable[[np.ndarray], np.ndarray]

    def rows(self, y_true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        """Return the statistics of each row of one split, of shape (n, k), as float32.

        Parameters
        ----------
        y_true : array of shape (n,) or (n, 1)
            Classes as the numbers 0, 1, …, or the target of a regression.
        predicted : array
            What `response` returned for these rows.
        """
        if self.response == "predict":
            predicted = np.ravel(predicted)
        columns = self._statistics(np.ravel(y_true), np.asarray(predicted))
        return np.stack([np.broadcast_to(column, (np.size(y_true),)) for column in columns], axis=1).astype(np.float32)

    def score(self, sums: np.ndarray) -> np.ndarray:
        """Return the score of each sum over rows of one split, of shape (...), from sums of shape (..., k).

        The rows may have weights. A score that is not defined, such as that of no rows, is NaN.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._score(np.asarray(sums, dtype=float))


# The most rows to record, over all candidates and splits; each takes a few bytes.
_MOST_ROWS = 50_000_000


def recorded(scoring: str, n_classes: int, n_rows: int) -> Pooling | None:
    """Return how a scorer pools rows, or None if it does not, or so many rows are too many to record."""
    return pooling(scoring, n_classes) if n_rows <= _MOST_ROWS else None


def pooling(scoring: str, n_classes: int = 2) -> Pooling | None:
    """Return how a scorer of scikit-learn pools rows, or None if its value is no function of sums over rows.

    `roc_auc` of two classes is one to first order: it is the mean, over the rows of a class, of the share of the other
    class's rows that lie on the right side (DeLong et al., 1988). On all rows of a split the value is exact.
    """
    return _of_numbers().get(scoring) or _of_classes(n_classes).get(scoring)


def _of_numbers() -> dict[str, Pooling]:
    def squared(y: np.ndarray, p: np.ndarray) -> list[np.ndarray]:
        return [np.ones(len(y)), (y - p) ** 2]

    def absolute(y: np.ndarray, p: np.ndarray) -> list[np.ndarray]:
        return [np.ones(len(y)), np.abs(y - p)]

    def explained(y: np.ndarray, p: np.ndarray) -> list[np.ndarray]:
        centred = y - y.mean()  # keeps the digits of float32
        return [np.ones(len(y)), centred, centred**2, (y - p) ** 2]

    def r2(sums: np.ndarray) -> np.ndarray:
        n, total, squares, error = np.moveaxis(sums, -1, 0)
        return 1 - error / (squares - total**2 / n)

    return {
        "neg_mean_squared_error": Pooling("predict", squared, lambda sums: -_mean(sums)),
        "neg_root_mean_squared_error": Pooling("predict", squared, lambda sums: -np.sqrt(_mean(sums))),
        "neg_mean_absolute_error": Pooling("predict", absolute, lambda sums: -_mean(sums)),
        "r2": Pooling("predict", explained, r2),
    }


def _of_classes(n_classes: int) -> dict[str, Pooling]:
    def hits(y: np.ndarray, p: np.ndarray) -> list[np.ndarray]:
        return [np.ones(len(y)), y == p]

    def hits_by_class(y: np.ndarray, p: np.ndarray) -> list[np.ndarray]:
        return [y == c for c in range(n_classes)] + [(y == c) & (p == c) for c in range(n_classes)]

    def mean_recall(sums: np.ndarray) -> np.ndarray:
        rows, right = sums[..., :n_classes], sums[..., n_classes:]
        present = rows > 0
        return np.where(present, right / rows, 0).sum(-1) / present.sum(-1)

    def table_of_two(y: np.ndarray, p: np.ndarray) -> list[np.ndarray]:
        return [np.ones(len(y)), (y == 1) & (p == 1), (y == 1) != (p == 1)]

    def f1(sums: np.ndarray) -> np.ndarray:
        n, found, wrong = np.moveaxis(sums, -1, 0)
        return np.where((n > 0) & (found + wrong == 0), 0, 2 * found / (2 * found + wrong))

    def log_loss(y: np.ndarray, p: np.ndarray) -> list[np.ndarray]:
        least = np.finfo(p.dtype).eps
        return [np.ones(len(y)), -np.log(np.clip(p[np.arange(len(y)), y.astype(int)], least, 1 - least))]

    def brier(y: np.ndarray, p: np.ndarray) -> list[np.ndarray]:
        squares = ((p - np.eye(p.shape[1])[y.astype(int)]) ** 2).sum(1)
        return [np.ones(len(y)), squares / 2 if p.shape[1] == 2 else squares]

    def ranks(y: np.ndarray, p: np.ndarray) -> list[np.ndarray]:
        return _placements(y == 1, p[:, 1])

    def area(sums: np.ndarray) -> np.ndarray:
        positives, above, negatives, below, whole = np.moveaxis(sums, -1, 0)
        return above / positives + below / negatives - whole / (positives + negatives)

    found = {
        "accuracy": Pooling("predict", hits, _mean),
        "balanced_accuracy": Pooling("predict", hits_by_class, mean_recall),
        "neg_log_loss": Pooling("predict_proba", log_loss, lambda sums: -_mean(sums)),
        "neg_brier_score": Pooling("predict_proba", brier, lambda sums: -_mean(sums)),
    }
    two = {"f1": Pooling("predict", table_of_two, f1), "roc_auc": Pooling("predict_proba", ranks, area)}
    return found | two if n_classes == 2 else found


def _mean(sums: np.ndarray) -> np.ndarray:
    return sums[..., 1] / sums[..., 0]


def _placements(positive: np.ndarray, score: np.ndarray) -> list[np.ndarray]:
    """Return, for each row, the share of the other class's rows on the right side of it; ties count half."""
    placed = np.zeros(len(score))
    for mine, sign in ((positive, 1), (~positive, -1)):
        others = np.sort(sign * score[~mine])
        own = sign * score[mine]
        below = np.searchsorted(others, own, "left") + np.searchsorted(others, own, "right")
        placed[mine] = below / 2 / len(others) if len(others) else np.nan
    area = np.full(len(score), placed[positive].mean() if positive.any() else np.nan)
    return [positive, np.where(positive, placed, 0), ~positive, np.where(positive, 0, placed), area]
