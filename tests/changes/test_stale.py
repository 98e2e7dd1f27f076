"""That edited params whose stages did not run yet are told, because the results beside them are not theirs."""

import hashlib
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from stages.lib.changes.origins import edited_results, stale_params
from stages.lib.changes.results import Results
from stages.lib.changes.snapshot import Snapshot
from tests.changes.commits import UNCHANGED, Commits
from tests.project import Project

SAME = f"{UNCHANGED} Unchanged: all scores are the same."


def nested(params: dict[str, Any]) -> dict[str, Any]:
    """Return the params of dvc.lock as params.yaml has them: `data.path` inside of `data`."""
    found: dict[str, Any] = {}
    for key, value in deepcopy(params).items():
        section, _, name = key.partition(".")
        if name:
            found.setdefault(section, {})[name] = value
        else:
            found[section] = value
    return found


def write(commits: Commits, params: dict[str, Any]) -> None:
    (commits.project.folder / "params.yaml").write_text(yaml.safe_dump(nested(params)), encoding="utf-8")


def test_params_that_were_edited_and_not_run_are_told(commits: Commits, said: Any) -> None:
    write(commits, commits.params)
    commits.commit("run")
    assert said()[0] == SAME
    write(commits, commits.params | {"seed": 8, "data.target": "z"})
    assert said()[0] == (
        "Not rerun: params.yaml of the working tree differs from what its results are from (data.target, seed); run "
        f"`dvc repro`. {SAME}"
    )


def test_results_that_were_edited_by_hand_are_told(commits: Commits, said: Any) -> None:
    lock = yaml.safe_load((commits.project.folder / "dvc.lock").read_bytes())
    path = "metrics/candidates/lr.csv"
    table = commits.project.folder / path
    lock["stages"]["search@lr"] = {"outs": [{"path": path, "md5": hashlib.md5(table.read_bytes()).hexdigest()}]}
    (commits.project.folder / "dvc.lock").write_text(yaml.safe_dump(lock), encoding="utf-8")
    assert "Edited" not in said()[0]
    table.write_text(table.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert said()[0].startswith(f"Edited since their stages wrote them: {path}; run `dvc repro`. ")


def test_a_folder_that_was_edited_is_told_as_dvc_hashes_it(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    monkeypatch.chdir(project.folder)
    Path("metrics/scores/lr.json.tmp").touch()  # which DVC ignores
    assert edited_results(Results(Snapshot.of(None))) == []
    Path("metrics/scores/dropout.json").unlink()
    assert edited_results(Results(Snapshot.of(None))) == ["metrics/scores"]


@pytest.mark.parametrize("text", ["seed: [", "- seed", "", None])
def test_params_that_cannot_be_read_are_not_compared(commits: Commits, said: Any, text: str | None) -> None:
    if text is not None:
        (commits.project.folder / "params.yaml").write_text(text, encoding="utf-8")
    assert said()[0] == SAME


@pytest.mark.parametrize(
    ("recorded", "written", "told"),
    [
        ("lr: 1e-05", "lr: 0.00001", []),
        ("lr: [1e-05, 0.1]", "lr: [1.0e-5, 0.1]", []),
        ("fixed: {}", "fixed:", []),
        ("sample: 1.0", "sample: 1", []),
        ("grid: {lr: [0.1]}", "grid: {lr: [0.1, 0.2]}", ["model.grid.lr"]),
        ("grid: {lr: [0.1]}", "other: 1", ["model.grid.lr", "model.other"]),
    ],
)
def test_values_are_compared_and_not_how_they_are_written(
    commits: Commits, recorded: str, written: str, told: list[str]
) -> None:
    lock = f"stages: {{evaluate: {{params: {{params.yaml: {{model: {{{recorded}}}}}}}}}}}"
    (commits.project.folder / "dvc.lock").write_text(lock, encoding="utf-8")
    (commits.project.folder / "params.yaml").write_text(f"model:\n  {written}\n", encoding="utf-8")
    assert stale_params(Results(Snapshot.of(None))) == told


def test_those_that_are_committed_are_run(monkeypatch: pytest.MonkeyPatch, reproduced: Project) -> None:
    """The whole params.yaml, as DVC has recorded it."""
    monkeypatch.chdir(reproduced.folder)
    assert stale_params(Results(Snapshot.of(None))) == []
