"""Fixtures: stages run in this process, the real data, and copies of the project to run commands in."""

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings

from stages.lib.common import run
from stages.lib.config import Params
from stages.lib.data import Dataset
from tests.project import SEARCHED, Project, load_real_data, real_params, set_at, small_params

# `make test` tries the same few examples every time, `make test-all` many others. How long one takes says more of the
# machine's load than of the code.
settings.register_profile("few", max_examples=20, derandomize=True, deadline=None)
settings.register_profile("many", max_examples=2000, deadline=None)
settings.load_profile("few")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests to `make test-all`."""
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


Command = Callable[..., Done]


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Return a function that runs a stage in this process, which has torch imported, in the working directory."""
    monkeypatch.setattr("warnings.showwarning", warnings.showwarning)  # a stage sets its own
    monkeypatch.setattr("stages.lib.search.progress.SECONDS_BEFORE_FIRST", 1000.0)  # what is printed must not vary

    def call(stage: ModuleType, *arguments: str, stdin: bytes = b"") -> Done:
        monkeypatch.setattr("sys.argv", [stage.__name__, *arguments])
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        try:
            run(stage.main)
        except SystemExit as end:
            return Done(int(end.code or 0), *capsys.readouterr())
        return Done(0, *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def data() -> Dataset:
    """The data of the committed params.yaml; read only."""
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
        return Project(tmp_path / folder, params)

    return make


@pytest.fixture(scope="session")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with two experiments in which `dvc repro` has run, everything committed; read only."""
    params = small_params()
    params["experiments"] = {name: params["experiments"][name] for name in SEARCHED}
    project = Project(tmp_path_factory.mktemp("reproduced"), params)
    project.run("rm", "-rf", "metrics", "models", "dvc.lock")
    project.git("init", "--quiet", "--initial-branch=main")
    project.commit_all("Start")
    project.run("dvc", "repro")
    project.commit_all("Run")
    return project


@pytest.fixture
def project(reproduced: Project, tmp_path: Path) -> Project:
    """A clone of `reproduced`."""
    return reproduced.clone(tmp_path / "clone")
