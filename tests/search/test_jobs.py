"""A Dask cluster on the loopback address: a scheduler and two workers, one of which is killed."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from stages.lib.common import UserError
from stages.lib.config import Runtime
from stages.lib.search.run import jobs
from tests.conftest import MakeProject
from tests.project import Project

GRID = {"module__dropout_rate": [i / 100 for i in range(60)]}
CHANGES: dict[str, Any] = {
    "experiments": {"rates": {"grid": GRID, "fixed": {"max_epochs": 150}}},
    "model.batch_size": 10,
    "cv.n_repeats": 2,
    "runtime.max_memory_mb": 512,
}


@pytest.mark.parametrize(
    ("n_jobs", "max_memory_mb", "jobs_run", "each"),
    [(1, 2048, 1, 2048), (3, 2048, 3, 512), (-1, 4096, 4, 819), (500, 4096, 4, 819), (4, 1024, 1, 1024)],
)
def test_jobs_are_no_more_than_cores_and_memory_allow(
    monkeypatch: pytest.MonkeyPatch, n_jobs: int, max_memory_mb: int, jobs_run: int, each: int
) -> None:
    monkeypatch.setattr("stages.lib.search.run.cpu_count", lambda: 4)
    with jobs(Runtime(n_jobs=n_jobs, max_memory_mb=max_memory_mb)) as given:
        assert given == ("loky", jobs_run, each)


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return make_project(CHANGES)


@pytest.fixture
def cluster(project: Project) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Start a scheduler and two workers, and end these processes afterwards."""
    environment = os.environ | {"PYTHONPATH": str(project.folder), "DASK_DISTRIBUTED__DASHBOARD__ENABLED": "False"}
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]]
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(command, env=environment, cwd=project.folder, stdout=quiet, stderr=quiet)
        started.append(process)
        return process

    scheduler_file = project.folder / "scheduler.json"
    loopback = ("--host", "127.0.0.1", "--no-dashboard")
    start("dask_scheduler", *loopback, "--port", "0", "--scheduler-file", str(scheduler_file))
    address = _address(scheduler_file)
    options = ("--nthreads", "1", "--no-nanny", "--local-directory", str(project.folder / "dask"))
    workers = [start("dask_worker", address, *loopback, *options) for _ in range(2)]
    try:
        yield address, workers
    finally:
        for process in started[::-1]:
            process.kill()
            process.wait()


def _address(scheduler_file: Path) -> str:
    for _ in range(200):
        if scheduler_file.exists() and (text := scheduler_file.read_text(encoding="utf-8")):
            address: str = json.loads(text)["address"]
            return address
        time.sleep(0.1)
    pytest.fail("the scheduler did not start")


@pytest.mark.long
def test_a_worker_killed_in_the_middle_changes_no_byte(
    project: Project, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    address, workers = cluster
    project.stage("search", "rates")
    here = project.metrics()
    params = project.params()
    params["runtime"] |= {"backend": "dask", "dask_scheduler": address}
    project.write_params(params)
    for name in ("metrics/search/rates/summary.json", "metrics/search/rates/candidates.csv"):
        (project.folder / name).unlink()

    command = [sys.executable, "-m", "stages.search", "rates"]
    search = subprocess.Popen(command, cwd=project.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    victim = psutil.Process(workers[0].pid)
    for _ in range(1200):
        # A worker that has imported torch is about to train.
        if search.poll() is not None or victim.memory_info().rss > 250 * 2**20:
            break
        time.sleep(0.05)
    time.sleep(1)
    assert search.poll() is None, "the search ended before a worker could be killed"
    workers[0].send_signal(signal.SIGKILL)
    output, _ = search.communicate(timeout=200)
    assert search.returncode == 0, output.decode()
    assert workers[1].poll() is None
    assert project.metrics() == here


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stages.lib.search.run._SECONDS_TO_ANSWER", 1)
    runtime = Runtime(backend="dask", dask_scheduler="tcp://127.0.0.1:9")
    sentence = "params.yaml: runtime.dask_scheduler: no scheduler with a worker answers at tcp://127.0.0.1:9"
    with pytest.raises(UserError, match=re.escape(sentence)), jobs(runtime):
        pass
