"""Oracles: scipy's tests where the correction is left out, and the formula written out by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from resampled.means.ttest import corrected_error, half_width, p_values
from resampled.resampling import Resampling

RNG = np.random.default_rng(0)
SCORES = RNG.normal(0.7, 0.03, size=(4, 30))
FOLDS, PLAIN = Resampling.of_folds(3), Resampling(0.0)


def test_without_the_correction_it_is_scipys_paired_t_test() -> None:
    ours = p_values(SCORES, 1, PLAIN)
    for row, p in zip(SCORES, ours, strict=True):
        expected = (
            1.0
            if row is SCORES[1] or np.array_equal(row, SCORES[1])
            else stats.ttest_rel(SCORES[1], row).pvalue
        )
        assert p == pytest.approx(expected, rel=1e-9)


def test_the_correction_is_nadeau_and_bengios() -> None:
    row, n_splits, share = SCORES[0], 30, 0.5
    variance = sum((score - row.mean()) ** 2 for score in row) / (n_splits - 1)
    assert corrected_error(row, FOLDS) == pytest.approx(
        math.sqrt((1 / n_splits + share) * variance)
    )
    difference = SCORES[1] - SCORES[0]
    statistic = difference.mean() / math.sqrt(
        (1 / n_splits + share) * difference.var(ddof=1)
    )
    expected = 2 * stats.t.sf(abs(statistic), n_splits - 1)
    assert p_values(SCORES, 1, FOLDS)[0] == pytest.approx(expected)


def test_corner_cases() -> None:
    best = np.array([0.7, 0.8, 0.9])
    scores = np.stack([best, best, best - 0.1, np.array([0.7, np.nan, 0.9])])
    p = p_values(scores, 0, FOLDS)
    assert p[:3] == pytest.approx([1, 1, 0], abs=1e-6)
    assert np.isnan(p[3])
    assert np.isnan(half_width(scores, FOLDS)[3])
    assert np.isnan(
        p_values(SCORES, 1, Resampling(math.nan))
    ).all()  # in the order of time


def test_one_repeat_with_equal_differences_is_not_certain() -> None:
    """Three splits that differ by one row each, or by fifteen: s is at least one row, so t is known by hand."""
    row, folds = 1 / 100, Resampling.of_folds(3, 300, (0, 1))
    for n_rows in (1, 15):
        scores = np.stack(
            [np.array([0.7, 0.72, 0.71]) + n_rows * row, np.array([0.7, 0.72, 0.71])]
        )
        p = p_values(scores, 0, folds)[1]
        assert p == pytest.approx(2 * stats.t.sf(n_rows / math.sqrt(1 / 3 + 1 / 2), 2))
    # Candidates that are equal stay so, and repeats need no floor.
    assert p_values(np.stack([SCORES[0], SCORES[0]]), 0, folds)[1] == 1
    assert corrected_error(np.full(30, row), folds) == pytest.approx(0, abs=1e-12)
    assert corrected_error(np.zeros(3), folds) == 0
