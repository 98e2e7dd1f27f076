"""How many jobs are run at once, and searches on workers of Dask."""

import re
from typing import Any

import pytest

from stages.lib.common import UserError
from stages.lib.config import Runtime
from stages.lib.search.run import jobs
from tests.conftest import MakeProject

GRID = {"module__dropout_rate": [i / 100 for i in range(6)]}
CHANGES: dict[str, Any] = {
    "experiments": {"rates": {"grid": GRID, "fixed": {"max_epochs": 5}}},
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


@pytest.mark.long
def test_workers_of_dask_change_no_byte(make_project: MakeProject) -> None:
    project = make_project(CHANGES)
    project.stage("search", "rates")
    here, params = project.metrics(), project.params()
    params["runtime"] |= {"backend": "dask", "max_memory_mb": 2048}
    project.write_params(params)
    for name in ("metrics/search/rates/summary.json", "metrics/search/rates/candidates.csv"):
        (project.folder / name).unlink()
    project.stage("search", "rates")
    assert project.metrics() == here


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stages.lib.search.run._SECONDS_TO_ANSWER", 1)
    runtime = Runtime(backend="dask", dask_scheduler="tcp://127.0.0.1:9")
    sentence = "params.yaml: runtime.dask_scheduler: no scheduler with a worker answers at tcp://127.0.0.1:9"
    with pytest.raises(UserError, match=re.escape(sentence)), jobs(runtime):
        pass
