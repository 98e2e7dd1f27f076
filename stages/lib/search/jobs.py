"""Runs the jobs of a search in processes on this machine, or on the workers of a Dask cluster."""

from collections.abc import Iterator
from contextlib import contextmanager

from joblib import cpu_count

from stages.lib.common import UserError, in_params
from stages.lib.config import Runtime

# What a process with torch in it takes at least, in MiB: a smaller `runtime.max_memory_mb` is refused.
_LEAST_MB = 512
_SECONDS_TO_ANSWER = 10


@contextmanager
def jobs(runtime: Runtime) -> Iterator[tuple[str, int, int]]:
    """Yield joblib's backend for the jobs of the block, how many there are, and the memory of each process, in MiB.

    Raises `UserError` if Dask is requested but not installed, its scheduler does not answer, or it has no workers.
    """
    if runtime.backend == "loky":
        yield "loky", *_jobs_here(runtime, runtime.n_jobs)
        return
    try:
        from distributed import Client
    except ImportError:
        remedy = "Run `pip install --requirement requirements-dask.txt`."
        raise UserError(in_params("runtime.backend", "is dask, which is not installed", remedy)) from None
    address, (n_jobs, memory) = runtime.dask_scheduler, _jobs_here(runtime, -1)
    options = {} if address else {"n_workers": n_jobs, "threads_per_worker": 1}
    key = "runtime.dask_scheduler"
    try:
        client = Client(address, timeout=_SECONDS_TO_ANSWER, **options)
    except Exception as error:  # a text that is not an address fails in many ways
        remedy = "Start one there, or set runtime.backend to loky."
        raise UserError(in_params(key, f": no scheduler answers at {address}: {error}", remedy)) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=_SECONDS_TO_ANSWER)
        except TimeoutError:
            remedy = f"Run `dask worker {address}` in the repository."
            raise UserError(in_params(key, f": the scheduler at {address} has no workers", remedy)) from None
        # A cluster's workers have memory of their own.
        yield "dask", -1, runtime.max_memory_mb if address else memory


def _jobs_here(runtime: Runtime, asked: int) -> tuple[int, int]:
    """Return how many jobs this machine has cores and the search has memory for, and how much for each, in MiB."""
    cores = cpu_count()
    fitting = max(1, runtime.max_memory_mb // _LEAST_MB - 1)  # beside the process that hands out the jobs
    wanted = cores if asked == -1 else asked
    n_jobs = min(wanted, cores, fitting)
    return n_jobs, runtime.max_memory_mb // (n_jobs + 1) if n_jobs > 1 else runtime.max_memory_mb
