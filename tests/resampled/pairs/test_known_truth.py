"""Oracle: pairs of nets whose true difference is known. `make simulate` draws many more."""

import numpy as np
import pytest

from resampled.pairs.family import BETTER, LEVEL, WORSE
from tests.resampled.simulation.pairs.changes import (
    FITS,
    ROPE,
    Judged,
    claims,
    draw_changes,
    judge_changes,
    judge_families,
)
from tests.resampled.simulation.pairs.wearing import judge_picks, wear_out


def share(judged: list[Judged], word: str, attribute: str = "word") -> float:
    return float(np.mean([getattr(each, attribute) == word for each in judged]))


@pytest.mark.parametrize("name", ["calm, 0.017", "no chance in training", "0.35 in 1 of 10, now"])
@pytest.mark.parametrize("true", [0.0, 0.03])
def test_the_truth_is_the_mean_difference_and_stuck_fits_count(name: str, true: float) -> None:
    found = np.array([pair.difference for pair in draw_changes(FITS[name], true, 60, seed=1)])
    assert abs(found.mean() - true) < 3 * found.std() / len(found) ** 0.5
    assert found.std() < 0.03


def test_equal_nets_are_seldom_called_better_or_worse() -> None:
    """Without chance in training, the plain standard error would claim a difference in a third of them."""
    for name in ("calm, 0.017", "no chance in training", "0.35 in 1 of 10, before and now"):
        judged = judge_changes(name, 0.0, 100)
        assert np.mean([claims(each.word) for each in judged]) <= 0.07


def test_a_large_difference_is_found_and_more_often_than_by_nadeau_and_bengio() -> None:
    judged = judge_changes("calm, 0.017", 0.05, 60)
    assert share(judged, BETTER) > 0.75
    assert share(judged, BETTER, "corrected") < 0.45
    assert share(judge_changes("calm, 0.017", -0.05, 40), WORSE) > 0.7


def test_level_is_said_of_nets_that_predict_alike_and_not_at_the_rope() -> None:
    assert share(judge_changes("nearly the same predictions", 0.0, 100), LEVEL) > 0.2
    assert share(judge_changes("nearly the same predictions", ROPE, 100), LEVEL) <= 0.05


def test_without_its_stuck_splits_a_net_looks_better_than_it_is() -> None:
    """Both are equally good on average: the fits that are not stuck are better by 0.041, or 0.37 in nine."""
    rest = [pair.without_stuck() for pair in draw_changes(FITS["0.35 in 1 of 10, now"], 0.0, 100, seed=2)]
    differences = np.array([pair.difference for pair in rest if pair])
    assert differences.mean() == pytest.approx(0.37 / 9, abs=0.005)


def test_a_family_of_eight_holds_its_level() -> None:
    found = judge_families("no chance in training", 40)
    assert np.mean([each.claimed for each in found]) <= 0.1 < np.mean([each.alone for each in found])


def test_fresh_splits_wear_out() -> None:
    one, many = (wear_out("calm, 0.017", n, 30) for n in (1, 8))
    assert abs(np.mean([each.gain for each in one])) < 0.004
    assert np.mean([each.gain for each in many]) > 0.006
    assert np.mean([each.gain_anew for each in many]) < 0.8 * np.mean([each.gain for each in many])


def test_a_pick_keeps_the_luck_of_its_rows() -> None:
    """Where training has no chance, other splits of the same rows say the same again."""
    found = judge_picks("no chance in training", 1, 20, 40)
    assert np.mean([each.gain for each in found]) > 0.015
    assert np.mean([each.claimed for each in found]) > 0.05
