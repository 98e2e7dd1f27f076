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

    Attributes
    ----------
    commonest : float
        The most frequent prediction, and of several the smallest.
    share : float
        Its share of the rows.
    spread : float
        The standard deviation of the predictions (ddof 0).
    """

    commonest: float
    share: float
    spread: float


def answered(estimator: BaseEstimator, X: object, answers: Mapping[str, np.ndarray]) -> Answered:
    """Return what a fitted estimator predicts of rows, from what it has answered already, if that is enough.

    Parameters
    ----------
    estimator : BaseEstimator
        A fitted one.
    X : DataFrame or array
        The rows.
    answers : mapping of arrays
        Its answers to these rows, by `predict` and `predict_proba`.
    """
    if "predict" not in answers and "predict_proba" in answers:
        predicted = np.argmax(answers["predict_proba"], axis=1)
    else:
        predicted = np.ravel(answers["predict"] if "predict" in answers else estimator.predict(X))
    values, counts = np.unique(predicted, return_counts=True)
    return Answered(float(values[counts.argmax()]), float(counts.max() / counts.sum()), float(predicted.std()))


def is_stuck(seen: Answered, y_train: np.ndarray, classify: bool) -> bool:
    """Return whether a fit is stuck.

    Parameters
    ----------
    seen : Answered
        Of the test rows.
    y_train : array of shape (n_train,)
        The target of the training rows; classes are 0, 1, ….
    classify : bool
        Whether the target is a class.
    """
    if classify:
        return seen.share >= _ONE_CLASS and float(np.mean(y_train == seen.commonest)) < _COMMON
    return seen.spread < _SPREAD * float(y_train.std())


def stuck_fits(
    records: Sequence[Sequence[Any]], splits: Sequence[tuple[np.ndarray, np.ndarray]], y: np.ndarray, classify: bool
) -> np.ndarray:
    """Return which fits of a search are stuck, shape (n_candidates, n_splits); a diverged net is not.

    Parameters
    ----------
    records : sequence of sequence of Record
        Of each candidate on each split.
    splits : sequence of (train, test)
    y : array of shape (n_rows,)
        The target.
    """
    by_split = []
    for (train, _), of_split in zip(splits, zip(*records, strict=True), strict=True):
        y_train = y[train]
        answers = [record.answered for record in of_split]
        by_split.append([each is not None and is_stuck(each, y_train, classify) for each in answers])
    return np.array(by_split, dtype=bool).T


def write_splits(stuck: np.ndarray) -> str:
    """Write the numbers of the stuck splits, from 0, such as `4 17`; `stuck` is of shape (n_splits,)."""
    return " ".join(map(str, np.flatnonzero(stuck)))


def read_splits(text: str, n_splits: int) -> np.ndarray:
    """Read what `write_splits` wrote, as bool of shape (n_splits,); raises `ValueError` for another text."""
    stuck = np.zeros(n_splits, dtype=bool)
    for number in map(int, text.split()):
        if not 0 <= number < n_splits:
            raise ValueError(f"there is no split {number}")
        stuck[number] = True
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
