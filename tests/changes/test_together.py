"""Several searches as one. Oracles: the formula spelled out, and results that are drawn."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from resampled.pairs.pair import Pair
from resampled.resampling import Resampling
from stages.lib.changes.pairing import Together

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
    assert (found.n_searches, found.n_candidates) == (2, 4)
    of_splits = differences[0] / 2 + sum(differences[1:]) / 6
    error = ((1 / 30 + 0.5) * np.var(of_splits, ddof=1)) ** 0.5
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
