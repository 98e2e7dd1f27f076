"""That what `gridstage diff` says of several searches at once, and of less usual changes, is true."""

import json
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gridstage.common import write_text
from gridstage.diff.comparison import SearchChange, compare
from gridstage.diff.output import as_text
from gridstage.diff.picks import pick
from gridstage.diff.side import Side
from gridstage.repository.snapshot import Snapshot
from gridstage.results.search import Settings
from packages.gridstage.tests.diff.commits import (
    UNCHANGED,
    Commits,
    evaluation_of,
    scores,
)


def test_fewer_repeats_of_the_same_scores_change_nothing(
    commits: Commits, said: Any
) -> None:
    commits.params["cv"]["n_repeats"] = 5
    commits.rescore(lambda found: found[:15], searches=True)
    commits.commit("after")
    assert said("before", "after")[0] == (
        f"{UNCHANGED} Unchanged: all scores are the same. Differs: cv.n_repeats: 10 → 5."
    )


def test_a_gain_of_all_searches_is_said_before_what_is_undecided(
    commits: Commits, said: Any
) -> None:
    """As after the inputs are scaled: the kept net's own gain could be chance."""
    rng = np.random.default_rng(3)
    for found in commits.searches.values():
        for params in found:
            found[params] = found[params] + 0.05 + rng.normal(scale=0.004, size=30)
    for name, noise in (("lr", 0.01), ("width", 0.2)):
        drawn = rng.normal(scale=noise, size=30)
        commits.rescore(partial(np.add, 0.05 + drawn - drawn.mean()), name)
    commits.params["prepare"] = {"scale": "standard"}
    commits.commit("after")
    first = said("before", "after")[0]
    assert first.startswith(
        "Use linear, as before; the kept net, width: undecided, +0.0500 ± "
    )
    assert (
        ". 2 searches changed: undecided on average over 4 shared candidates (+0.0"
        in first
    )
    assert first.endswith(
        ", lr better (p < 0.0001), 1 undecided. Cause: prepare.scale: null → standard."
    )


def test_a_gain_of_all_candidates_and_picks_is_one_of_all_searches(
    commits: Commits, said: Any
) -> None:
    gain = 0.02 + scores(0.0, 9, 0.001) / 10
    commits.rescore(lambda found: found + gain, *commits.searches, searches=True)
    commits.commit("after")
    told = "better on average over 4 shared candidates (+0.0200 ± 0.0030, p < 0.0001; their picks +0.0200 ± 0.00"
    assert told in said("before", "after")[0]


def test_of_several_searches_the_verdicts_are_counted(
    commits: Commits, said: Any
) -> None:
    commits.kept = "linear"
    commits.commit("middle")
    commits.fresh["lr"] = ("lr=0.2", scores(0.80, 9), "")
    commits.rescore(lambda found: found + scores(0, 8, 0.001) / 20, "width")
    commits.commit("after")
    first = said("middle", "after")[0]
    assert first == (
        "Use linear, as before; the kept net, linear, is unchanged. 2 searches changed: lr better (p < 0.0001), "
        "1 level."
    )


def test_searches_whose_own_splits_differ_are_judged_by_their_picks_alone(
    commits: Commits, said: Any
) -> None:
    """The first repeat of a search follows the order of the file, unless it is shuffled; fresh splits always are."""
    commits.params["cv"]["shuffle"] = True
    gain = 0.05 + scores(0.0, 9, 0.001) / 10
    commits.rescore(lambda found: found + gain, *commits.searches, searches=True)
    commits.commit("after")
    text = "\n".join(said("before", "after"))
    assert "2 searches changed: " in text
    assert "lr better (p < 0.0001)" in text
    assert "on average" not in text


def test_two_splits_have_no_interval(commits: Commits, said: Any) -> None:
    commits.params["cv"] |= {"n_splits": 2, "n_repeats": 1}
    commits.rescore(lambda found: found[:2], searches=True)
    commits.commit("few")
    commits.rescore(lambda found: found + np.array([0.04, 0.05]), "lr", "width")
    commits.commit("after")
    text = "\n".join(said("few", "after"))
    assert "width: not tested, +0.0450 on the splits" in text
    assert "2 not tested" in text
    assert "±" not in text
    assert "±" not in "\n".join(said("--md", "few", "after"))


@pytest.fixture
def first(commits: Commits, said: Any) -> Any:
    """Return a function that commits what was set, and returns the verdict."""

    def call() -> str:
        commits.commit("after")
        return str(said("before", "after")[0])

    return call


