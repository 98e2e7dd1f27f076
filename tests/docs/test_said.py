"""What the blocks of README.md say of results: of each kind of run, only what holds."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stages.lib.common import write_text
from stages.lib.config import Params
from stages.lib.docs import contents
from tests.project import small_params

Say = Callable[..., str]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Return a function that compares some scores, with experiments that are all in the evaluation."""
    monkeypatch.chdir(tmp_path)

    def comparison(scores: dict[str, float], kept: str, **changes: Any) -> str:
        raw = small_params()
        names = [name for name in scores if name in raw["experiments"]]
        raw["experiments"] = {name: raw["experiments"][name] for name in names}
        rows = [f"{name},{score},{str(name == kept).lower()}" for name, score in scores.items()]
        write_text("metrics/candidates/evaluation.csv", "\n".join(["setting,mean_test_score,kept", *rows]) + "\n")
        params = Params.model_validate(raw | changes)
        return contents(params, ["comparison"])["comparison"].replace("\n", " ")

    return comparison


OTHERS = {"simplest": 0.7, "starting_point": 0.68, "logistic_regression": 0.75}


def test_only_what_holds_is_said(say: Say) -> None:
    both = {"dropout": 0.7, "neurons": 0.74}
    kept = "The net neurons, which is kept, scores 0.7400, and logistic_regression 0.7500."
    start = "The settings that every search starts from score 0.6800."
    assert say(OTHERS | {"neurons": 0.74}, "neurons") == f"{start} {kept}"  # one search has no combination
    lead = "Put together, the picks of the grid searches score"
    assert say(OTHERS | both | {"combined": 0.69}, "neurons") == (
        f"{lead} 0.6900, more than the settings that every search starts from, 0.6800. {kept}"
    )
    assert f"{lead} 0.6800, no more than the settings" in say(OTHERS | both | {"combined": 0.68}, "neurons")
    near = say(OTHERS | both | {"combined": 0.68, "neurons": 0.7455}, "neurons")
    assert near.endswith(
        "The net neurons, which is kept, scores 0.7455, and logistic_regression 0.7500: less than 0.01 apart."
    )
    # One that diverged has no score.
    nan = float("nan")
    assert say(OTHERS | both | {"combined": nan}, "neurons") == f"{start} {kept}"
    assert say(OTHERS | {"neurons": nan}, "neurons") == start
    assert say(OTHERS | {"neurons": 0.74, "starting_point": nan}, "neurons") == kept


def test_in_the_order_of_time_no_interval_is_spoken_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    raw = small_params()
    raw["experiments"] = {"neurons": raw["experiments"]["neurons"]}
    raw["cv"] |= {"splitter": "time", "n_repeats": 1, "scoring": "neg_brier_score"}
    params = Params.model_validate(raw)
    metrics = {"best_params": "module__n_neurons=5", "best_score": -0.2, "best_std": 0.1, "n_splits": 3, "n_rows": 30}
    write_text("metrics/search/neurons.json", json.dumps(metrics | {"n_candidates": 2, "n_fits": 6}))
    compared = {"findings": [], "simplest_params": "module__n_neurons=5"}
    write_text("metrics/compared/neurons.json", json.dumps(compared))
    write_text("metrics/charts/leaderboard.svg", "<svg/>")
    write_text("metrics/leaderboard.csv", "experiment,best_score\nneurons,-0.2\n")
    made = contents(params, ["leaderboard", "searches"])
    assert made["leaderboard"] == "![The best candidate of each experiment, by score](metrics/charts/leaderboard.svg)"
    assert made["searches"].endswith("| neurons | 2 | -0.2000 | `n_neurons=5` |")
    assert "95 %" not in made["searches"]
