"""Searches whose result can be told by hand; tests/scores/test_known_truth.py has searches with a known truth."""

import numpy as np
import pytest

from stages.lib.scores import Rows, corrected_score, half_width, pooling
from tests.simulation.searches import draw_search

RNG = np.random.default_rng(1)
MEAN = pooling("accuracy") or pytest.fail("accuracy is a mean over rows")


def rows_of(right: np.ndarray, folds: np.ndarray, groups: np.ndarray | None = None) -> tuple[np.ndarray, Rows]:
    """Return the scores and rows of predictions, of shape (n_candidates, n_repeats, n_rows), right or wrong."""
    tests = [(repeat, np.flatnonzero(folds[repeat] == fold)) for repeat in range(len(folds)) for fold in range(3)]
    found = [right[:, repeat, test].astype(np.float32) for repeat, test in tests]
    scores = np.stack([part.mean(axis=1) for part in found], axis=1)
    statistics = [np.stack([np.ones_like(part), part], axis=2) for part in found]
    return scores, Rows(statistics, [test for _, test in tests], groups, MEAN)


def test_one_candidate_keeps_its_mean() -> None:
    search = draw_search("noisy training", 1, RNG)
    scores, rows = rows_of(search.right, search.folds)
    found = corrected_score(scores, n_repeats=10, seed=0, rows=rows)
    assert found is not None
    assert found.score == pytest.approx(scores.mean(), abs=1e-6)
    assert found.low < found.score < found.high
    assert found.over == "rows and repeats"


def test_a_clear_winner_keeps_its_mean() -> None:
    right = RNG.random((5, 4, 300)) < np.array([0.5, 0.5, 0.9, 0.5, 0.5])[:, None, None]
    scores, rows = rows_of(right, np.stack([RNG.permutation(300) % 3 for _ in range(4)]))
    found = corrected_score(scores, n_repeats=4, seed=0, rows=rows)
    assert found is not None
    assert found.score == pytest.approx(scores[2].mean(), abs=1e-6)


def test_a_diverged_candidate_never_wins() -> None:
    search = draw_search("many close", 6, RNG)
    scores, rows = rows_of(search.right, search.folds)
    without = corrected_score(scores, n_repeats=10, seed=0, rows=rows)
    scores = np.insert(scores, 3, 1.0, axis=0)
    scores[3, 7] = np.nan
    best = [np.insert(each, 3, 1, axis=0) for each in rows.statistics]
    assert corrected_score(scores, n_repeats=10, seed=0, rows=Rows(best, rows.tests, None, MEAN)) == without
    assert corrected_score(np.full((2, 6), np.nan), n_repeats=2, seed=0, rows=None) is None


def test_groups_are_left_out_whole() -> None:
    """One group is easy for one candidate each: single rows would favour whoever has the largest group."""
    groups = np.repeat(np.arange(12), 25)
    own = RNG.random((40, 12)) < 0.5  # the groups that a candidate gets right, by chance
    right = np.repeat(own[:, groups][:, None], 3, axis=1)
    folds = np.stack([(RNG.permutation(12) % 3)[groups] for _ in range(3)])
    scores, rows = rows_of(right, folds, groups)
    whole, split = (
        corrected_score(scores, n_repeats=3, seed=0, rows=Rows(rows.statistics, rows.tests, units, MEAN))
        for units in (groups, None)
    )
    assert whole is not None
    assert split is not None
    assert scores.mean(axis=1).max() > 0.7
    assert split.score > whole.score + 0.05
    assert whole.high - whole.low > 1.5 * (split.high - split.low)


def test_blocks_serve_as_rows() -> None:
    search = draw_search("many close", 4, RNG)
    scores, rows = rows_of(search.right, search.folds)
    blocks = RNG.integers(50, size=search.right.shape[2])
    summed = [
        np.stack([[each[np.take(blocks, test) == block].sum(axis=0) for block in range(50)] for each in statistics])
        for statistics, test in zip(rows.statistics, rows.tests, strict=True)
    ]
    whole = corrected_score(scores, n_repeats=10, seed=0, rows=rows)
    pooled = corrected_score(scores, n_repeats=10, seed=0, rows=Rows(summed, [np.arange(50)] * 30, None, MEAN))
    assert whole is not None
    assert pooled is not None
    assert pooled.score == pytest.approx(whole.score, abs=0.004)


def test_without_rows_it_is_over_splits() -> None:
    scores = RNG.normal(0.7, 0.05, size=(1, 30))
    found = corrected_score(scores, n_repeats=10, seed=0, rows=None)
    assert found is not None
    assert found.over == "splits"
    assert found.score == pytest.approx(scores.mean(), abs=0.005)
    assert (found.high - found.low) / 2 == pytest.approx(half_width(scores, 0.5)[0])
    many = RNG.normal(0.7, 0.05, size=(50, 30))
    corrected = corrected_score(many, n_repeats=10, seed=0, rows=None)
    assert corrected is not None
    assert many.mean(axis=1).max() > 0.715
    assert corrected.score == pytest.approx(0.7, abs=0.012)


def test_one_repeat_leaves_out_folds() -> None:
    search = draw_search("many close", 10, RNG, n_repeats=1)
    scores, rows = rows_of(search.right, search.folds)
    found = corrected_score(scores, n_repeats=1, seed=0, rows=rows)
    assert found is not None
    assert found.over == "rows and folds"
    assert found.low < 0.72 < found.high
    assert found == corrected_score(scores, n_repeats=1, seed=0, rows=rows)


def test_the_draws_own_noise_is_small_and_known() -> None:
    """Two seeds differ by what the noise says, which is far below what candidates differ by."""
    search = draw_search("many close", 8, np.random.default_rng(1))
    scores, rows = rows_of(search.right, search.folds)
    found = [corrected_score(scores, n_repeats=10, seed=seed, rows=rows) for seed in range(4)]
    drawn = [each for each in found if each is not None]
    assert 0 < max(each.noise for each in drawn) < 0.0003
    assert np.std([each.score for each in drawn]) < 4 * drawn[0].noise


def test_draws_are_the_same_for_all_searches_on_the_same_rows() -> None:
    """Of one candidate in two searches, the other search's candidates change nothing."""
    search = draw_search("many close", 3, np.random.default_rng(2))
    scores, rows = rows_of(search.right, search.folds)
    scores[1:] = np.nan
    alone = corrected_score(scores[:1], n_repeats=10, seed=5, rows=rows)
    beside = corrected_score(scores, n_repeats=10, seed=5, rows=rows)
    assert alone is not None
    assert beside is not None
    np.testing.assert_array_equal(alone.draws.selecting, beside.draws.selecting)
    assert alone.draws.left_out.mean() == pytest.approx(alone.score)
    assert len(alone.draws.left_out) == 900
