"""`gridstage refine`: on the committed results, on every mistake, and between two real searches."""

import json
import math
import shutil
from collections.abc import Callable
from difflib import ndiff
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gridstage.best_params.leaderboard import read_best
from gridstage.commands import refine as stage
from gridstage.common import format_params, write_text
from gridstage.config import load_params, yaml12
from gridstage.results import Results, files, write
from packages.gridstage.tests.conftest import Command, MakeProject
from packages.gridstage.tests.project import (
    NUMBERS,
    real_params,
    set_at,
    small_params,
    text_of,
)
from packages.gridstage.tests.read_sample import SAMPLE

REAL_PARAMS = real_params()
REAL: dict[str, dict[str, list[Any]]] = {
    "batch_epochs": {
        "batch_size": [10, 14, 20, 28, 40],
        "max_epochs": [50, 75, 100, 125, 150],
    },
    "lr_momentum": {
        "optimizer__lr": [0.0001, 0.000316, 0.001, 0.00316, 0.01],
        "optimizer__momentum": [0.6, 0.7, 0.8, 0.85, 0.9],
    },
    "dropout": {
        "module__dropout_rate": [0.0, 0.05, 0.1, 0.15, 0.2],
        "module__weight_constraint": [0.5, 0.75, 1.0, 1.5, 2.0],
    },
    "neurons": {"module__n_neurons": [20, 22, 25, 28, 30]},
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with the committed params.yaml and metrics."""
    shutil.copytree(SAMPLE / "metrics", tmp_path / "metrics")
    shutil.copy2(SAMPLE / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def refine_here(
    here: Path, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> Command:
    # Only DVC knows whether a search is up to date, and the last test asks it.
    monkeypatch.setattr(stage, "stale_stages", lambda *stages: [])
    return partial(in_process, stage)


def only_added(before: str, after: str) -> bool:
    """Return whether `after` is `before` with lines added."""
    changes = {line[0] for line in ndiff(before.splitlines(), after.splitlines())}
    return changes == {" ", "+"}


@pytest.mark.parametrize(
    "name",
    [name for name, each in REAL_PARAMS["experiments"].items() if "search" not in each],
)
def test_the_real_grids(here: Path, refine_here: Command, name: str) -> None:
    before = text_of(here / "params.yaml")
    old = load_params()
    if name not in REAL:
        done = refine_here(name)
        assert done.returncode == 1
        assert (
            f"error: params.yaml: experiments.{name}.grid has nothing to refine"
            in done.stderr
        )
        assert text_of(here / "params.yaml") == before
        return
    best = read_best(Results(), old, name)
    assert all(value in REAL[name][key] for key, value in best.items()), (
        "the committed best is another: adapt REAL"
    )
    shown = refine_here(name).stdout
    assert (
        f"added experiments.{name}_2, {math.prod(map(len, REAL[name].values()))} candidates"
        in shown
    )
    assert shown.endswith("Run `dvc repro`.\n")

    after = text_of(here / "params.yaml")
    assert only_added(before, after)
    assert (
        f"  {name}_2:\n    # A finer grid around the best of {name}: {format_params(best)}.\n    grid:\n"
        in after
    )
    new = load_params()
    assert new.experiments[f"{name}_2"].model_dump() == {
        "grid": REAL[name],
        "fixed": old.experiments[name].fixed,
    }
    names = list(new.experiments)
    assert names.index(f"{name}_2") == names.index(name) + 1
    assert [each for each in names if each != f"{name}_2"] == list(old.experiments)


def spoil_params(place: str, value: Any) -> Callable[[], None]:
    def spoil() -> None:
        raw = yaml12.load(text_of("params.yaml"))
        set_at(raw, place, value)
        write_text("params.yaml", json.dumps(raw))

    return spoil


def nothing() -> None:
    pass


AGAIN, SUMMARY = "Run `dvc repro search@neurons`.", files.SUMMARY.at("neurons")


@pytest.mark.parametrize(
    ("spoil", "arguments", "sentence"),
    [
        (
            nothing,
            (),
            "the following arguments are required: EXPERIMENT. Usage: gridstage refine",
        ),
        (
            nothing,
            ("neuron",),
            "params.yaml: experiments has no 'neuron'; did you mean 'neurons'?",
        ),
        (
            nothing,
            ("weight_init",),
            "has nothing to refine: no number lies between the best, module__weight_init=",
        ),
        (
            lambda: write(
                files.SUMMARY,
                {"best_params": "module__n_neurons=99"} | NUMBERS,
                "neurons",
            ),
            ("neurons",),
            f"{SUMMARY} has the best module__n_neurons=99, which is not in the grid of params.yaml. {AGAIN}",
        ),
        (
            spoil_params("experiments.neurons_2", {"grid": {"lr": [1.0]}}),
            ("neurons",),
            "experiments already has 'neurons_2'. Refine that one",
        ),
        (
            spoil_params("seed", 8),
            ("neurons",),
            "params.yaml is written in a form that takes no blocks",
        ),
    ],
)
def test_a_mistake_is_a_sentence_and_the_file_stays(
    here: Path,
    refine_here: Command,
    spoil: Callable[[], None],
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    spoil()
    before = Path("params.yaml").read_bytes() if Path("params.yaml").exists() else None
    done = refine_here(*arguments)
    assert (done.returncode, done.stdout) == (2 if len(arguments) != 1 else 1, "")
    assert done.stderr.startswith("error: ")
    assert sentence in done.stderr
    assert (
        Path("params.yaml").read_bytes() if Path("params.yaml").exists() else None
    ) == before
    assert not list(Path().rglob("*.tmp"))


@pytest.mark.long
def test_search_refine_and_search_again(make_project: MakeProject) -> None:
    experiment = {"lr_momentum": small_params()["experiments"]["lr_momentum"]}
    project = make_project({"experiments": experiment})
    project.run("rm", "-rf", "metrics", "dvc.lock")
    project.git("init", "--quiet")
    project.commit_all("Start")
    project.run("dvc", "repro", "search@lr_momentum")
    before = project.read("params.yaml").decode()
    assert "Run `dvc repro`." in project.stage("refine", "lr_momentum").stdout
    assert only_added(before, project.read("params.yaml").decode())
    grid = project.params()["experiments"]["lr_momentum_2"]["grid"]
    assert list(grid) == ["optimizer__lr"]
    assert len(grid["optimizer__lr"]) == 5

    stale = project.stage("refine", "lr_momentum_2", ok=False)
    assert stale.returncode == 1
    assert (
        "metrics/search/lr_momentum_2/summary.json is missing. Run `dvc repro search@lr_momentum_2`."
        in stale.stderr
    )

    done = project.run("dvc", "repro", "search@lr_momentum_2")
    assert "Running stage 'search@lr_momentum_2'" in done.stdout
    assert "Running stage 'search@lr_momentum'" not in done.stdout
    found = json.loads(project.read("metrics/search/lr_momentum_2/summary.json"))
    assert found["n_candidates"] == 5
    project.stage("refine", "lr_momentum_2")
    names = ["lr_momentum", "lr_momentum_2", "lr_momentum_3"]
    assert list(project.params()["experiments"]) == names
