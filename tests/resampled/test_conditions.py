"""Oracle: cases with a known truth, in which few rows or fits decide. `make simulate` draws many more."""

import numpy as np
import pytest

from tests.resampled.simulation.candidates.thresholds import THRESHOLDS, draw_scores, judge_thresholds
from tests.resampled.simulation.means.one_best import judge_lead
from tests.resampled.simulation.means.perfect import judge_perfect
from tests.resampled.simulation.means.rare import judge_rare, truth
from tests.resampled.simulation.pairs.few import PAIRS, draw_pair, judge_few


@pytest.mark.parametrize("name", list(PAIRS))
def test_the_truth_is_the_mean_difference(name: str) -> None:
    found = [draw_pair(PAIRS[name], np.random.default_rng(draw)).difference for draw in range(100)]
    assert abs(np.mean(found) - PAIRS[name].truth) < 3 * np.std(found) / len(found) ** 0.5


def test_few_rows_that_differ_are_seldom_called_level() -> None:
    for name in ("1 % of rows gained, 300 rows", "1 % of rows gained, 768 rows"):
        judged = [judge_few(name, draw) for draw in range(100)]
        assert np.mean([each.now for each in judged]) <= 0.05 < np.mean([each.before for each in judged])
        assert np.mean([each.alone for each in judged]) <= 0.05
    same = [judge_few("no difference, 3,000 rows", draw) for draw in range(20)]
    assert np.mean([each.now for each in same]) > 0.8


def test_level_can_not_see_fits_that_are_seldom_stuck() -> None:
    """As it says: of 30 fits, none is stuck in 0.4 of such pairs."""
    judged = [judge_few("stuck in 2.8 of 100 fits, 768 rows", draw) for draw in range(60)]
    assert np.mean([each.now for each in judged]) > 0.25


def test_intervals_of_nearly_perfect_scores_hold_the_truth() -> None:
    judged = [judge_perfect(0.998, 300, "no chance in training", draw) for draw in range(40)]
    for name, before in (("mean", 0.65), ("alone", 0.65), ("corrected", 0.55)):
        assert np.mean([getattr(each, name) for each in judged]) >= 0.9
        assert np.mean([getattr(each, f"{name}_before") for each in judged]) < before


def test_intervals_of_rare_classes_hold_the_truth() -> None:
    name = "balanced accuracy of 0.9"
    true = truth(name, 20_000, 5)
    assert true == pytest.approx(0.9, abs=0.003)
    judged = [judge_rare(name, 99, true, draw) for draw in range(60)]
    assert np.mean([each.corrected for each in judged]) >= 0.9
    assert np.mean([each.mean for each in judged]) >= 0.9
    assert np.mean([each.corrected_before for each in judged]) < 0.92


def test_learners_with_thresholds_are_equally_good_and_taken_apart_too_often() -> None:
    name = "hard, at the slope"
    scores = draw_scores(THRESHOLDS[name], 3, 2, 300, np.random.default_rng(0)).mean(axis=2)
    gaps = scores[:, 0] - scores[:, 1]
    assert abs(gaps.mean()) < 3 * gaps.std() / len(gaps) ** 0.5
    judged = judge_thresholds(name, 3, 10, 0.2, 100)
    assert np.mean([each.excluded for each in judged]) > 0.08
    assert np.mean([each.claimed for each in judged]) > 0.1
    stable = judge_thresholds("no threshold", 3, 10, 0.2, 100)
    assert np.mean([each.excluded for each in stable]) <= 0.09


def test_the_corrected_score_is_too_low_where_draws_miss_the_best() -> None:
    judged = [judge_lead("noisy, by less", draw) for draw in range(25)]
    assert np.mean([each.error for each in judged]) < -0.004
    assert 0.4 < np.mean([each.best_wins for each in judged]) < 1
    assert all(judge_lead("calm", draw).best_wins for draw in range(3))
