"""The choice among all searches; simulation/means/winners.py has searches with a known truth."""

from dataclasses import replace

import numpy as np
import pytest

from packages.resampled.tests.simulation.drawing import mean
from packages.resampled.tests.simulation.means.winners import judge_whole
from resampled.means.choice import whole_choice
from resampled.means.corrected import Corrected, Draws

BOUNDS = (0.0, 1.0)
ONE = Draws(np.ones(2), np.ones(2))


def search(score: float, half: float = 0.03, draws: Draws = ONE) -> Corrected:
    return Corrected(
        score, score - half, score + half, "rows and repeats", 0.0001, draws
    )


def chosen(searches: dict[str, Corrected]) -> tuple[float, float, float]:
    found = whole_choice(searches, BOUNDS)
    assert found is not None
    return found.score, found.low, found.high


def test_each_draw_takes_the_search_that_is_best_on_what_selects() -> None:
    one = Draws(np.array([0.8, 0.6, 0.6, 0.6]), np.array([0.71, 0.69, 0.70, 0.70]))
    two = Draws(np.array([0.7, 0.7, 0.7, 0.7]), np.array([0.90, 0.74, 0.72, 0.52]))
    score, low, high = chosen(
        {"a": search(0.70, draws=one), "b": search(0.72, 0.05, two)}
    )
    assert score == pytest.approx((0.71 + 0.74 + 0.72 + 0.52) / 4)
    # A quarter of the draws takes a, and the searches' corrected scores differ by 0.02.
    half = (0.25 * 0.03**2 + 0.75 * 0.05**2 + 1.96**2 * 0.25 * 0.75 * 0.02**2) ** 0.5
    assert (score - low, high - score) == pytest.approx((half, half), rel=1e-4)


def test_searches_that_do_not_share_their_draws_have_none() -> None:
    one = search(0.7)
    others = (
        search(0.7, draws=Draws(np.ones(3), np.ones(3))),
        replace(one, over="splits"),
        None,
    )
    assert [whole_choice({"a": one, "b": other}, BOUNDS) for other in others] == [
        None
    ] * 3
    assert whole_choice({"a": one, "b": one}, BOUNDS) is not None
    assert whole_choice({}, BOUNDS) is None


def test_the_winner_owes_nothing_to_the_choice_among_searches() -> None:
    """Six tables of noisy training, where the winner's own correction is too high by 0.02."""
    drawn = [judge_whole("noisy training", draw) for draw in range(6)]
    errors = np.array([each["corrected for the whole choice"] for each in drawn])
    assert mean(drawn, "the winner's own correction") > errors.mean() + 0.01
    assert abs(errors.mean()) < 0.002 + 2 * errors.std() / len(drawn) ** 0.5
