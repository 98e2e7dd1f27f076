"""Fixtures: stages run in this process, the sample's data, and copies of the project to run commands in."""

import io
import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings

from stages.lib.common import run, write_text
from stages.lib.config import Params
from stages.lib.data import Dataset
from tests.pages import commands
from tests.project import (
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
from tests.read_sample import load_real_data
from tests.resampled.conftest import same_draws  # noqa: F401 (a fixture)

# `make test` tries the same few examples every time, `make test-all` many others. How long one takes says more of the
# machine's load than of the code.
settings.register_profile("few", max_examples=20, derandomize=True, deadline=None)
settings.register_profile("many", max_examples=2000, deadline=None)
settings.load_profile("few")


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave the long tests to `make test-all`; let one of several workers begin with what the others would wait for."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(
            key=lambda item: "reproduced" not in getattr(item, "fixturenames", ())
        )
    if config.getoption("--hypothesis-profile") == "many":
        return
    long = [item for item in items if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


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
def ctrl_c() -> Iterator[None]:
    """Let this process heed Ctrl-C, and those that it starts: a shell may have started pytest so that all ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def in_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Return a function that runs a stage in this process, which has torch imported, in the working directory."""
    monkeypatch.setattr(
        "stages.lib.search.aside.progress.SECONDS_BEFORE_FIRST", 1000.0
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
