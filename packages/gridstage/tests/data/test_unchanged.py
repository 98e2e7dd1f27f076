"""A table that changes while a stage uses it: nothing is written that DVC would take for results of the new one."""

import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gridstage.baselines import scored
from gridstage.baselines.baselines import baselines as models
from gridstage.data import Unchanged
from packages.gridstage.tests.conftest import Command, Done, MakeProject
from packages.gridstage.tests.project import Project
from packages.gridstage.tests.refusals import refused
from stages import baselines, evaluate, search

TABLE = "data/pima-indians-diabetes.csv"


def test_only_other_bytes_are_a_change(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    Unchanged(path).check()  # who reads it says that it is missing
    path.write_bytes(b"1,2\n")
    file = Unchanged(path)
    os.utime(path, (0, 0))
    path.rename(tmp_path / "b.csv")
    path.write_bytes(b"1,2\n")
    file.check()
    path.write_bytes(b"1,3\n")
    with refused(
        r"a.csv has changed since it was read, so no results were written\. Run again"
    ):
        file.check()
    path.unlink()
    with refused("has changed"):
        file.check()


Edits = Callable[[ModuleType, str], None]


@pytest.fixture
def edits(monkeypatch: pytest.MonkeyPatch) -> Edits:
    """Return a function that lets somebody edit the table after a step of a stage."""

    def let(stage: ModuleType, name: str) -> None:
        step: Callable[..., Any] = getattr(stage, name)

        def edited(*given: Any) -> Any:
            done = step(*given)
            Path(TABLE).write_bytes(
                Path(TABLE).read_bytes().replace(b"6,148", b"6,149", 1)
            )
            return done

        monkeypatch.setattr(stage, name, edited)

    return let


def wrote_nothing(project: Project, done: Done) -> None:
    done.refused()
    assert done.stderr.startswith(
        f"error: {TABLE} has changed since it was read, so no results were written."
    )
    assert project.git("status", "--short") == f" M {TABLE}\n"


def test_a_search_and_the_baselines_write_nothing(
    make_project: MakeProject,
    in_process: Command,
    monkeypatch: pytest.MonkeyPatch,
    edits: Edits,
) -> None:
    grid = {"optimizer": ["SGD"]}
    project = make_project(
        {
            "experiments": {"one": {"grid": grid}},
            "cv.n_repeats": 1,
            "model.max_epochs": 1,
        }
    )
    project.commit_first()
    monkeypatch.chdir(project.folder)
    edits(search, "score_anew")
    wrote_nothing(project, in_process(search, "one"))
    project.git("checkout", "--quiet", TABLE)
    monkeypatch.setattr(
        scored,
        "baselines",
        lambda *given: {"majority_class": models(*given)["majority_class"]},
    )
    edits(scored, "score_baseline")
    wrote_nothing(project, in_process(baselines))


@pytest.mark.long
def test_the_evaluation_writes_nothing(
    project: Project, in_process: Command, monkeypatch: pytest.MonkeyPatch, edits: Edits
) -> None:
    monkeypatch.chdir(project.folder)
    edits(evaluate, "fit_saved")
    wrote_nothing(project, in_process(evaluate))
