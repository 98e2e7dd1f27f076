"""Oracle: searches that are drawn with a known truth. `make simulate` draws many more."""

import numpy as np
import pytest

from tests.resampled.simulation.candidates.halving import halve
from tests.resampled.simulation.searches import CASES, draw_search
from tests.resampled.simulation.verdicts import judge

# The shares of 30 candidates that the set holds, at least and at most.
SHARES = {"all equal": (0.85, 1), "one best": (0.03, 0.5), "many close": (0.4, 0.8), "noisy training": (0.8, 1)}


@pytest.mark.parametrize("case", list(CASES))
def test_the_figures_hold_in_few_draws(case: str) -> None:
    drawn = [judge(case, 30, draw) for draw in range(50)]
    errors = np.array([each.error for each in drawn])
    assert abs(errors.mean()) < 0.002 + 2 * errors.std() / len(drawn) ** 0.5
    assert np.mean([each.covers for each in drawn]) >= 0.86
    assert np.mean([each.holds_best for each in drawn]) >= 0.88
    low, high = SHARES[case]
    assert low < np.mean([each.set_share for each in drawn]) < high
    if case == "noisy training":
        assert np.mean([each.plain_error for each in drawn]) > 0.025
        assert np.mean([each.rows_only_error for each in drawn]) > 0.02


def test_the_truth_is_the_mean_over_new_searches() -> None:
    """A search of one's own rows and fits has a mean score that is right on average."""
    drawn = [draw_search("noisy training", 20, np.random.default_rng(draw)) for draw in range(30)]
    errors = np.array([(each.scores.mean(axis=1) - each.truth).mean() for each in drawn])
    assert abs(errors.mean()) < 3 * errors.std() / len(drawn) ** 0.5
    assert errors.std() < 0.02


def test_halving_loses_the_best_more_often_where_training_is_noisy() -> None:
    calm, noisy = ([halve(27, noise, draw) for draw in range(300)] for noise in (0.02, 0.5))
    assert np.mean([each.lost for each in calm]) + 0.1 < np.mean([each.lost for each in noisy])
    assert all(each.regret >= 0 and each.full_regret >= 0 for each in (*calm, *noisy))
    assert not any(halve(1, 0.1, draw).lost for draw in range(3))
