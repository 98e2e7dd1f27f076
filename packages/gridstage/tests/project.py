"""The tests' own project, `sample`: its params.yaml, and copies in which real `git` and `dvc` commands run.

It has the tutorial's grids and table, and the results that tests read. No test reads the params.yaml, data, metrics,
models and dvc.lock at the top of the repository, which its users change. Where a change of the code changes
the results in packages/gridstage/tests/sample, `python -m packages.gridstage.tests.make_sample` makes them anew.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import chdir
from copy import deepcopy
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.repo import Repo
from filelock import FileLock
from pydantic import BaseModel

import gridstage  # noqa: F401 (pins the numeric environment before any test module imports torch)
from gridstage.__main__ import COMMANDS
from gridstage.common import write_text
from gridstage.config import (
    CV,
    Data,
    Evaluate,
    Model,
    Prepare,
    Runtime,
    Statistics,
    yaml12,
)
from packages.gridstage.tests.read_sample import SAMPLE

ROOT = Path(__file__).parents[3]

# What the sample has in the place of the user's own.
YOURS = ("data", "dvc.lock", "metrics", "models", "params.yaml")

# The sections of params.yaml with keys of their own.
SECTIONS: dict[str, type[BaseModel]] = {
    "runtime": Runtime,
    "data": Data,
    "prepare": Prepare,
    "cv": CV,
    "statistics": Statistics,
    "evaluate": Evaluate,
    "model": Model,
}

# Every experiment of the sample, its grid cut to two candidates.
SMALL_GRIDS: dict[str, dict[str, Any]] = {
    "batch_epochs": {"batch_size": [60, 100], "max_epochs": [1]},
    "optimizer": {"optimizer": ["SGD", "Adamax"]},
    "lr_momentum": {"optimizer__lr": [0.001, 0.01], "optimizer__momentum": [0.9]},
    "weight_init": {"module__weight_init": ["zeros_", "kaiming_uniform_"]},
    "activation": {"module__activation": ["ReLU", "Tanh"]},
    "dropout": {"module__dropout_rate": [0.5], "module__weight_constraint": [1.0, 2.0]},
    "neurons": {"module__n_neurons": [1, 5]},
    "joint": {
        "lr": {"loguniform": [0.001, 0.1]},
        "max_epochs": [1, 2],
        "module__dropout_rate": {"uniform": [0.0, 0.6]},
        "prepare__scale": [None, "standard"],
    },
}

# Who commits, where commands do that are shown to a user.
IDENTITY = {
    f"GIT_{who}_{key}": value
    for who in ("AUTHOR", "COMMITTER")
    for key, value in {"NAME": "Test", "EMAIL": "test@example.invalid"}.items()
}

# A project is at the top of its repository, or in a folder of a larger one.
SUBFOLDER = "Teil ü/mein Projekt"
PLACES = ["", SUBFOLDER]

# The experiments of the projects in which tests run everything.
SEARCHED = ("dropout", "neurons")
# The files of an experiment in metrics/, in the order of their names, but for its charts.
OF_AN_EXPERIMENT = (
    *("compared/{}.csv", "curves/{}.csv", "importance/{}.csv", "parallel/{}.csv"),
    *(
        "search/{}/candidates.csv",
        "search/{}/draws.csv",
        "search/{}/fresh.csv",
        "search/{}/summary.json",
    ),
)
# The numbers in the file of every search.
NUMBERS = {
    "best_score": 0.7,
    "best_std": 0.1,
    "n_candidates": 2,
    "n_fits": 6,
    "n_splits": 3,
    "n_rows": 30,
    "classes": {},
}


def text_of(path: str | Path) -> str:
    """Return the content of a text file."""
    return Path(path).read_text(encoding="utf-8")


def real_params() -> dict[str, Any]:
    """Return the params.yaml of the sample."""
    return deepcopy(_read_params())


@cache
def _read_params() -> dict[str, Any]:
    content: dict[str, Any] = yaml12.load(text_of(SAMPLE / "params.yaml"))
    return content


def set_at(params: dict[str, Any], place: str, value: Any) -> None:
    """Set `a.b.c` of nested mappings."""
    *steps, last = place.split(".")
    for step in steps:
        params = params[step]
    params[last] = value


def small_params() -> dict[str, Any]:
    """Return the params of the sample with small grids, few splits and short fits."""
    params = real_params()
    params["cv"]["n_repeats"] = 2
    params["model"] |= {"max_epochs": 2, "batch_size": 60}
    for name, grid in SMALL_GRIDS.items():
        params["experiments"][name]["grid"] = deepcopy(grid)
    params["experiments"]["joint"]["n_candidates"] = 2
    return params


def write_params(params: dict[str, Any], folder: Path = Path()) -> None:
    """Write params.yaml."""
    write_text(
        folder / "params.yaml",
        yaml.safe_dump(params, sort_keys=False, allow_unicode=True),
    )


def working_tree() -> list[str]:
    """Return the files of the working tree that git does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    # A link to a folder is one of these files, too.
    return [
        name for name in listed if (ROOT / name).is_file() or (ROOT / name).is_symlink()
    ]


