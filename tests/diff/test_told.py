"""That what `stages.diff` says of less usual changes is true."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.lib.common import write_text
from stages.lib.diff.comparison import SearchChange, compare
from stages.lib.diff.output import as_text
from stages.lib.diff.picks import pick
from stages.lib.diff.side import Scored, Side
from stages.lib.repository.snapshot import Snapshot
from tests.diff.commits import Commits, scores


@pytest.fixture
def first(commits: Commits, said: Any) -> Any:
    """Return a function that commits what was set, and returns the verdict."""

    def call() -> str:
        commits.commit("after")
        return str(said("before", "after")[0])

    return call


def test_a_model_without_a_net_that_scores_otherwise_is_told(commits: Commits, said: Any, first: Any) -> None:
    """As after an update of scikit-learn: no search changes, but what the answer is chosen among does."""
    commits.fresh["linear"] = ("LogisticRegression", scores(0.78, 17), "")
    assert first() == (
        "Use linear, as before; the kept net, width, is unchanged. No search changed, but linear scores otherwise."
    )
    assert "Other contenders on the fresh splits, not tested: linear 0.7100 → 0.7800." in said("before", "after")


def test_an_evaluation_that_names_no_model_answers_only_if_it_says_so(commits: Commits, said: Any) -> None:
    for tag, more in (("none", {}), ("refused", {"handed_over": "mean"})):
        write_text(commits.project.folder / "metrics/evaluation.json", json.dumps({"kept": "width"} | more))
        commits.git("commit", "--quiet", "--all", "--message", tag)
        commits.git("tag", tag)
    assert said("before", "none")[0].startswith("There is no answer to what to use in none; the kept net, width, is")
    assert said("before", "refused")[0].startswith("Use none of the models, before linear; the kept net")


def test_after_halving_only_candidates_that_were_trained_to_the_end_are_compared(commits: Commits, said: Any) -> None:
    """Another that left at an earlier stage was trained for fewer epochs, which is no effect of code or packages."""
    commits.searches = {"lr": {f"lr={i}": scores(0.7 - i / 100, i) for i in range(3)}}

    def commit(tag: str, stages: list[int]) -> None:
        commits.write()
        path = commits.project.folder / "metrics/search/lr/candidates.csv"
        write_text(path, pd.read_csv(path).assign(stage=stages).to_csv(index=False))
        commits.git("add", "--all")
        commits.git("commit", "--quiet", "--message", tag)
        commits.git("tag", tag)

    commit("halved", [2, 2, 1])
    commits.searches["lr"]["lr=2"] = commits.searches["lr"]["lr=2"] + 0.1
    commit("stayed", [2, 2, 2])
    assert not [line for line in said("halved", "stayed") if "score otherwise" in line]
    commits.searches["lr"]["lr=1"] = commits.searches["lr"]["lr=1"] + 0.01
    commit("after", [2, 2, 1])
    told = "Of 2 candidates that both have, 1 score otherwise: +0.0050 ± 0.0181 on average over all."
    assert [line for line in said("halved", "after") if told in line]


def test_a_pick_is_told_by_the_values_of_both_sides() -> None:
    def told(before: str | None, after: str | None) -> str:
        none = np.zeros(2, dtype=bool)
        old, new = (None if each is None else Scored(each, np.zeros(2), none, 0.1) for each in (before, after))
        return pick(SearchChange("s", old, new, None, None, None))

    assert told("lr=0.1, module__act=ReLU", "lr=0.2, module__act=ReLU") == "lr=0.1 → 0.2"
    assert told("batch_size=20", "model as it stands") == "batch_size=20 → as in params.yaml"
    assert told("a=[1, 2], module__b=1", "a=[1, 2]") == "b=1 → as in params.yaml"
    assert told("a=1", "a=1") == "the same pick"
    assert told("a=1, b=1, c=1, d=1", "a=2, b=2, c=2, d=2") == "a=1 → 2, b=1 → 2, c=1 → 2 and 1 more"
    assert told(None, "module__act=ReLU") == "act=ReLU"
    assert told(None, None) == "no pick"


def test_the_second_metric_is_judged_beside_the_first(commits: Commits) -> None:
    """By the Brier score, both nets are better; by accuracy, nothing has changed but a little of one."""
    sides = [Side(Snapshot.of("before")), Side(Snapshot.of("before"))]
    for side, gain in zip(sides, (0.0, 0.03), strict=True):
        vars(side)["fresh"] = {
            name: replace(each, second=scores(gain - 0.18, 30 + i), second_name="neg_brier_score")
            for i, (name, each) in enumerate(side.fresh.items())
        }
    width = sides[1].fresh["width"]
    sides[1].fresh["width"] = replace(width, scores=width.scores + scores(0.0, 9) / 10)
    changes = compare(*sides)
    first, second, *_ = as_text(changes).splitlines()
    assert first.startswith("Use linear, as before; the kept net, width: level, +0.0000 ± 0.00")
    assert second == (
        "By neg_brier_score, the second metric, judged by itself: the kept net better (p < 0.0001), +0.0300 ± 0.0000; "
        "lr better (p < 0.0001), width better (p < 0.0001)."
    )
    assert "  neg_brier_score: +0.0300 ± 0.0000, better (p < 0.0001)." in as_text(changes)
