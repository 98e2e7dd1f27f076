"""Which fits are stuck, by the classes and numbers that a net predicts. Oracle: the rule, spelled out on rows."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier, DummyRegressor

from stages.lib.scores.scorer import Record
from stages.lib.scores.stuck import Answered, answered, in_words, is_stuck, mean_of_others, stuck_fits

X = np.zeros((200, 1))


class Answering(BaseEstimator):
    """An estimator that predicts what it is given."""

    def __init__(self, predicted: Any = None) -> None:
        self.predicted = predicted

    def predict(self, X: Any) -> Any:
        return self.predicted


def classes(*counts: int) -> np.ndarray:
    """Return so many rows of the classes 0, 1, …"""
    return np.repeat(np.arange(len(counts)), counts)


@pytest.mark.parametrize(
    ("predicted", "y_train", "stuck"),
    [
        (classes(200, 0), classes(130, 70), True),
        (classes(198, 2), classes(130, 70), True),
        (classes(197, 3), classes(130, 70), False),  # 98.5 %
        (classes(200, 0), classes(189, 11), True),  # 94.5 % of the training rows
        (classes(200, 0), classes(190, 10), False),  # 95 %: a rare class may be predicted of no row
        (classes(0, 200), classes(190, 10), True),  # the rare class of all rows
        (classes(0, 200, 0), classes(60, 70, 70), True),
        (classes(100, 100), classes(130, 70), False),
    ],
)
def test_classes(predicted: np.ndarray, y_train: np.ndarray, stuck: bool) -> None:
    assert is_stuck(answered(Answering(predicted), X, {}), y_train, classify=True) == stuck


@pytest.mark.parametrize(("spread", "stuck"), [(0.0, True), (0.0099, True), (0.0101, False), (1.0, False)])
def test_numbers(spread: float, stuck: bool) -> None:
    y_train = np.tile([-30.0, 30.0], 50)
    predicted = 5 + 30 * spread * np.tile([-1.0, 1.0], 50)
    assert is_stuck(answered(Answering(predicted[:, None]), X, {}), y_train, classify=False) == stuck


def test_constants_of_scikit_learn_are_stuck() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    constant = DummyClassifier(strategy="prior").fit(X, y)
    assert is_stuck(answered(constant, X, {}), y, classify=True)
    numbers = rng.normal(size=200)
    assert is_stuck(answered(DummyRegressor().fit(X, numbers), X, {}), numbers, classify=False)


def test_what_is_known_is_not_asked_again() -> None:
    proba = np.tile([[0.2, 0.8]], (200, 1))
    assert answered(Answering(None), X, {"predict_proba": proba}) == Answered(1.0, 1.0, 0.0)
    assert answered(Answering(None), X, {"predict": classes(150, 50)})[:2] == (0.0, 0.75)


def test_a_net_that_diverged_is_not_stuck() -> None:
    records = [[Record(9, 5), Record(9, 5, answered=Answered(0.0, 1.0, 0.0))]]
    train = np.arange(100)
    splits = [(train, train), (train, train)]
    assert stuck_fits(records, splits, classes(50, 50), classify=True).tolist() == [[False, True]]


def test_words() -> None:
    assert in_words(1, 30, "0.7016") == "1 of 30 fits is stuck; without it 0.7016"
    assert in_words(3, 30, "0.7016") == "3 of 30 fits are stuck; without them 0.7016"
    assert in_words(30, 30, "") == "all 30 fits are stuck"
    assert mean_of_others(np.array([0.5, 0.7, 0.9]), np.array([True, False, False])) == pytest.approx(0.8)
    assert np.isnan(mean_of_others(np.array([0.5]), np.array([True])))
