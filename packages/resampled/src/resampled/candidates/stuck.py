"""Tells the fits that are stuck: nets that answer nearly all rows alike, though their training rows are not alike."""

from typing import NamedTuple

import numpy as np

# A stuck net puts so many of the test rows into one class, which has fewer of the training rows than this.
_ONE_CLASS, _COMMON = 0.99, 0.95
# Of numbers, the predictions spread less than this part of the target.
_SPREAD = 0.01


class Answered(NamedTuple):
    """What a net predicts of test rows, in three numbers.

    `commonest` is the most frequent prediction, and of several the smallest; `share` is its share of the rows, and
    `spread` the standard deviation of the predictions (ddof 0).
    """

    commonest: float
    share: float
    spread: float


def answered(predicted: np.ndarray) -> Answered:
    """Return what predictions of rows, of shape (n,), say in three numbers."""
    values, counts = np.unique(predicted, return_counts=True)
    commonest = float(values[counts.argmax()])
    share = float(counts.max() / counts.sum())
    return Answered(commonest, share, float(predicted.std()))


def is_stuck(seen: Answered | None, y_train: np.ndarray, classify: bool) -> bool:
    """Return whether a fit is stuck, by its answers of the test rows and the target of its training rows."""
    if seen is None:  # it diverged
        return False
    if classify:
        share = float(np.mean(y_train == seen.commonest))
        return seen.share >= _ONE_CLASS and share < _COMMON
    return seen.spread < _SPREAD * float(y_train.std())
