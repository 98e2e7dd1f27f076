"""How many jobs are run at once."""

import re
import sys

import pytest

from stages.lib.common import UserError
from stages.lib.config import Runtime
from stages.lib.search.jobs import Jobs, jobs


@pytest.mark.parametrize(
    ("n_jobs", "max_memory_mb", "jobs_run", "each"),
    [(1, 2048, 1, 2048), (3, 2048, 3, 512), (-1, 4096, 4, 819), (500, 4096, 4, 819), (4, 1024, 1, 1024)],
)
def test_jobs_are_no_more_than_cores_and_memory_allow(
    monkeypatch: pytest.MonkeyPatch, n_jobs: int, max_memory_mb: int, jobs_run: int, each: int
) -> None:
    monkeypatch.setattr("stages.lib.search.jobs.cpu_count", lambda: 4)
    with jobs(Runtime(n_jobs=n_jobs, max_memory_mb=max_memory_mb)) as given:
        assert given == Jobs("loky", jobs_run, each)


def test_a_scheduler_that_does_not_answer_is_named() -> None:
    runtime = Runtime(backend="dask", dask_scheduler="tcp://127.0.0.1:9", dask_timeout=1)
    sentence = "params.yaml: runtime.dask_scheduler: no scheduler answers at tcp://127.0.0.1:9"
    with pytest.raises(UserError, match=re.escape(sentence)), jobs(runtime):
        pass


def test_dask_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    sentence = "params.yaml: runtime.backend is dask, which is not installed. Run `pip install --requirement"
    with pytest.raises(UserError, match=re.escape(sentence)), jobs(Runtime(backend="dask")):
        pass
