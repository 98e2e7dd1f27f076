"""joblib's backend on a cluster of Dask that is watched.

joblib's own one waits for ever for a job that Dask gives up, and its jobs are unpickled by the scheduler, too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from joblib import register_parallel_backend
from joblib.parallel import BACKENDS, ParallelBackendBase

from stages.lib.search.cluster import Cluster

# The name of the backend.
CLUSTER = "watched-dask"


class _Backend(ParallelBackendBase):
    supports_retrieve_callback = True
    default_n_jobs = -1

    def __init__(self, cluster: Cluster, **options: Any) -> None:
        super().__init__(**options)
        self.cluster = cluster

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """Return the number of workers, but two at least: a single job would run in this process."""
        return max(2, self.cluster.n_workers)

    def submit(self, func: Any, callback: Any = None) -> Any:
        """Send a call."""
        return self.cluster.submit(func, callback)

    def retrieve_result_callback(self, out: Any) -> Any:
        """Return the result of a call."""
        return self.cluster.result(out)

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Forget the calls that are not done."""
        self.cluster.forget()


@contextmanager
def in_use(cluster: Cluster) -> Iterator[None]:
    """In the block, and only there, joblib knows the backend `CLUSTER`."""
    register_parallel_backend(CLUSTER, lambda **options: _Backend(cluster, **options))
    try:
        yield
    finally:
        del BACKENDS[CLUSTER]
