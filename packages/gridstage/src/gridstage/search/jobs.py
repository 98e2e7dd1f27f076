"""Where a search runs: in processes on this machine, or on the workers of a Dask cluster, once they are checked."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil
from joblib import cpu_count

from gridstage.common import UserError, counted, described, in_params
from gridstage.config import Runtime
from gridstage.search.inventory import modules_of

# What a process with torch in it takes at least, in MiB: a smaller `runtime.max_memory_mb` is refused.
_LEAST_MB = 512


@dataclass
class Jobs:
    """How a search runs its jobs: how many at once, -1 for one on each worker, and the memory limit of each, in MiB.

    The engine chooses the limit if it is None.
    `n_workers` returns how many workers the cluster has now; it is None without a cluster.
    """

    backend: str
    n_jobs: int
    max_memory_mb: int | None
    n_workers: Callable[[], int] | None = None

    @property
    def place(self) -> str:
        """Return ` on 3 workers`, or "" without a cluster."""
        return f" on {counted(self.n_workers(), 'worker')}" if self.n_workers else ""


@contextmanager
def jobs(runtime: Runtime, sent: Any = None) -> Iterator[Jobs]:
    """Yield how to run the jobs of a search.

    `sent` is what they are made of, such as the estimator: on a cluster, every module that it needs must be there.
    Raises `UserError` if Dask can't run them.
    """
    if runtime.backend == "loky":
        yield Jobs("loky", *jobs_here(runtime, runtime.n_jobs))
        return
    try:
        from distributed import Client

        # Not at the top: it needs the package, too.
        from gridstage.search.cluster import CLUSTER, Cluster
    except ImportError:
        remedy = "Run `pip install distributed`."
        raise UserError(
            in_params("runtime.backend", "is dask, which is not installed", remedy)
        ) from None
    address, (n_jobs, memory) = runtime.dask_scheduler, jobs_here(runtime, -1)
    options = {} if address else {"n_workers": n_jobs, "threads_per_worker": 1}
    try:
        client = Client(address, timeout=runtime.dask_timeout, **options)
    except Exception as error:  # a text that is not an address fails in many ways
        finding = f": no scheduler answers at {address}: {described(error)}"
        remedy = "Start a scheduler there with `python -m dask scheduler`, or set runtime.backend to loky."
        raise UserError(in_params("runtime.dask_scheduler", finding, remedy)) from None
    # What becomes of the connection, the cluster says in a sentence.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL + 1)
    with client, Cluster(client, runtime, modules_of(sent)) as cluster:
        # A cluster's workers have memory of their own.
        yield Jobs(
            CLUSTER,
            -1,
            runtime.max_memory_mb if address else memory,
            lambda: len(cluster.workers),
        )


def jobs_here(runtime: Runtime, asked: int) -> tuple[int, int | None]:
    """Return how many jobs this machine has cores and the search has memory for, and how much for each, in MiB."""
    cores, limit = cpu_count(), runtime.max_memory_mb
    memory = psutil.virtual_memory().available // 2**20 if limit is None else limit
    fitting = max(
        1, memory // _LEAST_MB - 1
    )  # beside the process that hands out the jobs
    wanted = cores if asked == -1 else asked
    n_jobs = min(wanted, cores, fitting)
    return n_jobs, limit // (n_jobs + 1) if limit and n_jobs > 1 else limit
