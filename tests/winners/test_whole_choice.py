"""The choice among all searches; tests/simulation/whole.py has searches with a known truth."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stages.lib.common import UserError, write_text
from stages.lib.scores import Draws
from stages.lib.winners.whole_choice import read_draws, ties, whole_choice
from tests.simulation.whole import judge_whole

BOUNDS = (0.0, 1.0)


def search(score: float, half: float = 0.03, over: str = "rows and repeats", noise: float = 0.0001) -> dict[str, Any]:
    ends = {"best_score_corrected_low": score - half, "best_score_corrected_high": score + half}
    return {"best_score_corrected": score, "corrected_over": over, "corrected_noise": noise} | ends


def test_each_draw_takes_the_search_that_is_best_on_what_selects() -> None:
    searches = {"a": search(0.70), "b": search(0.72, 0.05)}
    draws = {
        "a": Draws(np.array([0.8, 0.6, 0.6, 0.6]), np.array([0.71, 0.69, 0.70, 0.70])),
        "b": Draws(np.array([0.7, 0.7, 0.7, 0.7]), np.array([0.90, 0.74, 0.72, 0.52])),
    }
    found = whole_choice(searches, draws, BOUNDS)
    assert found is not None
    score, low, high = found
    assert score == pytest.approx((0.71 + 0.74 + 0.72 + 0.52) / 4)
    # A quarter of the draws takes a, and the searches' corrected scores differ by 0.02.
    half = (0.25 * 0.03**2 + 0.75 * 0.05**2 + 1.96**2 * 0.25 * 0.75 * 0.02**2) ** 0.5
    assert (score - low, high - score) == pytest.approx((half, half), rel=1e-4)


def test_one_search_keeps_its_own() -> None:
    draws = {"a": Draws(np.array([0.8, 0.6]), np.array([0.69, 0.71]))}
    assert whole_choice({"a": search(0.7)}, draws, BOUNDS) == pytest.approx((0.7, 0.67, 0.73))
    assert whole_choice({"a": search(0.99)}, {"a": Draws(np.ones(1), np.array([0.99]))}, BOUNDS) == pytest.approx(
        (0.99, 0.96, 1)
    )


def test_searches_that_do_not_share_their_draws_have_none() -> None:
    one, two = Draws(np.ones(2), np.ones(2)), Draws(np.ones(3), np.ones(3))
    both = {"a": search(0.7), "b": search(0.7)}
    assert whole_choice(both, {"a": one, "b": two}, BOUNDS) is None
    assert whole_choice(both | {"b": search(0.7, over="splits")}, {"a": one, "b": one}, BOUNDS) is None
    assert whole_choice(both | {"b": {}}, {"a": one, "b": one}, BOUNDS) is None
    halved = both | {"b": search(0.7, over="rows and repeats, among the 2 trained to the end")}
    assert whole_choice(halved, {"a": one, "b": one}, BOUNDS) is not None


def test_scores_within_the_noise_of_the_draws_are_ties() -> None:
    searches = {"a": search(0.7), "b": search(0.7002), "c": search(0.71), "d": {}}
    assert ties(searches) == {"a": True, "b": False, "c": False, "d": False}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "metrics/draws/a.csv is missing"), ("x\n1\n", "is not the draws of a search. Run `dvc repro search@a`.")],
)
def test_a_bad_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if content:
        write_text("metrics/draws/a.csv", content)
    with pytest.raises(UserError) as caught:
        read_draws("a")
    assert sentence in str(caught.value)


def test_the_file_gives_back_the_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_text("metrics/draws/a.csv", Draws(np.array([0.123456789, np.nan]), np.array([-1e-7, 0.5])).to_csv())
    found = read_draws("a")
    np.testing.assert_array_equal(found.selecting, [0.123457, np.nan])
    np.testing.assert_array_equal(found.left_out, [-1e-7, 0.5])


def test_the_winner_owes_nothing_to_the_choice_among_searches() -> None:
    """Twelve tables of noisy training, where the winner's own correction is too high by 0.02."""
    drawn = [judge_whole("noisy training", draw) for draw in range(12)]
    errors = np.array([each.error for each in drawn])
    assert np.mean([each.own_error for each in drawn]) > errors.mean() + 0.01
    assert abs(errors.mean()) < 0.002 + 2 * errors.std() / len(drawn) ** 0.5
