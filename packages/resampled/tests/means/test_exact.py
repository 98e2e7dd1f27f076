"""Sums of what `summable` returns are exact. Oracle: fractions, and sums in other orders."""

from fractions import Fraction

import numpy as np
import pytest

from resampled.means.exact import summable

RNG = np.random.default_rng(81)
VALUES = {
    "normal": RNG.normal(size=500),
    "of many sizes": RNG.normal(size=500) * 2.0 ** RNG.integers(-40, 40, 500),
    "tiny": RNG.normal(size=500) * 5e-324 * 2.0**20,
    "huge": RNG.normal(size=500) * 1e300,
    "counts": RNG.integers(0, 10**12, 500).astype(float),
}


@pytest.mark.parametrize("values", VALUES.values(), ids=[*VALUES])
def test_sums_are_exact_in_any_order(values: np.ndarray) -> None:
    rounded = summable(values, axis=0)
    exact = float(sum(map(Fraction, rounded.tolist())))
    ordered = sorted(rounded, key=abs)
    for numbers in (rounded, rounded[::-1], ordered, ordered[::-1]):
        total = 0.0
        for number in numbers:
            total += number
        assert total == exact
    some = RNG.integers(0, 2, values.shape).astype(float)
    in_part = sum(map(Fraction, rounded[some == 1].tolist()))
    assert some @ rounded == float(in_part)


@pytest.mark.parametrize("values", VALUES.values(), ids=[*VALUES])
def test_values_lose_less_than_a_sum_would_by_rounding(values: np.ndarray) -> None:
    lost = np.abs(summable(values, axis=0) - values).max()
    assert lost <= np.finfo(float).eps * np.abs(values).sum()


def test_each_line_along_the_axes_is_rounded_by_itself() -> None:
    values = np.array([[1 / 3, 1e9], [1 / 3, 2 / 3], [np.nan, np.inf]])
    by_row = summable(values, axis=1)
    np.testing.assert_array_equal(by_row[1], summable(values[1], axis=0))
    assert by_row[0, 0] != by_row[1, 0]
    np.testing.assert_array_equal(by_row[2], values[2])
    whole = np.array([3.0, 0.5, 0.0])
    np.testing.assert_array_equal(summable(whole, axis=0), whole)