def test_a_model_without_a_net_that_scores_otherwise_is_told(
    commits: Commits, said: Any, first: Any
) -> None:
    """As after an update of scikit-learn: no search changes, but what the answer is chosen among does."""
    commits.fresh["linear"] = ("LogisticRegression", scores(0.78, 17), "")
    assert first() == (
        "Use linear, as before; the kept net, width, is unchanged. No search changed, but linear scores otherwise."
    )
    assert (
        "Other contenders on the fresh splits, not tested: linear 0.7100 → 0.7800."
        in said("before", "after")
    )


def test_an_evaluation_that_names_no_model_answers_only_if_it_says_so(
    commits: Commits, said: Any
) -> None:
    for tag, more in (("none", {}), ("refused", {"handed_over": "mean"})):
        write_text(
            commits.project.folder / "metrics/evaluation.json",
            json.dumps(evaluation_of(kept="width", **more)),
        )
        commits.record(tag)
    assert said("before", "none")[0].startswith(
        "There is no answer to what to use in none; the kept net, width, is"
    )
    assert said("before", "refused")[0].startswith(
        "Use none of the models, before linear; the kept net"
    )


def test_after_halving_only_candidates_that_were_trained_to_the_end_are_compared(
    commits: Commits, said: Any
) -> None:
    """Another that left at an earlier stage was trained for fewer epochs, which is no effect of code or packages."""
    commits.searches = {"lr": {f"lr={i}": scores(0.7 - i / 100, i) for i in range(3)}}

    def commit(tag: str, stages: list[int]) -> None:
        commits.write()
        path = commits.project.folder / "metrics/search/lr/candidates.csv"
        write_text(path, pd.read_csv(path).assign(stage=stages).to_csv(index=False))
        commits.record(tag)

    commit("halved", [2, 2, 1])
    commits.searches["lr"]["lr=2"] = commits.searches["lr"]["lr=2"] + 0.1
    commit("stayed", [2, 2, 2])
    assert not [line for line in said("halved", "stayed") if "score otherwise" in line]
    commits.searches["lr"]["lr=1"] = commits.searches["lr"]["lr=1"] + 0.01
    commit("after", [2, 2, 1])
    told = "Of 2 candidates that both have, 1 score otherwise: +0.0050 ± 0.0181 on average over all."
    assert [line for line in said("halved", "after") if told in line]


def test_a_pick_is_told_by_the_values_of_both_sides() -> None:
    def told(before: Settings | None, after: Settings | None) -> str:
        return pick(SearchChange("s", (before, after), None, None, None, None, None))

    act: Settings = {"module__act": "ReLU"}
    assert told({"lr": 0.1} | act, {"lr": 0.2} | act) == "lr=0.1 → 0.2"
    assert told({"batch_size": 20}, {}) == "batch_size=20 → as in params.yaml"
    text: Settings = {"a": "1, b=2"}
    assert told(text | {"module__b": 1}, text) == "b=1 → as in params.yaml"
    assert told({"a": [1, 2]}, {"a": [1, 2]}) == "the same pick"
    ones, twos = dict.fromkeys("abcd", 1), dict.fromkeys("abcd", 2)
    assert told(ones, twos) == "a=1 → 2, b=1 → 2, c=1 → 2 and 1 more"
    assert told(None, act) == "act=ReLU"
    assert told(None, None) == "no pick"


def test_the_second_metric_is_judged_beside_the_first(commits: Commits) -> None:
    """By the Brier score, both nets are better; by accuracy, nothing has changed but a little of one."""
    sides = [Side(Snapshot.of("before")), Side(Snapshot.of("before"))]
    for side, gain in zip(sides, (0.0, 0.03), strict=True):
        vars(side)["fresh"] = {
            name: replace(
                each, second=scores(gain - 0.18, 30 + i), second_name="neg_brier_score"
            )
            for i, (name, each) in enumerate(side.fresh.items())
        }
    width = sides[1].fresh["width"]
    sides[1].fresh["width"] = replace(width, scores=width.scores + scores(0.0, 9) / 10)
    changes = compare(*sides)
    first, second, *_ = as_text(changes).splitlines()
    assert first.startswith(
        "Use linear, as before; the kept net, width: level, +0.0000 ± 0.00"
    )
    assert second == (
        "By neg_brier_score, the second metric, judged by itself: the kept net better (p < 0.0001), +0.0300 ± 0.0000; "
        "lr better (p < 0.0001), width better (p < 0.0001)."
    )
    assert "  neg_brier_score: +0.0300 ± 0.0000, better (p < 0.0001)." in as_text(
        changes
    )
