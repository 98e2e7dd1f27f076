"""Which fits are stuck, by the classes and numbers that a net predicts. Oracle: the rule, spelled out on rows."""

import numpy as np
import pytest

from resampled.candidates.stuck import Answered, answered, is_stuck


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
        (
            classes(200, 0),
            classes(190, 10),
            False,
        ),  # 95 %: a rare class may be predicted of no row
        (classes(0, 200), classes(190, 10), True),  # the rare class of all rows
        (classes(0, 200, 0), classes(60, 70, 70), True),
        (classes(100, 100), classes(130, 70), False),
    ],
)
def test_classes(predicted: np.ndarray, y_train: np.ndarray, stuck: bool) -> None:
    assert is_stuck(answered(predicted), y_train, classify=True) == stuck


@pytest.mark.parametrize(
    ("spread", "stuck"), [(0.0, True), (0.0099, True), (0.0101, False), (1.0, False)]
)
def test_numbers(spread: float, stuck: bool) -> None:
    y_train = np.tile([-30.0, 30.0], 50)
    predicted = 5 + 30 * spread * np.tile([-1.0, 1.0], 50)
    assert is_stuck(answered(predicted), y_train, classify=False) == stuck


def test_three_numbers_say_what_a_net_answers() -> None:
    assert answered(classes(50, 150)) == pytest.approx(Answered(1.0, 0.75, 0.1875**0.5))
    assert answered(classes(100, 100))[:2] == (0.0, 0.5)  # of several, the smallest
    assert not is_stuck(None, classes(130, 70), classify=True)  # it diverged
