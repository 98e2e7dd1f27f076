"""Oracles: scipy's tests where the correction is left out, and the formula written out by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from stages.lib.config import CV
from stages.lib.data import Columns, Dataset
from stages.lib.engine import TrainTest
from stages.lib.scores.statistics import corrected_error, half_width, p_values
from stages.lib.search import make_splits

RNG = np.random.default_rng(0)
SCORES = RNG.normal(0.7, 0.03, size=(4, 30))


def test_without_the_correction_it_is_scipys_paired_t_test() -> None:
    ours = p_values(SCORES, best=1, test_share=0)
    for row, p in zip(SCORES, ours, strict=True):
        expected = 1.0 if row is SCORES[1] or np.array_equal(row, SCORES[1]) else stats.ttest_rel(SCORES[1], row).pvalue
        assert p == pytest.approx(expected, rel=1e-9)


def test_without_the_correction_it_is_scipys_interval() -> None:
    for row, half in zip(SCORES, half_width(SCORES, test_share=0), strict=True):
        low, high = stats.t.interval(0.95, len(row) - 1, loc=row.mean(), scale=stats.sem(row))
        assert half == pytest.approx((high - low) / 2, rel=1e-9)


def test_the_correction_is_nadeau_and_bengios() -> None:
    row, n_splits, share = SCORES[0], 30, 0.5
    variance = sum((score - row.mean()) ** 2 for score in row) / (n_splits - 1)
    assert corrected_error(row, share) == pytest.approx(math.sqrt((1 / n_splits + share) * variance))
    difference = SCORES[1] - SCORES[0]
    statistic = difference.mean() / math.sqrt((1 / n_splits + share) * difference.var(ddof=1))
    expected = 2 * stats.t.sf(abs(statistic), n_splits - 1)
    assert p_values(SCORES, best=1, test_share=share)[0] == pytest.approx(expected)


def test_corner_cases() -> None:
    best = np.array([0.7, 0.8, 0.9])
    scores = np.stack([best, best, best - 0.1, np.array([0.7, np.nan, 0.9])])
    p = p_values(scores, best=0, test_share=0.5)
    assert p[:3] == pytest.approx([1, 1, 0], abs=1e-6)
    assert np.isnan(p[3])
    assert np.isnan(half_width(scores, 0.5)[3])


def share_of(splits: list[TrainTest]) -> float:
    return sum(len(test) for _, test in splits) / sum(len(train) for train, _ in splits)


@pytest.mark.parametrize("n_splits", [2, 3, 4, 7])
def test_the_share_of_k_folds_needs_no_rows(data: Dataset, n_splits: int) -> None:
    cv = CV(n_splits=n_splits, n_repeats=2)
    assert cv.test_share == share_of(make_splits(data, cv, 0))


def test_the_interval_covers_the_truth_where_the_plain_one_does_not() -> None:
    """Scores of overlapping folds, simulated: a common part, as from shared rows, and one of its own for each."""
    n_splits, share, trials = 30, 0.5, 2000
    # Nadeau and Bengio's model: correlation n_test / (n_test + n_train) between splits.
    correlation = share / (1 + share)
    rng = np.random.default_rng(1)
    common = rng.normal(size=(trials, 1)) * math.sqrt(correlation)
    own = rng.normal(size=(trials, n_splits)) * math.sqrt(1 - correlation)
    scores = common + own
    covered = {s: float((np.abs(scores.mean(axis=1)) <= half_width(scores, s)).mean()) for s in (0, share)}
    assert covered[share] == pytest.approx(0.95, abs=0.015)
    assert covered[0] < 0.6


def test_folds_of_other_sizes_count_with_their_own_rows() -> None:
    groups = np.repeat(np.arange(4), [6, 3, 2, 1])
    data, cv = Dataset(pd.DataFrame(), np.zeros(12), Columns({}), (), groups), CV(n_splits=4, splitter="group")
    splits = make_splits(data, cv, 0)
    assert len({len(test) for _, test in splits}) == 4
    # The mean correlation of two splits is the mean share of the rows that they test on: 1 / 4.
    assert cv.test_share == share_of(splits) == pytest.approx(1 / 3)


def test_where_the_test_does_not_hold_there_is_none() -> None:
    share = CV(n_splits=4, n_repeats=1, splitter="time").test_share
    assert np.isnan(share)
    assert np.isnan(half_width(SCORES, share)).all()
    assert np.isnan(p_values(SCORES, best=1, test_share=share)).all()


def test_one_repeat_with_equal_differences_is_not_certain() -> None:
    """Three splits that differ by one row each, or by fifteen: s is at least one row, so t is known by hand."""
    row = 1 / 100
    for n_rows in (1, 15):
        scores = np.stack([np.array([0.7, 0.72, 0.71]) + n_rows * row, np.array([0.7, 0.72, 0.71])])
        p = p_values(scores, 0, 0.5, row)[1]
        assert p == pytest.approx(2 * stats.t.sf(n_rows / math.sqrt(1 / 3 + 1 / 2), 2))
    # Candidates that are equal stay so, and repeats need no floor.
    assert p_values(np.stack([SCORES[0], SCORES[0]]), 0, 0.5, row)[1] == 1
    assert corrected_error(np.full(30, row), 0.5, row) == pytest.approx(0, abs=1e-12)
    assert corrected_error(np.zeros(3), 0.5, row) == 0
