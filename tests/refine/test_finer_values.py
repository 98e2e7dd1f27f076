"""The values of a finer grid around the best one."""

import math
import random

import pytest

from stages.lib.refine.finer_grid import finer_values, is_logarithmic


def anything(value: float) -> bool:
    return True


@pytest.mark.parametrize(
    ("values", "logarithmic"),
    [
        ([1, 2, 3], False),
        ([1, 5, 10], False),
        ([10, 50, 100], False),
        ([0.6, 0.8, 0.9], False),
        ([0.01, 0.1, 0.2], False),
        ([0.0, 0.1, 1.0], False),
        ([-1, 1, 100], False),
        ([0.001, 0.01, 0.1], True),
        ([10, 20, 40], True),
        ([1, 2, 5], True),
        ([2, 5, 10], True),
        ([1, 3, 10], True),
        ([0.0001, 0.03, 1], True),
        ([1, 9], False),
        ([1, 10], True),
        ([0, 10], False),
    ],
)
def test_the_spacing_is_that_of_the_values_around(values: list[float], logarithmic: bool) -> None:
    assert is_logarithmic(values, len(values) // 2) is logarithmic


def test_the_spacing_may_change_along_the_list() -> None:
    values = [0.001, 0.01, 0.1, 0.2, 0.3]
    assert [is_logarithmic(values, at) for at in range(5)] == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("values", "best", "finer"),
    [
        # Inside.
        ([1.0, 2.0, 3.0, 4.0], 3.0, [2.0, 2.5, 3.0, 3.5, 4.0]),
        ([0.001, 0.01, 0.1], 0.01, [0.001, 0.00316, 0.01, 0.0316, 0.1]),
        ([0.01, 0.1, 0.2], 0.1, [0.01, 0.055, 0.1, 0.15, 0.2]),
        ([-1.0, 1.0, 2.0], 1.0, [-1.0, 0.0, 1.0, 1.5, 2.0]),
        # One step beyond an end, on the scale of that end.
        ([1.0, 2.0, 3.0], 3.0, [2.0, 2.5, 3.0, 3.5, 4.0]),
        ([0.001, 0.01, 0.1], 0.001, [0.0001, 0.000316, 0.001, 0.00316, 0.01]),
        ([0.01, 0.1, 1], 1, [0.1, 0.316, 1, 3.16, 10.0]),
        ([1e-05, 0.1], 1e-05, [1e-09, 1e-07, 1e-05, 0.001, 0.1]),
        # Never 0 or another sign: half a step, a quarter, and so on; beyond an end at 0 there is nothing.
        ([0.1, 0.2, 0.3], 0.1, [0.05, 0.075, 0.1, 0.15, 0.2]),
        ([2.0, 5.0, 8.0], 2.0, [0.5, 1.25, 2.0, 3.5, 5.0]),
        ([0.0, 0.1, 0.2], 0.0, [0.0, 0.05, 0.1]),
        ([-0.2, -0.1, 0.0], 0.0, [-0.1, -0.05, 0.0]),
        ([-3.0, -2.0, -1.0], -1.0, [-2.0, -1.5, -1.0, -0.75, -0.5]),
        ([0, 5], 5, [0, 2, 5, 8, 10]),
        # Whole numbers stay whole.
        ([15, 20, 25], 20, [15, 18, 20, 22, 25]),
        ([1, 5, 10], 1, [1, 3, 5]),
        ([10, 20, 40], 10, [5, 7, 10, 14, 20]),
        ([1, 2, 3], 2, [1, 2, 3]),
        ([1, 2], 2, [1, 2, 3]),
        ([1, 3], 3, [1, 2, 3, 4, 5]),
        ([1, 2.5], 1, [0.25, 0.625, 1, 1.75, 2.5]),
        # Three digits, or as many as tell the values apart; old values keep all of their digits.
        ([1000, 2251, 3001], 2251, [1000, 1630, 2251, 2630, 3001]),
        ([1.0001, 1.0002, 1.0003], 1.0002, [1.0001, 1.00015, 1.0002, 1.00025, 1.0003]),
        ([0.123456, 0.3, 0.5], 0.3, [0.123456, 0.212, 0.3, 0.4, 0.5]),
        # In the direction of the old values; ascending if they had none.
        ([3.0, 2.0, 1.0], 2.0, [3.0, 2.5, 2.0, 1.5, 1.0]),
        ([2.0, 3.0, 1.0], 2.0, [1.0, 1.5, 2.0, 2.5, 3.0]),
        ([1.0, 1.0, 2.0, 3.0], 2.0, [1.0, 1.5, 2.0, 2.5, 3.0]),
        # Nothing to refine.
        ([5], 5, [5]),
        ([5, 5], 5, [5]),
    ],
)
def test_finer_values(values: list[float], best: float, finer: list[float]) -> None:
    assert finer_values(values, best, anything) == finer


