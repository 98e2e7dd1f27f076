"""Which fits of a search are stuck, by what its nets have answered, and the words for that."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from resampled.candidates.stuck import Answered
from stages.lib.scores.scorer import Record
from stages.lib.scores.stuck import answer_of, in_words, mean_of_others, stuck_fits

X = np.zeros((4, 1))


class Answering(BaseEstimator):
    """An estimator that predicts what it is given."""

    def __init__(self, predicted: Any = None) -> None:
        self.predicted = predicted

    def predict(self, X: Any) -> Any:
        return self.predicted


def test_predictions_of_numbers_are_one_column() -> None:
    assert answer_of(Answering(np.array([[1.0], [3.0], [1.0], [1.0]])), X, {}) == Answered(1.0, 0.75, 0.75**0.5)


def test_what_is_known_is_not_asked_again() -> None:
    proba = np.tile([[0.2, 0.8]], (4, 1))
    assert answer_of(Answering(None), X, {"predict_proba": proba}) == Answered(1.0, 1.0, 0.0)
    assert answer_of(Answering(None), X, {"predict": np.array([0, 0, 0, 1])})[:2] == (0.0, 0.75)


def test_a_net_that_diverged_is_not_stuck() -> None:
    records = [[Record(9, 5), Record(9, 5, answered=Answered(0.0, 1.0, 0.0))]]
    train = np.arange(100)
    splits = [(train, train), (train, train)]
    assert stuck_fits(records, splits, np.repeat([0, 1], 50), classify=True).tolist() == [[False, True]]


def test_words() -> None:
    assert in_words(1, 30, "0.7016") == "1 of 30 fits is stuck; without it 0.7016"
    assert in_words(3, 30, "0.7016") == "3 of 30 fits are stuck; without them 0.7016"
    assert in_words(30, 30, "") == "all 30 fits are stuck"
    assert mean_of_others(np.array([0.5, 0.7, 0.9]), np.array([True, False, False])) == pytest.approx(0.8)
    assert np.isnan(mean_of_others(np.array([0.5]), np.array([True])))
