"""The values of a finer grid around the best one."""

import pytest

from stages.lib.refine.finer import finer_values


def anything(value: float) -> bool:
    return True


@pytest.mark.parametrize(
    ("values", "best", "finer"),
    [
        # Inside.
        ([1.0, 2.0, 3.0, 4.0], 3.0, [2.0, 2.5, 3.0, 3.5, 4.0]),
        ([0.001, 0.01, 0.1], 0.01, [0.001, 0.00316, 0.01, 0.0316, 0.1]),
        ([0.01, 0.1, 0.2], 0.1, [0.01, 0.055, 0.1, 0.15, 0.2]),
        ([-1.0, 1.0, 2.0], 1.0, [-1.0, 0.0, 1.0, 1.5, 2.0]),
        # One step beyond an end, on the scale of that end.
        ([0.001, 0.01, 0.1], 0.001, [0.0001, 0.000316, 0.001, 0.00316, 0.01]),
        ([0.01, 0.1, 1], 1, [0.1, 0.316, 1, 3.16, 10.0]),
        # Never 0 or another sign: half a step, a quarter, and so on; beyond an end at 0 there is nothing.
        ([2.0, 5.0, 8.0], 2.0, [0.5, 1.25, 2.0, 3.5, 5.0]),
        ([0.0, 0.1, 0.2], 0.0, [0.0, 0.05, 0.1]),
        ([-3.0, -2.0, -1.0], -1.0, [-2.0, -1.5, -1.0, -0.75, -0.5]),
        ([0, 5], 5, [0, 2, 5, 8, 10]),
        # Whole numbers stay whole.
        ([15, 20, 25], 20, [15, 18, 20, 22, 25]),
        ([1, 5, 10], 1, [1, 3, 5]),
        ([1, 2, 3], 2, [1, 2, 3]),
        # Three digits, or as many as tell the values apart; old values keep all of their digits.
        ([1000, 2251, 3001], 2251, [1000, 1630, 2251, 2630, 3001]),
        ([1.0001, 1.0002, 1.0003], 1.0002, [1.0001, 1.00015, 1.0002, 1.00025, 1.0003]),
        # In the direction of the old values; ascending if they had none.
        ([3.0, 2.0, 1.0], 2.0, [3.0, 2.5, 2.0, 1.5, 1.0]),
        ([2.0, 3.0, 1.0], 2.0, [1.0, 1.5, 2.0, 2.5, 3.0]),
        # Nothing to refine.
        ([5], 5, [5]),
    ],
)
def test_finer_values(values: list[float], best: float, finer: list[float]) -> None:
    assert finer_values(values, best, anything) == finer
