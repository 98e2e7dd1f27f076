"""The verdict on two nets. Oracles: SciPy's tests, and the definitions spelled out."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from packages.resampled.tests.simulation.searches import by_row
from resampled.means.ttest import corrected_error
from resampled.pairs.family import BETTER, LEVEL, UNDECIDED, UNTESTED, judge
from resampled.pairs.pair import Pair
from resampled.resampling import Resampling

RNG = np.random.default_rng(0)
FOLDS = Resampling.of_folds(3)
NONE = np.zeros(30, dtype=bool)


def pair(
    old: np.ndarray,
    new: np.ndarray,
    stuck: Any = NONE,
    old_stuck: Any = NONE,
    **more: Any,
) -> Pair:
    return replace(Pair(old, new, FOLDS, 0.01, old_stuck, stuck), **more)


def noise(scale: float = 0.01, n: int = 30) -> np.ndarray:
    drawn = RNG.normal(scale=scale, size=n)
    return np.asarray(drawn - drawn.mean())


def test_of_scores_alone_half_more_is_shared_than_by_nadeau_and_bengio_and_the_rest_is_students() -> (
    None
):
    old, new = 0.7 + noise(n=10), 0.72 + noise(n=10)
    folds = Resampling.of_folds(10)
    found = Pair(old, new, folds, 0.01)
    error = float(corrected_error(new - old, replace(folds, test_share=1.5 / 9)))
    assert found.error == pytest.approx(error)
    assert found.difference == pytest.approx(0.02)
    assert found.p_value == pytest.approx(2 * stats.t.sf(0.02 / error, 9))
    low, high = stats.t.interval(0.95, 9, 0.02, error)
    assert found.half_width() == pytest.approx((high - low) / 2)
    assert found.share_beyond == pytest.approx(stats.t.sf(0.01, 9, 0.02, error))


def test_one_row_that_flips_is_not_level_although_the_interval_is_inside_the_rope() -> (
    None
):
    """Of 300 rows, one in a hundred may: one flips in exp(-3) · 3 of such tables. Of 3,000 rows, it may not."""
    old, new = np.full(30, 0.7), np.full(30, 0.7)
    new[::3] += 0.01  # a row of 100 in each repeat
    hits = np.zeros((2, 10, 300), dtype=bool)
    hits[1, :, 0] = True
    by_unit = by_row(hits, np.tile(np.arange(300) % 3, (10, 1)))
    few, many = (
        pair(old, new, resampling=Resampling.of_folds(3, n, (0, 1)), by_unit=by_unit)
        for n in (300, 3000)
    )
    assert few.difference + few.half_width(0.9) < 0.01
    assert (
        judge({"": few})[""].word == judge({"": pair(old, new)})[""].word == UNDECIDED
    )
    new[::3] -= 0.009
    assert judge({"": many})[""].word == LEVEL


def test_two_splits_have_no_interval() -> None:
    """Their one degree of freedom would make it wider than any score."""
    two = Pair(
        np.array([0.7, 0.71]), np.array([0.8, 0.82]), Resampling.of_folds(2), 0.01
    )
    diverged = pair(0.7 + noise(), np.where(np.arange(30) == 2, np.nan, 0.7))
    assert [
        each.word for each in judge({"two": two, "diverged": diverged}).values()
    ] == [UNTESTED] * 2
    old, stuck = 0.7 + noise(), np.arange(30) < 28
    assert pair(old, old + 0.01, stuck).without_stuck() is None
    assert (
        pair(old, old + 0.01, stuck & (np.arange(30) > 0)).without_stuck() is not None
    )


def test_a_difference_beyond_chance_but_inside_the_rope_is_no_gain() -> None:
    old = 0.7 + noise()
    gain = old + 0.008 + noise(0.004)
    assert pair(old, gain).p_value < 0.05
    assert judge({"": pair(old, gain)})[""].word != BETTER
    assert judge({"": pair(old, gain, rope=0.001)})[""].word == BETTER


def test_the_number_of_changes_counts() -> None:
    """Holm: the smallest of m p-values is multiplied by m."""
    old = 0.7 + noise()
    found = pair(old, old + noise(0.03) + 0.056)
    assert 0.01 < found.p_value < 0.05
    same = {str(i): pair(old, old + noise(0.03)) for i in range(7)}
    assert judge({"one": found})["one"].word == BETTER
    assert judge({"one": found, **same})["one"].word == UNDECIDED
    unchanged = {str(i): pair(old, old) for i in range(7)}
    assert judge({"one": found, **unchanged})["one"].word == BETTER


def test_stuck_fits_are_left_out_in_pairs_and_their_counts_tested() -> None:
    old, stuck, before = 0.7 + noise(), np.arange(30) < 6, np.arange(30) >= 28
    found = pair(old, np.where(stuck, 0.35, old + 0.01), stuck, before)
    others = found.without_stuck()
    assert others is not None
    assert others.n_splits == 22
    assert others.difference == pytest.approx(0.01)
    # McNemar: 6 of 8 discordant pairs.
    assert found.p_stuck() == pytest.approx(stats.binomtest(6, 8).pvalue)
    assert pair(old, old, before, before).p_stuck() == 1
    assert pair(old, old, ~before, before).without_stuck() is None


def test_what_is_left_without_stuck_splits_does_not_pass_for_whole_repeats() -> None:
    """27 of 30 splits could be cut into nine threes, but not into nine repeats, so nothing is known of rows."""
    old, new, stuck = 0.7 + noise(), 0.7 + noise(), np.isin(np.arange(30), [2, 12, 22])
    by_unit = by_row(
        RNG.random((2, 10, 60)) < 0.7,
        np.stack([RNG.permutation(60) % 3 for _ in range(10)]),
    )
    whole, left = (
        pair(old, new, each, by_unit=by_unit).without_stuck() for each in (NONE, stuck)
    )
    assert whole is not None
    assert left is not None
    assert left.error == pytest.approx(
        ((1 / 27 + 0.75) * (new - old)[~stuck].var(ddof=1)) ** 0.5
    )
    assert whole.error == pair(old, new, by_unit=by_unit).error != pair(old, new).error
