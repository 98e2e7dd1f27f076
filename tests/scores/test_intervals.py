"""Oracles: scikit-learn's scorers for bounds, and the binomial and jackknife formulas written out."""

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import get_scorer_names

from stages.lib.scores import Rows, bounds_of, half_width, half_widths, one_row, pooling, too_few
from stages.lib.scores.intervals import interval
from tests.simulation.labelled import Table, draw_table

RNG = np.random.default_rng(8)


def test_a_constant_has_the_interval_of_a_share() -> None:
    """Stratified folds give it the same score on each split; its rows are those of a binomial sample."""
    scores, rows = draw_table(Table(300, positives=0.35, stuck=1, n_candidates=1), RNG)
    share = float(scores.mean())
    assert half_width(scores, 0.5)[0] < 0.01
    found = half_widths(scores, 0.5, n_repeats=10, seed=0, rows=rows)
    assert found[0] == pytest.approx(stats.t.ppf(0.975, 299) * (share * (1 - share) / 300) ** 0.5, rel=0.02)


def test_the_jackknife_is_that_of_whole_groups() -> None:
    scores, rows = draw_table(Table(90, n_groups=9, n_candidates=2, n_repeats=1), RNG)
    units = rows.units(np.arange(2), RNG)
    groups = rows.groups
    assert groups is not None
    assert units.n_units == 9
    by_rows, _, degrees = units.variances(scores, 1)
    for candidate in range(2):
        without = []
        for group in range(9):
            left = [groups[test] != group for test in rows.tests]
            parts = [each[candidate][keep, 1] for each, keep in zip(rows.statistics, left, strict=True)]
            without.append(np.mean([part.mean() for part in parts]))
        assert by_rows[candidate] == pytest.approx(8 / 9 * sum((np.array(without) - np.mean(without)) ** 2), rel=1e-5)
    assert (degrees < 11).all()


def test_an_interval_is_at_least_that_of_the_splits() -> None:
    scores, rows = draw_table(Table(300, stuck=0.5), RNG)
    wide = half_widths(scores, 0.5, n_repeats=10, seed=0, rows=rows)
    assert (wide >= half_width(scores, 0.5)).all()
    assert np.isnan(half_widths(scores, float("nan"), n_repeats=1, seed=0, rows=rows)).all()
    scores[3, 2] = np.nan
    rows.statistics[2][3] = np.nan
    assert np.isnan(half_widths(scores, 0.5, n_repeats=10, seed=0, rows=rows)).nonzero()[0].tolist() == [3]


def test_near_a_bound_the_farther_end_counts() -> None:
    scores = RNG.normal(0.95, 0.01, (1, 30))
    plain = half_width(scores, 0.5)[0]
    low, high = interval(float(scores.mean()), float(plain), (0, 1))
    found = half_widths(scores, 0.5, n_repeats=10, seed=0, bounds=(0, 1))[0]
    assert found == pytest.approx(scores.mean() - low)
    assert found > plain > high - scores.mean()


def test_without_rows_a_constant_has_no_interval() -> None:
    scores = RNG.normal(0.7, 0.02, (2, 30))
    found = half_widths(scores, 0.5, n_repeats=10, seed=0, constant=np.array([False, True]))
    assert found[0] == half_width(scores, 0.5)[0]
    assert np.isnan(found[1])


def test_large_tables_are_bundled() -> None:
    statistics = np.stack([np.ones((1, 4000)), RNG.random((1, 4000)) < 0.7], axis=2).astype(np.float32)
    mean = pooling("accuracy")
    assert mean is not None
    tests = np.array_split(RNG.permutation(4000), 2)
    rows = Rows([statistics[:, test] for test in tests], tests, None, mean)
    units = rows.units(np.array([0]), RNG)
    assert units.n_units == 1000
    scores = np.array([[statistics[0, test, 1].mean() for test in tests]])
    share = scores.mean()
    assert units.variances(scores, 1)[0][0] == pytest.approx(share * (1 - share) / 4000, rel=0.15)


@pytest.mark.parametrize("scoring", get_scorer_names())
def test_every_scorer_has_bounds_around_its_best(scoring: str) -> None:
    low, high = bounds_of(scoring)
    assert low < high
    assert high in {0, 1, math.inf}
    assert (one_row(scoring, 100) > 0) == math.isfinite(high - low)


def test_one_row_is_what_a_row_makes() -> None:
    assert one_row("accuracy", 256) == 1 / 256
    assert one_row("matthews_corrcoef", 100) == 0.02
    assert one_row("neg_mean_squared_error", 100) == 0


def test_intervals_stay_within_bounds() -> None:
    low, high = interval(0.97, 0.05, (0, 1))
    assert 0.9 > low > 0.8
    assert 0.97 < high < 1
    assert interval(0.5, 0.001, (0, 1)) == pytest.approx((0.499, 0.501), abs=1e-6)
    assert interval(1.0, 0.1, (0, 1)) == (0.9, 1.0)
    assert interval(-0.1, 0.3, (-math.inf, 0)) == pytest.approx((-0.4, 0))
    assert interval(5, 1, (-math.inf, math.inf)) == (4, 6)
    # Of a score between -1 and 1, it is Fisher's: symmetric in the inverse hyperbolic tangent.
    ends = np.arctanh(interval(0.8, 0.1, (-1, 1)))
    assert ends.mean() == pytest.approx(np.arctanh(0.8))


def test_few_rows_of_a_class_and_few_groups_are_told() -> None:
    y = np.repeat([0.0, 1.0], [80, 12])
    assert too_few(y, 2, None) == (
        "Intervals may be too narrow, because the rarest class has 12 rows: with fewer than 30, those of 95 % held the "
        "truth in 92 to 98 % of our simulations, and in as little as 84 % of others."
    )
    assert "because the rarest class has 12 rows and there are 4 groups: with" in str(too_few(y, 2, np.arange(92) % 4))
    assert "because there are 4 groups: with" in str(too_few(RNG.normal(size=92), 0, np.arange(92) % 4))
    assert too_few(np.arange(90) % 3.0, 3, np.arange(90) % 30) is None
