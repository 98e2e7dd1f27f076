"""Searches whose result can be told by hand; test_known_truth.py has searches with a known truth."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from packages.resampled.tests.simulation.searches import Search, draw_search
from resampled.means.corrected import Corrected, corrected_score
from resampled.means.luck import luck
from resampled.means.rows import Rows
from resampled.means.ttest import half_width
from resampled.resampling import Resampling

RNG = np.random.default_rng(1)
FOLDS = Resampling.of_folds(3)


def corrected(scores: np.ndarray, rows: Rows | None, seed: int = 0) -> Corrected:
    found = corrected_score(scores, FOLDS, seed=seed, rows=rows)
    assert found is not None
    return found


def test_one_candidate_keeps_its_mean_with_an_interval_by_rows_and_fits() -> None:
    search = draw_search("noisy training", 1, RNG)
    scores, rows = search.scores, search.rows
    found = corrected(scores, rows)
    assert found.score == pytest.approx(scores.mean(), abs=1e-6)
    assert found.over == "rows and repeats"
    by_rows = luck(scores.var(axis=1, ddof=1), 30, search.by_unit, 0.5)
    half = float(stats.t.ppf(0.975, by_rows.degrees[0]) * by_rows.square[0] ** 0.5)
    assert (found.high - found.score, found.score - found.low) == pytest.approx(
        (half, half), rel=1e-4
    )


def test_a_diverged_candidate_never_wins() -> None:
    search = draw_search("many close", 6, RNG)
    scores, rows = search.scores, search.rows
    without = corrected(scores, rows)
    scores = np.insert(scores, 3, 1.0, axis=0)
    scores[3, 7] = np.nan
    best = [np.insert(each, 3, 1, axis=0) for each in rows.statistics]
    assert corrected(scores, replace(rows, statistics=best)) == without
    assert corrected_score(np.full((2, 6), np.nan), FOLDS, seed=0, rows=None) is None


def test_groups_are_left_out_whole() -> None:
    """One group is easy for one candidate each: single rows would favour whoever has the largest group."""
    groups = np.repeat(np.arange(12), 25)
    own = (
        RNG.random((40, 12)) < 0.5
    )  # the groups that a candidate gets right, by chance
    right = np.repeat(own[:, groups][:, None], 3, axis=1)
    folds = np.stack([(RNG.permutation(12) % 3)[groups] for _ in range(3)])
    search = Search(np.empty(40), right, folds)
    scores = search.scores
    whole, split = (
        corrected(scores, replace(search.rows, groups=units))
        for units in (groups, None)
    )
    assert scores.mean(axis=1).max() > 0.7
    assert split.score > whole.score + 0.05
    assert whole.high - whole.low > 1.5 * (split.high - split.low)


def test_without_rows_it_is_over_splits() -> None:
    scores = RNG.normal(0.7, 0.05, size=(1, 30))
    found = corrected(scores, None)
    assert found.over == "splits"
    assert found.score == pytest.approx(scores.mean(), abs=0.005)
    assert (found.high - found.low) / 2 == pytest.approx(half_width(scores, FOLDS)[0])
    many = RNG.normal(0.7, 0.05, size=(50, 30))
    assert many.mean(axis=1).max() > 0.715
    assert corrected(many, None).score == pytest.approx(0.7, abs=0.012)


def test_one_repeat_leaves_out_folds() -> None:
    search = draw_search("many close", 10, RNG, n_repeats=1)
    found = corrected(search.scores, search.rows)
    assert found.over == "rows and folds"
    assert found.low < 0.72 < found.high


def test_draws_are_the_same_for_all_searches_on_the_same_rows() -> None:
    """Of one candidate in two searches, the other search's candidates change nothing."""
    search = draw_search("many close", 3, np.random.default_rng(2))
    scores, rows = search.scores, search.rows
    scores[1:] = np.nan
    alone, beside = corrected(scores[:1], rows), corrected(scores, rows)
    np.testing.assert_array_equal(alone.draws.selecting, beside.draws.selecting)
    assert alone.draws.left_out.mean() == pytest.approx(alone.score)
    assert len(alone.draws.left_out) == 900
