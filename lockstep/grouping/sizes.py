"""How many nets a stack takes: as memory, the jobs, and a search that may be stopped leave. No byte depends on it."""

import psutil

from lockstep.grouping.kinds import Kind
from lockstep.grouping.measured import Measured
from lockstep.grouping.places import work_of
from lockstep.members.refusals import Refusal

# Bytes that a stack may always take, even if `max_memory_mb` leaves less.
_LITTLE = 2**26

# The work of a part of a stack whose search keeps what it trains: what takes about 20 seconds on a core.
_MOST_WORK = 100_000_000_000


def stack_size(n_nets: int, kind: Kind, max_memory_mb: int, n_jobs: int) -> int:
    """Cut nets into equal stacks: small enough for memory and cache, and enough of them for the jobs.

    Returns the number of nets in a stack, a multiple of the kind's, or 0 if there is too little memory.
    """
    multiple, at_once = kind.places
    free = max_memory_mb * 2**20 - psutil.Process().memory_info().rss
    most = min(at_once, max(free // kind.bytes_each, 0)) // multiple * multiple
    if most == 0 and kind.bytes_each * multiple > _LITTLE:
        return 0
    most = max(most, multiple)
    n_stacks = max(-(-n_nets // most), min(n_jobs, n_nets // multiple), 1)
    return -(-n_nets // (n_stacks * multiple)) * multiple


def too_large(kind: Kind, max_memory_mb: int) -> Refusal:
    """Return the refusal of nets whose stack takes more memory than there is."""
    needed = f"{kind.bytes_each * kind.places.multiple / 2**20:,.0f} MiB"
    return Refusal(f"a stack takes {needed}, more than max_memory_mb={max_memory_mb} leaves", "raise max_memory_mb")


def part_size(measured: Measured, n_steps: int, multiple: int, n_threads: int) -> int:
    """Return how many nets a stack has at most if it is lost where its search is stopped, a multiple of `multiple`."""
    at_once = multiple * n_threads
    return max(_MOST_WORK * n_threads // (work_of(measured) * n_steps * at_once), 1) * at_once
