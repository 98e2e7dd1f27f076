"""Which fits of a search are stuck, by what its nets have answered, and the words for that."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from resampled.candidates.stuck import Answered, answered, is_stuck


def answer_of(estimator: BaseEstimator, X: object, answers: Mapping[str, np.ndarray]) -> Answered:
    """Return what a fitted estimator predicts of rows, from its `answers` so far, by `predict` and `predict_proba`."""
    if "predict" not in answers and "predict_proba" in answers:
        return answered(np.argmax(answers["predict_proba"], axis=1))
    return answered(np.ravel(answers["predict"] if "predict" in answers else estimator.predict(X)))


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
