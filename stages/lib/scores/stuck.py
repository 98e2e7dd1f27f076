"""Tells the fits that are stuck: nets that answer nearly all rows alike, though their training rows are not alike."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator

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


def answered(estimator: BaseEstimator, X: object, answers: Mapping[str, np.ndarray]) -> Answered:
    """Return what a fitted estimator predicts of rows, from its `answers` so far, by `predict` and `predict_proba`."""
    if "predict" not in answers and "predict_proba" in answers:
        predicted = np.argmax(answers["predict_proba"], axis=1)
    else:
        predicted = np.ravel(answers["predict"] if "predict" in answers else estimator.predict(X))
    values, counts = np.unique(predicted, return_counts=True)
    return Answered(float(values[counts.argmax()]), float(counts.max() / counts.sum()), float(predicted.std()))


def is_stuck(seen: Answered | None, y_train: np.ndarray, classify: bool) -> bool:
    """Return whether a fit is stuck, by its answers of the test rows and the target of its training rows."""
    if seen is None:  # it diverged
        return False
    if classify:
        return seen.share >= _ONE_CLASS and float(np.mean(y_train == seen.commonest)) < _COMMON
    return seen.spread < _SPREAD * float(y_train.std())


def stuck_fits(
    records: Sequence[Sequence[Any]], splits: Sequence[tuple[np.ndarray, np.ndarray]], y: np.ndarray, classify: bool
) -> np.ndarray:
    """Return which fits of a search are stuck, shape (n_candidates, n_splits); a diverged net is not.

    `records` has a `Record` of each candidate on each split (train, test), and `y` is the target of the whole table, in
    which classes are 0, 1, ….
    """
    stuck = np.zeros((len(records), len(splits)), dtype=bool)
    for split, (train, _) in enumerate(splits):
        y_train = y[train]
        stuck[:, split] = [is_stuck(of_net[split].answered, y_train, classify) for of_net in records]
    return stuck


def mean_of_others(scores: np.ndarray, stuck: np.ndarray) -> float:
    """Return the mean score of the fits that are not stuck; NaN if there are none. Both are of shape (n_splits,)."""
    return float(scores[~stuck].mean()) if not stuck.all() else float("nan")


def in_words(n_stuck: int, n_fits: int, others: str) -> str:
    """Say how many fits are stuck, and the mean score without them, as in `1 of 30 fits is stuck; without it 0.7`."""
    if n_stuck == n_fits:
        return f"all {n_fits} fits are stuck"
    is_stuck, it = ("is stuck", "it") if n_stuck == 1 else ("are stuck", "them")
    return f"{n_stuck} of {n_fits} fits {is_stuck}; without {it} {others}"
