"""Oracles: SciPy's intervals of a share, and of Student's t."""

import math

import numpy as np
import pytest
from scipy import stats

from packages.resampled.tests.simulation.means.labelled import Table, draw_table
from resampled.means.intervals import interval, intervals
from resampled.means.luck import luck
from resampled.means.ttest import half_width
from resampled.resampling import Resampling

RNG = np.random.default_rng(8)
FOLDS = Resampling.of_folds(3)


def of_bounds(low: float, high: float, n_rows: float = math.inf) -> Resampling:
    return Resampling.of_folds(3, n_rows, (low, high))


def wilson(n_right: int, n: int) -> tuple[float, float]:
    ends = stats.binomtest(n_right, n).proportion_ci(0.95, "wilson")
    return ends.low, ends.high


def test_a_constant_has_the_interval_of_a_share() -> None:
    """Stratified folds give it the same score on each split; its rows are those of a binomial sample."""
    scores, rows = draw_table(Table(300, positives=0.35, stuck=1, n_candidates=1), RNG)
    known = of_bounds(0, 1, 300)
    assert half_width(scores, known)[0] < 0.01
    by_unit = rows.units(np.array([0])).by_unit(3)
    low, high, half = intervals(scores, known, by_unit=by_unit)
    assert (low[0], high[0]) == pytest.approx(
        wilson(round(300 * scores.mean()), 300), abs=0.002
    )
    assert half[0] == pytest.approx(
        max(high[0] - scores.mean(), scores.mean() - low[0])
    )


def test_an_interval_is_that_of_the_rows_if_they_are_known() -> None:
    scores, rows = draw_table(Table(300, stuck=0.5), RNG)
    by_unit = rows.units(np.arange(10)).by_unit(3)
    expected = luck(scores.var(axis=1, ddof=1), 30, by_unit, 0.5)
    half = stats.t.ppf(0.975, expected.degrees) * expected.square**0.5
    assert intervals(scores, FOLDS, by_unit=by_unit).half == pytest.approx(half)
    assert np.isnan(intervals(scores, Resampling(math.nan), by_unit=by_unit).half).all()
    scores[3, 2] = by_unit.values[3] = np.nan
    assert np.isnan(intervals(scores, FOLDS, by_unit=by_unit).half).nonzero()[
        0
    ].tolist() == [3]


def test_intervals_stay_within_bounds() -> None:
    low, high = interval(0.97, 0.025, 29, of_bounds(0, 1))
    assert 0.9 > low > 0.8
    assert 0.97 < high < 1
    assert interval(0.5, 1e-6, 29, of_bounds(0, 1)) == pytest.approx(
        (0.5 - 2.045e-6, 0.5 + 2.045e-6), abs=1e-9
    )
    assert interval(-0.1, 0.1, 29, of_bounds(-math.inf, 0)) == pytest.approx(
        (-0.3045, 0), abs=1e-4
    )
    assert interval(5, 1, 29, FOLDS) == pytest.approx(stats.t.interval(0.95, 29, 5, 1))
    assert interval(0.6, 0.1, 29, of_bounds(-1, 1)) == pytest.approx(
        2 * np.array(interval(0.8, 0.05, 29, of_bounds(0, 1))) - 1
    )


@pytest.mark.parametrize("n_right", [0, 60, 150, 290])
def test_it_is_wilsons_of_as_many_rows_as_the_error_tells_and_of_no_more_than_there_are(
    n_right: int,
) -> None:
    share, many = n_right / 300, 10**9
    error = (share * (1 - share) / 300) ** 0.5
    if n_right:
        assert interval(share, error, many, of_bounds(0, 1)) == pytest.approx(
            wilson(n_right, 300)
        )
    for too_small in (0.0, error / 10):
        assert interval(share, too_small, many, of_bounds(0, 1, 300)) == pytest.approx(
            wilson(n_right, 300)
        )
    few = Resampling.of_folds(3, 3000, (0, 1), 300)
    assert interval(share, 0.0, many, few) == pytest.approx(wilson(n_right, 300))
    assert np.isnan(
        interval(share, error, many, Resampling.of_folds(3, 300, (0, 1), math.nan))
    ).all()


def test_where_fewer_than_four_rows_are_wrong_the_near_end_is_exact() -> None:
    known = of_bounds(0, 1, 300)
    for n_wrong in (1, 2, 3):
        exact = stats.binomtest(n_wrong, 300).proportion_ci(0.95, "exact")
        low, high = interval(n_wrong / 300, 0.0, 10**9, known)
        assert (low, high) == pytest.approx((exact.low, wilson(n_wrong, 300)[1]))
        assert interval(1 - n_wrong / 300, 0.0, 10**9, known) == pytest.approx(
            (1 - high, 1 - low)
        )
    assert 0 < interval(0.0001, 0.0, 10**9, known)[0] < 0.0001
    beyond = interval(1 + 1e-15, 0.0, 10**9, known)  # by rounding
    assert beyond == interval(1.0, 0.0, 10**9, known)


def test_the_same_score_on_every_split_has_no_interval_if_nothing_is_known_of_rows() -> (
    None
):
    scores = np.array([[1.0] * 30, [0.7] * 30, [*[0.7] * 29, 0.71]])
    assert np.isnan(intervals(scores, FOLDS).half).tolist() == [True, True, False]
    assert np.isnan(intervals(scores[2:], FOLDS, constant=np.array([True])).half).all()
    quantile = stats.t.ppf(0.975, 29)
    assert intervals(scores, of_bounds(0, 1, 300)).low[0] == pytest.approx(
        300 / (300 + quantile**2)
    )
