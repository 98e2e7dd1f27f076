"""Oracle: scipy's t-test for two candidates; test_known_truth.py has searches with a known truth."""

import numpy as np
import pytest
from scipy import stats

from resampled.candidates.best_set import best_set, simplest
from resampled.means.by_unit import ByUnit
from resampled.means.differences import errors_of_pairs
from resampled.means.ttest import p_values
from resampled.resampling import Resampling

RNG = np.random.default_rng(8)
FOLDS = Resampling.of_folds(3)


@pytest.mark.parametrize("gap", [0.5, 1.5, 1.68, 1.72, 2.5])
def test_of_two_and_one_repeat_it_is_the_one_sided_test(gap: float) -> None:
    """One repeat of 30 folds: t(0.95, 29) is 1.699."""
    folds = Resampling.of_folds(30)
    differences = RNG.normal(size=30)
    differences = (differences - differences.mean()) / differences.std(ddof=1)
    differences = differences * 0.01 / np.sqrt(1 / 30 + 1.5 / 29) + gap * 0.01
    common = RNG.normal(0.7, 0.1, size=30)
    scores = np.stack([common, common + differences])
    errors = errors_of_pairs(scores, folds)
    p = p_values(scores, 1, folds, errors.error[1], errors.degrees[1])[0] / 2
    assert p == pytest.approx(stats.t.sf(gap, 29))
    assert best_set(scores, folds, 0).tolist() == [p > 0.05, True]


def test_repeats_that_agree_count_as_one() -> None:
    """Copies of one repeat tell nothing new: the set is that of the one, though the splits are ten times as many."""
    one = RNG.normal(0.7, 0.02, size=(20, 3))
    one[0] += 0.02
    assert best_set(np.tile(one, 10), FOLDS, 0).sum() > 10


def test_the_simplest_is_least_in_the_first_number_then_the_next_then_best_in_the_mean() -> (
    None
):
    sizes = [np.array([9, 5, 5, 5, 1]), np.array([1, 9, 2, 2, 1])]
    means = np.array([0.9, 0.8, 0.7, 0.75, 0.99])
    assert simplest(np.array([True, True, True, True, False]), sizes, means) == 3
    assert simplest(np.array([True, True, False, False, False]), sizes, means) == 1
    assert simplest(np.ones(5, dtype=bool), sizes, np.full(5, 0.7)) == 4
    assert (
        simplest(np.ones(5, dtype=bool), [], means) == 4
    )  # nothing is simpler: the best


def test_corner_cases() -> None:
    best = RNG.normal(0.7, 0.03, size=6)
    scores = np.stack([best, best, best - 0.1, best])
    scores[3, 2] = np.nan
    assert best_set(scores, FOLDS, 0).tolist() == [True, True, False, False]
    assert best_set(np.full((3, 6), 0.7), FOLDS, 0).all()
    assert not best_set(np.full((2, 6), np.nan), FOLDS, 0).any()
    assert not best_set(scores, Resampling(float("nan")), 0).any()
    # One repeat with equal differences excludes none.
    scores = np.array([[0.7, 0.72, 0.71], [0.69, 0.71, 0.70], [0.4, 0.42, 0.41]])
    assert best_set(scores, FOLDS, 0).tolist() == [True, False, False]
    assert best_set(scores, Resampling.of_folds(3, 300, (0, 1)), 0).tolist() == [
        True,
        True,
        False,
    ]
    # The unit does not matter.
    scores = RNG.normal(0.7, 0.02, size=(20, 30))
    scores[0] += 0.02
    assert (
        best_set(scores, FOLDS, 0).tolist()
        == best_set(scores * 1e-13, FOLDS, 0).tolist()
    )


@pytest.mark.parametrize("n_more", range(12, 28, 2))
def test_the_same_scores_by_other_rows_change_no_decision(n_more: int) -> None:
    """Where one more has the same score as another on every split, by other rows, the set stays what it was."""
    n_folds, n_rows = 6, 300
    folds = np.arange(n_rows) % n_folds
    tested = np.arange(n_folds)[:, None] == folds
    rng = np.random.default_rng(4)
    hits = np.stack([rng.permutation(n_rows) < 200 for _ in range(20)])
    missed = np.flatnonzero(~hits[0])
    hits[1] = hits[0]
    hits[1, rng.choice(missed, n_more, replace=False)] = True
    again = hits[0].copy()
    for fold in tested:
        again[fold] = rng.permutation(again[fold])
    rows = np.vstack([hits, again]).astype(float)
    scores = np.stack([rows[:, fold].mean(axis=1) for fold in tested], axis=1)
    resampling = Resampling.of_folds(n_folds)

    def found(n: int) -> list[bool]:
        by_unit = ByUnit.of(rows[:n, None], tested)
        return list(best_set(scores[:n], resampling, 0, by_unit))

    assert found(len(rows))[:-1] == found(len(rows) - 1)
