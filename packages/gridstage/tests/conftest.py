"""Fixtures: stages run in this process, the sample's data, and copies of the project to run commands in."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gridstage.common import run, write_text
from gridstage.config import Params
from gridstage.data import Dataset
from packages.gridstage.tests.pages import commands
from packages.gridstage.tests.project import (
    IDENTITY,
    ROOT,
    SEARCHED,
    Project,
    made_once,
    real_params,
    set_at,
    small_params,
    text_of,
)
from packages.gridstage.tests.read_sample import load_real_data
from packages.resampled.tests.conftest import same_draws  # noqa: F401 (a fixture)


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str

    def succeeded(self) -> str:
        """Return what a command printed that should have succeeded."""
        assert (self.returncode, self.stderr) == (0, "")
        return self.stdout

    def refused(self) -> str:
        """Return what a command said that should have done nothing."""
        assert (self.returncode, self.stdout) == (1, "")
        return self.stderr


Command = Callable[..., Done]


@pytest.fixture
def in_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Return a function that runs a stage in this process, which has torch imported, in the working directory."""
    monkeypatch.setattr(
        "gridstage.search.aside.progress.SECONDS_BEFORE_FIRST", 1000.0
    )  # what is printed must not vary

    def call(stage: ModuleType, *arguments: str, stdin: bytes = b"") -> Done:
        monkeypatch.setattr("sys.argv", [stage.__name__, *arguments])
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        try:
            run(stage.main, getattr(stage, "ARGUMENTS", None))
        except SystemExit as end:
            return Done(int(end.code or 0), *capsys.readouterr())
        return Done(0, *capsys.readouterr())

    return call


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="session")
def data() -> Dataset:
    """The data of the sample; read only."""
    return load_real_data(Params.model_validate(real_params()))


MakeProject = Callable[..., Project]


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """Return a function that makes a `Project` with small grids, `place=value` pairs changed in its params.yaml."""

    def make(changes: dict[str, Any] | None = None, folder: str = "project") -> Project:
        params = small_params()
        for place, value in (changes or {}).items():
            set_at(params, place, value)
        (tmp_path / folder).mkdir()
        return Project.copied(tmp_path / folder, params)

    return make


@pytest.fixture(scope="session")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with two experiments in which `make repro` has run, everything committed; read only."""

    def make(folder: Path) -> None:
        params = small_params()
        params["experiments"] = {name: params["experiments"][name] for name in SEARCHED}
        project = Project.copied(folder, params)
        project.run("rm", "-rf", "metrics", "models", "dvc.lock")
        project.commit_first()
        project.make("repro")
        project.commit_all("Run")

    return Project(made_once(tmp_path_factory, "reproduced", make))


@pytest.fixture
def project(reproduced: Project, tmp_path: Path) -> Project:
    """A clone of `reproduced`."""
    return reproduced.clone(tmp_path / "clone")


@dataclass(frozen=True)
class Changed:
    """A project in which the commands of docs/pull-requests.md have run: `narrow-nets` has another grid than `main`.

    Attributes
    ----------
    project : Project
    said : dict of str
        What each command printed.
    """

    project: Project
    said: dict[str, str]


@pytest.fixture(scope="session")
def ran_page(reproduced: Project, tmp_path_factory: pytest.TempPathFactory) -> Changed:
    """The project of `reproduced` after the commands of docs/pull-requests.md; read only."""

    def make(folder: Path) -> None:
        project = reproduced.clone(folder)
        variables = IDENTITY | {"COLUMNS": "160"}
        lines = commands("pull-requests.md")
        said = {
            line: project.run("bash", "-c", line, variables=variables).stdout
            for line in lines
        }
        write_text(folder / ".git/said", json.dumps(said))

    folder = made_once(tmp_path_factory, "changed", make)
    return Changed(Project(folder), json.loads(text_of(folder / ".git/said")))


@pytest.fixture
def changed(ran_page: Changed, tmp_path: Path) -> Changed:
    """A clone of `ran_page` with both branches, on `narrow-nets`."""
    project = ran_page.project.clone(tmp_path / "changed")
    project.git("branch", "--quiet", "main", "origin/main")
    return Changed(project, ran_page.said)
