"""Several searches as one. Oracles: the formula spelled out, and results that are drawn."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from resampled.pairs.pair import Pair
from resampled.resampling import Resampling
from stages.lib.diff.differences import Hindrances
from stages.lib.diff.pairing import Sides, Together
from stages.lib.diff.side import Scored, Side
from stages.lib.repository.snapshot import Snapshot

RNG = np.random.default_rng(0)
FOLDS = Resampling.of_folds(3)


def pair(difference: np.ndarray) -> Pair:
    return Pair(np.full(30, 0.7), 0.7 + difference, FOLDS, 0.01)


def gain(mean: float, noise: float = 0.01) -> Pair:
    drawn = RNG.normal(scale=noise, size=30)
    return pair(mean + drawn - drawn.mean())


def test_searches_have_equal_weights_and_the_error_takes_all_of_the_variance() -> None:
    differences = [RNG.normal(size=30) for _ in range(4)]
    one, *three = map(pair, differences)
    found = Together.of([[one], three], [one, three[0]])
    assert found is not None
    assert found.n_candidates == 4
    of_splits = differences[0] / 2 + sum(differences[1:]) / 6
    error = ((1 / 30 + 0.75) * np.var(of_splits, ddof=1)) ** 0.5
    assert found.candidates.difference == pytest.approx(of_splits.mean())
    assert found.candidates.error == pytest.approx(error)
    assert found.candidates.p_value == pytest.approx(2 * stats.t.sf(abs(of_splits.mean()) / error, 29))
    assert found.picks.difference == pytest.approx((differences[0] + differences[1]).mean() / 2)


def test_one_search_is_not_several_and_what_scores_the_same_gains_nothing() -> None:
    one = gain(0.03)
    assert Together.of([[one, one]], [one]) is None
    assert Together.of([[pair(np.zeros(30))], [pair(np.zeros(30))]], [one, one]) is None
    in_time = replace(one, resampling=Resampling(float("nan")))
    assert Together.of([[in_time], [in_time]], [in_time, in_time]) is None


def test_a_gain_that_the_picks_or_the_kept_net_do_not_have_is_none() -> None:
    def agrees(picks: float, kept: float | None, side: int = 1, noise: float = 0.01) -> bool:
        found = Together.of([[gain(side * 0.1)], [gain(side * 0.1)]], [gain(picks, noise), gain(picks, noise)])
        assert found is not None
        return found.agrees(None if kept is None else gain(kept))

    assert agrees(0.05, 0.01)
    assert agrees(0.05, None)
    assert agrees(0.05, 0.0)
    assert not agrees(0.05, -0.008)  # is inside the rope, but not by a standard error
    assert not agrees(0.008, 0.01, noise=0.001)  # is inside the rope
    assert not agrees(0.05, 0.01, noise=0.2)  # could be chance
    assert not agrees(-0.05, 0.01)
    assert agrees(-0.05, -0.01, side=-1)
    assert not agrees(-0.05, 0.011, side=-1)


def test_picks_are_judged_by_what_is_kept_of_rows_in_the_repeats_that_both_have() -> None:
    """By the second scorer, nothing is known of rows."""
    none, second = np.zeros(30, dtype=bool), RNG.normal(size=(2, 30))
    scores, by_unit = RNG.normal(size=(2, 30)), RNG.normal(size=(2, 10, 50))
    old = Scored("a", scores[0], none, 0.1, second=second[0], second_name="r2", by_unit=by_unit[0])
    new = Scored("b", scores[1][:12], none, 0.1, second=second[1][:12], second_name="r2", by_unit=by_unit[1][:4])
    sides = Sides(*(Side(Snapshot(name, name)) for name in ("old", "new")))
    vars(sides)["hindrances"] = Hindrances([], [], [])
    for results, each in ((sides.old, old), (sides.new, new)):
        vars(results).update(fresh={"lr": each}, evaluated={"cv.n_splits": 3}, resampling=lambda _scoring: FOLDS)
    pair, other = sides.difference("lr", "lr"), sides.second("lr", "lr")
    assert isinstance(pair, Pair)
    assert pair.error == Pair(scores[0][:12], scores[1][:12], FOLDS, 0.01, by_unit=by_unit[:, :4]).error
    assert other is not None
    assert other.error == Pair(second[0][:12], second[1][:12], FOLDS, 0.01).error
