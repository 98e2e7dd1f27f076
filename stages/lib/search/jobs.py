"""Runs the jobs of a search in processes on this machine, or on the workers of a Dask cluster."""

from collections.abc import Iterator
from contextlib import contextmanager

from stages.lib.common import UserError
from stages.lib.config import Runtime


@contextmanager
def jobs(runtime: Runtime) -> Iterator[tuple[str, int]]:
    """Yield the joblib backend that the jobs of the block run on, and how many of them there are.

    Raises
    ------
    UserError
        If Dask is requested but not installed, or its scheduler does not answer.
    """
    if runtime.backend == "loky":
        yield "loky", runtime.n_jobs
        return
    try:
        from distributed import Client
    except ImportError:
        raise UserError(
            "params.yaml: runtime.backend is dask, which is not installed. "
            "Run `pip install --requirement requirements-dask.txt`."
        ) from None
    try:
        client = Client(runtime.dask_scheduler, timeout="10s")
    except (OSError, ValueError) as error:
        raise UserError(
            f"params.yaml: runtime.dask_scheduler: no scheduler answers at {runtime.dask_scheduler}: {error}"
        ) from None
    with client:
        yield "dask", -1