def copy_files(names: Iterable[str], folder: Path) -> None:
    """Copy files of the working tree, by their paths there, to the same paths in a folder; links stay links."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)


def environment() -> dict[str, str]:
    """Return the environment of this process, where commands are found beside this Python first.

    What `make test` tells its commands of itself is left out, because `make` in a test is not called by it.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MAKE", "MFLAGS"))
    } | {"PATH": path}


def made_once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]
) -> Path:
    """Return a folder that `make` fills once for all workers of a run of pytest; the others wait for the first.

    What is in it is read only.
    """
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    made = folder.with_suffix(".made")
    with FileLock(folder.with_suffix(".lock")):
        if not made.exists():
            shutil.rmtree(
                folder, ignore_errors=True
            )  # what an attempt that failed has left
            folder.mkdir()
            make(folder)
            made.touch()
    return folder


def _copy_installed(folder: Path) -> None:
    """Copy packages as they are installed, where this checkout has no source of them: stages depend on these files."""
    for package in ("gridstage", "lockstep", "resampled"):
        found = find_spec(package)
        assert found is not None
        assert found.origin is not None
        source = f"packages/{package}/src/{package}"
        if not (ROOT / source).exists():
            shutil.copytree(Path(found.origin).parent, folder / source)


class Project:
    """A folder with a copy of the project, in which commands run as a user would run them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def copied(cls, folder: Path, params: dict[str, Any] | None = None) -> "Project":
        """Copy the working tree, the sample in the place of what is the user's, into a folder; with these params."""
        copied = [
            name
            for name in working_tree()
            if not name.startswith(("tests/", *YOURS)) and "/tests/" not in name
        ]
        copy_files(copied, folder)
        _copy_installed(folder)
        shutil.copytree(SAMPLE, folder, dirs_exist_ok=True)
        project = cls(folder)
        if params is not None:
            project.write_params(params)
        return project

    @property
    def sources(self) -> str:
        """Where the packages are that are used in place of installed ones: in this copy, or else in this checkout."""
        own = sorted(self.folder.glob("packages/*/src"))
        return os.pathsep.join(map(str, own)) or os.environ["PYTHONPATH"]

    def write_params(self, params: dict[str, Any]) -> None:
        write_params(params, self.folder)

    def run(
        self, *command: str, ok: bool = True, variables: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command, found beside this Python first; fail the test if it fails, unless `ok` is false."""
        env = (
            environment()
            | {"PYTHONHASHSEED": "0", "COLUMNS": "120", "PYTHONPATH": self.sources}
            | (variables or {})
        )
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=300,
        )
        if ok and done.returncode:
            pytest.fail(
                f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
            )
        return done

    def stage(
        self,
        name: str,
        *arguments: str,
        ok: bool = True,
        variables: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a stage, or a command of `gridstage`."""
        module = [f"stages.{name}"]
        if name in COMMANDS:
            module = ["gridstage", name]
        return self.run("python", "-m", *module, *arguments, ok=ok, variables=variables)

    def make(
        self, *arguments: str, ok: bool = True, variables: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run make as if it had set up its environment already; commands are found beside this Python."""
        (self.folder / ".venv").mkdir(exist_ok=True)
        for stamp in ("python", "repro"):
            (self.folder / ".venv" / stamp).touch()
        return self.run("make", *arguments, ok=ok, variables=variables)

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def metrics(self) -> dict[str, bytes]:
        """Return the bytes of every file under metrics/."""
        files = sorted(
            path for path in (self.folder / "metrics").rglob("*") if path.is_file()
        )
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in files}

    def git(self, *arguments: str) -> str:
        return self.run("git", *arguments, variables=IDENTITY).stdout

    def clone(self, folder: Path) -> "Project":
        """Return a git clone of this project."""
        self.git("clone", "--quiet", ".", str(folder))
        return Project(folder)

    def params(self) -> dict[str, Any]:
        content: dict[str, Any] = yaml12.load(text_of(self.folder / "params.yaml"))
        return content

    def lock(self) -> dict[str, Any]:
        """Return what dvc.lock says of each stage."""
        stages: dict[str, Any] = yaml.safe_load(self.read("dvc.lock"))["stages"]
        return stages

    def stale(self) -> set[str]:
        """Return the stages that DVC, in this process, finds to have changed themselves, or a file they depend on."""
        with chdir(self.folder), Repo() as repo:
            return {*repo.status()}

    def commit_first(self) -> None:
        """Make the folder a git repository with everything in its first commit."""
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit_all("Start")

    def commit_all(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
