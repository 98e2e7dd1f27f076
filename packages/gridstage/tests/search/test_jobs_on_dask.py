"""Searches on workers of Dask, whose processes start as docs/params.md says, in another folder than the search's."""

import importlib.metadata
import json
import re
import signal
import subprocess
import sysconfig
import time
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

from gridstage.common import write_text
from packages.gridstage.tests.conftest import MakeProject
from packages.gridstage.tests.pages import DOCS
from packages.gridstage.tests.project import Project, environment, text_of

pytestmark = pytest.mark.long

GRID = {"module__dropout_rate": [i / 100 for i in range(32)]}
CHANGES: dict[str, Any] = {
    "experiments": {"rates": {"grid": GRID, "fixed": {"max_epochs": 5}}},
    "model.batch_size": 10,
}
# Some seconds of training for each of two workers.
LONG = CHANGES | {
    "experiments": {"rates": {"grid": GRID, "fixed": {"max_epochs": 1000}}}
}


class Processes:
    """A scheduler and workers on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.started = folder, list[subprocess.Popen[bytes]]()
        self.file = folder / "scheduler.json"
        (command,) = re.findall(r"`(python -m dask scheduler)`", DOCS["params.md"])
        self.scheduler = self._start(
            f"{command} --host 127.0.0.1 --port 0 --no-dashboard --scheduler-file {self.file}"
        )
        self.wait(self.file.exists)
        self.address: str = json.loads(text_of(self.file))["address"]

    def worker(
        self,
        folder: Path | None = None,
        python: Path | str = "python",
        n_threads: int = 1,
    ) -> subprocess.Popen[bytes]:
        """Start a worker, by the command of the page."""
        (command,) = re.findall(r"`python (-m dask worker [^`]+)`", DOCS["params.md"])
        command = command.replace("tcp://127.0.0.1:8786", self.address).replace(
            "--nworkers -1", "--nworkers 1"
        )
        command = command.replace("--nthreads 1", f"--nthreads {n_threads}")
        return self._start(f"{python} {command} --no-dashboard --no-nanny", folder)

    def _start(
        self, command: str, folder: Path | None = None
    ) -> subprocess.Popen[bytes]:
        variables = {
            name: value for name, value in environment().items() if name != "PYTHONPATH"
        }
        with (self.folder / f"{len(self.started)}.log").open("wb") as log:
            process = subprocess.Popen(
                command.split(),
                cwd=folder or self.folder,
                env=variables,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.started.append(process)
        return process

    @staticmethod
    def wait(is_so: Callable[[], object]) -> None:
        deadline = time.monotonic() + 60
        while not is_so():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def all_are_busy(self, n_workers: int) -> bool:
        with Client(self.address) as client:
            return sum(map(bool, client.processing().values())) == n_workers

    def stop(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    """A scheduler in a folder without the code, which it does not need."""
    (tmp_path / "elsewhere").mkdir()
    started = Processes(tmp_path / "elsewhere")
    yield started
    started.stop()


def on_dask(project: Project, processes: Processes, timeout: int = 30) -> None:
    params = project.params()
    cluster = {
        "backend": "dask",
        "dask_scheduler": processes.address,
        "dask_timeout": timeout,
    }
    params["runtime"] |= cluster
    project.write_params(params)


def begin(project: Project) -> "subprocess.Popen[str]":
    variables = environment() | {"PYTHONHASHSEED": "0", "COLUMNS": "120"}
    command = ["python", "-m", "stages.search", "rates"]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=project.folder, env=variables, stdout=pipe, stderr=pipe, text=True
    )


def searched(project: Project) -> dict[str, bytes]:
    project.stage("search", "rates")
    return project.metrics()


@pytest.mark.parametrize(("engine", "n_rates"), [("lockstep", 32), ("one-by-one", 3)])
def test_workers_change_no_byte(
    make_project: MakeProject, processes: Processes, engine: str, n_rates: int
) -> None:
    grid = {name: values[:n_rates] for name, values in GRID.items()}
    experiments = {"rates": {"grid": grid, "fixed": {"max_epochs": 5}}}
    project = make_project(CHANGES | {"engine": engine, "experiments": experiments})
    other = make_project(folder="other")
    here = searched(project)
    for _ in range(2):
        processes.worker(other.folder)
    on_dask(project, processes)
    project.run("rm", "-r", "metrics/search/rates")
    assert searched(project) == here


def test_a_cluster_on_this_machine_changes_no_byte(make_project: MakeProject) -> None:
    project = make_project(CHANGES)
    here, params = searched(project), project.params()
    params["runtime"] |= {"backend": "dask", "max_memory_mb": 2048}
    project.write_params(params)
    project.run("rm", "-r", "metrics/search/rates")
    assert searched(project) == here


def test_a_worker_that_is_killed_changes_no_byte(
    make_project: MakeProject, processes: Processes
) -> None:
    project = make_project(LONG)
    here = searched(project)
    workers = [
        processes.worker(make_project(folder=name).folder)
        for name in ("one machine", "another")
    ]
    on_dask(project, processes)
    project.run("rm", "-r", "metrics/search/rates")
    search = begin(project)
    processes.wait(lambda: processes.all_are_busy(2))
    workers[0].kill()
    _, told = search.communicate(timeout=300)
    assert search.returncode == 0, told
    assert project.metrics() == here
    # On a busy machine, the first line that says so may be that of the fresh splits.
    assert "training on 1 worker: " in told


def test_a_worker_without_the_code_gets_nothing(
    make_project: MakeProject, processes: Processes
) -> None:
    project = make_project(CHANGES)
    on_dask(project, processes)
    processes.worker(processes.folder)
    told = project.stage("search", "rates", ok=False).stderr
    assert re.search(
        r"params\.yaml: runtime\.dask_scheduler: tcp://127\.0\.0\.1:\d+ can't import nets\.network "
        r"\(ModuleNotFoundError: No module named 'nets'\)\. Start both in this folder, or a copy",
        told,
    )
    assert (
        f"`python -m dask worker {processes.address} --nworkers -1 --nthreads 1`"
        in told
    )
    assert told.count("error: ") == 1


def test_a_worker_with_other_code_gets_nothing(
    make_project: MakeProject, processes: Processes
) -> None:
    project, other = make_project(CHANGES), make_project(folder="other")
    file = other.folder / "nets/network.py"
    write_text(file, text_of(file) + "\n")
    on_dask(project, processes)
    processes.worker(other.folder)
    assert (
        "has other code in nets.network. Start both"
        in project.stage("search", "rates", ok=False).stderr
    )


def test_a_worker_with_several_threads_gets_nothing(
    make_project: MakeProject, processes: Processes
) -> None:
    project = make_project(CHANGES)
    on_dask(project, processes)
    processes.worker(project.folder, n_threads=2)
    assert (
        "has 2 threads instead of 1. Start both"
        in project.stage("search", "rates", ok=False).stderr
    )


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("0.9", f"has skorch 0.9 instead of {importlib.metadata.version('skorch')}"),
        (
            None,
            "can't import gridstage.engine (ModuleNotFoundError: No module named 'skorch')",
        ),
    ],
    ids=["another version", "missing"],
)
def test_a_worker_with_other_packages_gets_nothing(
    make_project: MakeProject,
    processes: Processes,
    tmp_path: Path,
    version: str | None,
    expected: str,
) -> None:
    project = make_project(CHANGES)
    on_dask(project, processes)
    processes.worker(
        project.folder, python=environment_with(tmp_path / "environment", version)
    )
    assert expected in project.stage("search", "rates", ok=False).stderr


def environment_with(folder: Path, version: str | None) -> Path:
    """Make an environment with a version of skorch, or without it, and otherwise as this one; return its Python."""
    venv.create(folder)
    (site,) = folder.glob("lib/python*/site-packages")
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.startswith("skorch"):
            (site / path.name).symlink_to(path)
        elif version and path.suffix == ".dist-info":
            (site / path.name).mkdir()
            write_text(
                site / path.name / "METADATA", f"Name: skorch\nVersion: {version}\n"
            )
        elif version:
            (site / path.name).symlink_to(path)
    return folder / "bin/python"


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (signal.SIGKILL, "has lost a job"),
        (signal.SIGSTOP, "has had no worker for 15 s"),
    ],
    ids=["ended", "frozen"],
)
def test_a_scheduler_that_is_gone_ends_the_search(
    make_project: MakeProject, processes: Processes, how: signal.Signals, expected: str
) -> None:
    project = make_project(LONG)
    processes.worker(project.folder)
    on_dask(project, processes, timeout=15)
    search = begin(project)
    processes.wait(lambda: processes.all_are_busy(1))
    processes.scheduler.send_signal(how)
    _, told = search.communicate(timeout=120)
    assert search.returncode == 1
    assert (
        f"params.yaml: runtime.dask_scheduler: {processes.address} {expected}" in told
    )
    assert "Traceback" not in told


def test_workers_that_are_gone_end_the_search(
    make_project: MakeProject, processes: Processes
) -> None:
    project = make_project(LONG)
    worker = processes.worker(project.folder)
    on_dask(project, processes, timeout=20)
    search = begin(project)
    processes.wait(lambda: processes.all_are_busy(1))
    worker.kill()
    _, told = search.communicate(timeout=120)
    assert search.returncode == 1
    assert re.search("has lost a job|has had no worker for 20 s", told), told


def test_a_cluster_without_a_worker_is_told(
    make_project: MakeProject, processes: Processes
) -> None:
    project = make_project(CHANGES)
    on_dask(project, processes, timeout=1)
    assert (
        f"no worker has come to {processes.address} in 1 s"
        in project.stage("search", "rates", ok=False).stderr
    )
