"""Oracles: the binomial and jackknife formulas, written out."""

import math

import numpy as np
import pytest
from scipy import stats

from resampled.means.intervals import interval, intervals
from resampled.means.ttest import half_width
from resampled.resampling import Resampling
from tests.resampled.simulation.means.labelled import Table, draw_table

RNG = np.random.default_rng(8)
FOLDS = Resampling.of_folds(3)


def of_bounds(low: float, high: float, n_rows: float = math.inf) -> Resampling:
    return Resampling.of_folds(3, n_rows, (low, high))


def test_a_constant_has_the_interval_of_a_share() -> None:
    """Stratified folds give it the same score on each split; its rows are those of a binomial sample."""
    scores, rows = draw_table(Table(300, positives=0.35, stuck=1, n_candidates=1), RNG)
    share = float(scores.mean())
    assert half_width(scores, FOLDS)[0] < 0.01
    found = intervals(scores, FOLDS, seed=0, rows=rows).half
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
    wide = intervals(scores, FOLDS, seed=0, rows=rows).half
    assert (wide >= half_width(scores, FOLDS)).all()
    assert np.isnan(intervals(scores, Resampling(math.nan), seed=0, rows=rows).half).all()
    scores[3, 2] = np.nan
    rows.statistics[2][3] = np.nan
    assert np.isnan(intervals(scores, FOLDS, seed=0, rows=rows).half).nonzero()[0].tolist() == [3]


def test_intervals_stay_within_bounds() -> None:
    low, high = interval(0.97, 0.05, of_bounds(0, 1))
    assert 0.9 > low > 0.8
    assert 0.97 < high < 1
    assert interval(0.5, 0.001, of_bounds(0, 1)) == pytest.approx((0.499, 0.501), abs=1e-6)
    assert interval(1.0, 0.1, of_bounds(0, 1)) == (0.9, 1.0)
    assert interval(-0.1, 0.3, of_bounds(-math.inf, 0)) == pytest.approx((-0.4, 0))
    assert interval(5, 1, FOLDS) == (4, 6)
    # Of a score between -1 and 1, it is Fisher's: symmetric in the inverse hyperbolic tangent.
    ends = np.arctanh(interval(0.8, 0.1, of_bounds(-1, 1)))
    assert ends.mean() == pytest.approx(np.arctanh(0.8))


def test_a_nearly_perfect_score_has_at_least_the_interval_of_no_error() -> None:
    """However little its splits vary. Where all are as likely to be right as not, nothing changes."""
    none, one = 1 - 0.025 ** (1 / 300), 1 - 0.975 ** (1 / 300)
    known, unknown = of_bounds(0, 1, 300), of_bounds(0, 1)
    for place in (0.999, 0.99):
        low, high = interval(place, 1e-6, known)
        assert (low, high) == pytest.approx((place - none, 1 - one))
        assert (1 - high, 1 - low) == pytest.approx(interval(1 - place, 1e-6, known))
    assert interval(0.99995, 1e-6, known) == pytest.approx((0.99995 - none, 0.99995 + 1e-6), abs=1e-6)
    assert interval(0.98, 1e-6, known) == pytest.approx((0.98 - none, 0.98), abs=1e-5)
    for place, half in ((0.98, 0.02), (0.03, 0.02)):
        assert interval(place, half, known) == interval(place, half, unknown)
    # The bend of the logit scale carries no farther than one error does.
    assert interval(1 - 0.01 / 30, 0.003, unknown)[0] < 0.5
    assert interval(1 - 0.01 / 30, 0.003, known)[0] == pytest.approx(1 - stats.beta.ppf(0.975, 1.1, 299.9))


def test_the_same_score_on_every_split_has_no_interval_if_nothing_is_known_of_rows() -> None:
    scores = np.array([[1.0] * 30, [0.7] * 30, [*[0.7] * 29, 0.71]])
    assert np.isnan(intervals(scores, FOLDS, seed=0).half).tolist() == [True, True, False]
    assert np.isnan(intervals(scores[2:], FOLDS, seed=0, constant=np.array([True])).half).all()
    assert intervals(scores, of_bounds(0, 1, 300), seed=0).half[:2] == pytest.approx(1 - 0.025 ** (1 / 300))
