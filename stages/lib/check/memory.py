"""Estimates how much memory a search takes at its peak: its processes, the rows, and what the engine says it takes.

What a process and a fit take was measured.
"""

import psutil

from stages.lib.common import Problem, in_params
from stages.lib.engine import EnginePlan
from stages.lib.experiment import Opened

_MIB = 2**20
# Bytes of a process that has imported everything, of a worker beside it, and of what is kept of a fit by skorch.
_PROCESS, _WORKER, _FIT = 415 * _MIB, 355 * _MIB, 70_000
# Bytes of a number of a table, and of a net's number.
_DOUBLE, _FLOAT = 8, 4
# Copies of a split's rows in a process that fits nets one by one.
_COPIES = 6


def search_bytes(
    opened: Opened, planned: EnginePlan | None, n_fits: int, n_jobs: int
) -> int:
    """Return the bytes that all processes of a search take together at the peak; without a plan, skorch fits all."""
    # Threads train nets by the kernel, and processes those that callbacks watch or that are fitted one by one.
    watched = any(
        key.startswith("callbacks") and value for key, value in opened.settings.items()
    )
    apart = n_jobs > 1 and (watched or planned is None or bool(planned.alone))
    table = 2 * opened.data.X.size * _DOUBLE  # as it was read, and as an array
    alone = n_fits * _FIT + n_jobs * _COPIES * opened.X.size * _FLOAT
    return (
        _PROCESS
        + apart * n_jobs * _WORKER
        + table
        + (planned.n_bytes if planned else alone)
    )


def too_little(n_bytes: int, name: str) -> Problem | None:
    """Return the problem of a search that takes more memory than this machine has left; None if it has enough."""
    left = psutil.virtual_memory().available
    if n_bytes <= left:
        return None
    finding = f": takes about {in_mib(n_bytes)} of memory, and this machine has {in_mib(left)} left"
    return in_params(
        f"experiments.{name}",
        finding,
        "Lower data.sample, cv.n_splits, or runtime.n_jobs.",
    )


def in_mib(n_bytes: int) -> str:
    """Write an amount of memory roughly: `420 MiB`, `2.6 GiB`."""
    mib = n_bytes / _MIB
    return f"{mib / 1024:.1f} GiB" if mib >= 1000 else f"{round(mib, -1):.0f} MiB"
