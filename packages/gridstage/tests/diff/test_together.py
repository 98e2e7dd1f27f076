"""Oracles: the formula of several searches as one spelled out, a table written by hand, and commits whose true
differences are known, of which `make simulate` draws many more."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from benchmarks.simulation.headlines import (
    IN_PAIRS,
    KINDS,
    OTHER_ROWS,
    SAME_ROWS,
    draw_commits,
    judge_headlines,
    true_scores,
)
from gridstage.common import write_text
from gridstage.diff.comparison import compare
from gridstage.diff.differences import Hindrances
from gridstage.diff.headline import parts
from gridstage.diff.pairing import Sides, Together
from gridstage.diff.side import Scored, Side
from gridstage.repository.snapshot import Snapshot
from packages.gridstage.tests.refusals import refused
from packages.resampled.tests.simulation.searches import by_row
from resampled.pairs.pair import Pair
from resampled.resampling import Resampling

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
    assert found.candidates.p_value == pytest.approx(
        2 * stats.t.sf(abs(of_splits.mean()) / error, 29)
    )
    assert found.picks.difference == pytest.approx(
        (differences[0] + differences[1]).mean() / 2
    )


def test_one_search_is_not_several_and_what_scores_the_same_gains_nothing() -> None:
    one = gain(0.03)
    assert Together.of([[one, one]], [one]) is None
    assert Together.of([[pair(np.zeros(30))], [pair(np.zeros(30))]], [one, one]) is None
    in_time = replace(one, resampling=Resampling(float("nan")))
    assert Together.of([[in_time], [in_time]], [in_time, in_time]) is None


def test_a_gain_that_the_picks_or_the_kept_net_do_not_have_is_none() -> None:
    def agrees(
        picks: float, kept: float | None, side: int = 1, noise: float = 0.01
    ) -> bool:
        found = Together.of(
            [[gain(side * 0.1)], [gain(side * 0.1)]],
            [gain(picks, noise), gain(picks, noise)],
        )
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


def test_picks_are_judged_by_what_is_kept_of_rows_in_the_repeats_that_both_have() -> (
    None
):
    """By the second scorer, nothing is known of rows."""
    none, second = np.zeros(30, dtype=bool), RNG.normal(size=(2, 30))
    scores, hits = RNG.normal(size=(2, 30)), RNG.random((2, 10, 60)) < 0.7
    folds = np.stack([RNG.permutation(60) % 3 for _ in range(10)])
    old_rows, new_rows = by_row(hits[[0]], folds), by_row(hits[[1], :4], folds[:4])
    old = Scored(
        "a", scores[0], none, 0.1, second=second[0], second_name="r2", by_unit=old_rows
    )
    new = Scored(
        "b",
        scores[1][:12],
        none,
        0.1,
        second=second[1][:12],
        second_name="r2",
        by_unit=new_rows,
    )
    sides = Sides(*(Side(Snapshot(name, name)) for name in ("old", "new")))
    vars(sides)["hindrances"] = Hindrances([], [], [])
    for results, each in ((sides.old, old), (sides.new, new)):
        vars(results).update(
            fresh={"lr": each},
            evaluated={"cv.n_splits": 3},
            resampling=lambda _scoring: FOLDS,
        )
    pair, other = sides.difference("lr", "lr"), sides.second("lr", "lr")
    assert isinstance(pair, Pair)
    expected = Pair(
        scores[0][:12],
        scores[1][:12],
        FOLDS,
        0.01,
        by_unit=by_row(hits[:, :4], folds[:4]),
    )
    assert (pair.error, pair.degrees) == pytest.approx(
        (expected.error, expected.degrees), rel=1e-2
    )
    assert other is not None
    assert other.error == Pair(second[0][:12], second[1][:12], FOLDS, 0.01).error


FIRST = "setting,params,ci95,stuck_splits,mean_test_score,mean_test_roc_auc,split0_test_score,split1_test_score"
EVALUATION = "metrics/evaluation/contenders.csv"


@pytest.fixture
def results(here: Path) -> Side:
    return Side(Snapshot.of(None))


def test_they_are_those_of_the_fresh_splits_and_none_where_there_are_none(
    results: Side,
) -> None:
    write_text(
        EVALUATION,
        f"{FIRST},split0_test_neg_brier_score,split1_test_neg_brier_score\n"
        "net,lr=0.1,nan,,0.75,0.8,0.7,0.8,-0.2,-0.1\n"
        "wild,lr=9,nan,,nan,nan,0.5,nan,-0.25,nan\n"
        "margins,,nan,,0.65,0.7,0.6,0.7,nan,nan\n",
    )
    write_text(
        "metrics/search/lr/candidates.csv",
        "params,mean_test_score,ci95,stuck_splits,split0_test_score\nlr=0.1,0.5,nan,,0.5\n",
    )
    found = {
        name: (each.second_name, each.second) for name, each in results.fresh.items()
    }
    assert results.fresh["net"].scores.tolist() == [0.7, 0.8]
    assert {name: second_name for name, (second_name, _) in found.items()} == {
        "net": "neg_brier_score",
        "wild": "neg_brier_score",
        "margins": None,
    }
    assert np.array_equal(np.array(found["net"][1]), [-0.2, -0.1])
    assert np.array_equal(np.array(found["wild"][1]), [-0.25, np.nan], equal_nan=True)
    assert found["margins"][1] is None
    (candidate,) = results.searches["lr"].values()
    assert (candidate.second, candidate.second_name) == (None, None)


def test_a_split_without_one_is_refused(results: Side) -> None:
    write_text(
        EVALUATION,
        f"{FIRST},split0_test_neg_mean_absolute_error\nnet,,nan,,0.75,0.8,0.7,0.8,-3.5\n",
    )
    with refused(r"contenders.csv of the working tree is not the contenders"):
        assert results.fresh


@pytest.mark.parametrize("gains", ["none", "of the hopeless"])
def test_a_headline_is_seldom_wrong(gains: str) -> None:
    """Where all nets of a side share what a row adds, eight searches are no eight witnesses."""
    found = judge_headlines("no chance, rows by side", gains, 8, 4, IN_PAIRS, 60)
    assert np.mean([each["wrong"] for each in found]) <= 0.1


def test_a_gain_of_all_searches_is_found_where_no_pick_shows_it() -> None:
    found = judge_headlines("calm, 0.017", "+0.03", 8, 10, IN_PAIRS, 20)
    assert np.mean([each["all together"] for each in found]) > 0.8
    assert np.mean([each["the kept net"] for each in found]) < 0.5


def test_a_headline_says_better_or_worse_only_of_what_is_claimed_and_its_counts_add_up() -> (
    None
):
    rng, truth, n_claimed = np.random.default_rng(4), true_scores("+0.05", 4), 0
    for sides in draw_commits(KINDS["calm, 0.017"], truth, 8, 14, IN_PAIRS, rng):
        changes = compare(*sides)
        verdicts = [
            changes.of_kept,
            changes.together_verdict,
            *(search.verdict for search in changes.changed),
        ]
        claimed = sum(verdict is not None and verdict.claims for verdict in verdicts)
        text = " ".join(parts(changes))
        assert len(re.findall(r"\b(?:better|worse)\b", text)) == claimed
        others = sum(map(int, re.findall(r"(\d+) (?:level|undecided|unchanged)", text)))
        assert others + sum(
            search.verdict.claims for search in changes.changed if search.verdict
        ) == len(changes.changed)
        n_claimed += claimed
    assert n_claimed > 10


@pytest.mark.parametrize("splits", [SAME_ROWS, OTHER_ROWS])
def test_equal_runs_are_seldom_called_more_than_chance(splits: str) -> None:
    found = judge_headlines("no chance in training", "none", 2, 4, splits, 100)
    assert np.mean([each["wrong"] for each in found]) <= 0.08