@pytest.mark.parametrize(
    ("values", "best", "limit", "finer"),
    [
        ([0.7, 0.8, 0.9], 0.9, 1, [0.8, 0.85, 0.9, 0.925, 0.95]),
        ([0.0, 0.5, 0.9], 0.9, 1, [0.5, 0.7, 0.9, 0.925, 0.95]),
        ([0.1, 0.3, 0.9], 0.9, 1, [0.3, 0.52, 0.9, 0.931, 0.964]),
        ([0.9, 0.99, 0.999], 0.999, 1, [0.99, 0.994, 0.999, 0.9991, 0.9993]),
        ([1, 2, 3], 3, 4, [2, 3]),
        ([1, 2], 2, 2.5, [1, 2]),
    ],
)
def test_a_step_beyond_is_halved_until_it_is_allowed(
    values: list[float], best: float, limit: float, finer: list[float]
) -> None:
    assert finer_values(values, best, lambda value: value < limit) == finer


def test_what_is_refused_between_is_dropped() -> None:
    assert finer_values([4, 8, 16], 8, lambda value: value % 4 == 0) == [4, 8, 16]
    assert finer_values([4, 12, 20], 12, lambda value: value % 4 == 0) == [4, 8, 12, 16, 20]


def sign(value: float) -> int:
    return (value > 0) - (value < 0)


def random_values(draw: random.Random) -> list[float]:
    n = draw.randint(2, 7)
    match draw.randrange(5):
        case 0:
            return [draw.randint(-20, 20) for _ in range(n)]
        case 1:
            return [draw.randint(1, 3000) for _ in range(n)]
        case 2:
            return [draw.uniform(-1, 1) for _ in range(n)]
        case 3:
            return [10 ** draw.uniform(-6, 3) for _ in range(n)]
        case _:
            return [round(draw.uniform(0, 1), 1) for _ in range(n)]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_values_the_rules_hold(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(300):
        values = random_values(draw)
        values = draw.choice([values, sorted(values), sorted(values, reverse=True)])
        best, limit = draw.choice(values), draw.choice([math.inf, max(values) * 1.01])
        finer = finer_values(values, best, lambda value, limit=limit: value <= limit)  # type: ignore[misc]
        listed = sorted(set(values))
        at = listed.index(best)
        ascending = sorted(finer)

        assert best in finer
        assert len(finer) == len(set(finer)) <= 5
        assert finer in (ascending, ascending[::-1])
        if values == sorted(values, reverse=True) != sorted(values):
            assert finer == ascending[::-1]
        if all(isinstance(value, int) for value in values):
            assert all(isinstance(value, int) for value in finer)
        old = {sign(value) for value in values}
        assert {sign(value) for value in finer} <= old or {-1, 1} <= old
        assert all(value <= limit or value in values for value in finer)
        if 0 < at < len(listed) - 1 and limit == math.inf:
            assert (ascending[0], ascending[-1]) == (listed[at - 1], listed[at + 1])
        # The grid grows beyond an end by one step of the old grid at most, plus the last digit's rounding.
        if at == len(listed) - 1 and len(listed) > 1 and not is_logarithmic(listed, at):
            assert ascending[-1] - best <= (best - listed[at - 1]) * 1.01 + abs(best) * 0.01 + 1
