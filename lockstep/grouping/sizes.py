"""How large nets may be for the kernel, and how many of them a stack takes.

Whether the kernel trains a net follows from the net and its rows alone. How many share a stack follows from memory, the
jobs, and whether the search may be stopped; no byte depends on it.
"""

import time
from collections.abc import Iterator
from dataclasses import replace

import psutil

from lockstep.grouping.kinds import Kind
from lockstep.grouping.measured import Measured
from lockstep.kernel.program import LANES
from lockstep.members.member import Member
from lockstep.members.refusals import Refusal, RefusalError
from lockstep.stacks.nets import Job

# With more nets, a stack is not faster per net, because its tensors no longer fit into a core's cache.
MOST_NETS = 1024

# With more floating-point operations in its largest product, a net is faster by skorch, because torch multiplies large
# matrices faster than the kernel.
_FASTER_BY_SKORCH = 40_000_000

# The most bytes of a net that the kernel trains; its blocks, which are always whole, then have 1 GiB.
_MOST_BYTES = 2**26

# Floating-point operations that cost as much as writing a number outside of a product.
_OF_A_NUMBER = 20

# Bytes that a stack may always take, even if `max_memory_mb` leaves less.
_LITTLE = 2**26

# About what a part of a stack takes, in seconds of a processor, if its search keeps what it trains. With shorter ones,
# the Python code around an epoch would cost more than a few per cent.
_PART = 5.0

# The work that a core does in a second, and the seconds that callbacks take for a net's epoch. Only the first part of a
# stack goes by these: the time that it has taken is known.
_A_SECOND, _OF_CALLBACKS = 120_000_000_000, 2e-4


def check_size(measured: Measured) -> None:
    """Raise `RefusalError` if a net is too large for the kernel, or faster by skorch."""
    if measured.n_bytes > _MOST_BYTES:
        needed = f"{measured.n_bytes / 2**20:,.0f} MiB"
        raise RefusalError(f"a net takes {needed}, and the kernel computes {LANES} of them at once")
    if measured.largest_product > _FASTER_BY_SKORCH:
        raise RefusalError("its layers are wide, so skorch is faster")


def stack_size(n_nets: int, kind: Kind, max_memory_mb: int, n_jobs: int, seconds: float = 0.0) -> int:
    """Cut nets into equal stacks: small enough for memory and cache, and enough of them for the jobs.

    If `seconds` are what a net takes, stacks take about as long as a part. Returns the number of nets in a stack, a
    multiple of the kernel's lanes, or 0 if there is too little memory.
    """
    free = max_memory_mb * 2**20 - psutil.Process().memory_info().rss
    most = min(MOST_NETS, max(free // kind.bytes_each, 0)) // LANES * LANES
    if most == 0 and kind.bytes_each * LANES > _LITTLE:
        return 0
    most = max(most, LANES)
    n_stacks = max(-(-n_nets // most), min(n_jobs, n_nets // LANES), _n_parts(n_nets, seconds))
    return -(-n_nets // (n_stacks * LANES)) * LANES


def too_large(kind: Kind, max_memory_mb: int) -> Refusal:
    """Return the refusal of nets whose stack takes more memory than there is."""
    needed = f"{kind.bytes_each * LANES / 2**20:,.0f} MiB"
    return Refusal(f"a stack takes {needed}, more than max_memory_mb={max_memory_mb} leaves", "raise max_memory_mb")


def seconds_of(kind: Kind, member: Member) -> float:
    """Return how long a processor is likely to train a net in a stack."""
    of_step = (kind.measured.n_flops + _OF_A_NUMBER * kind.measured.n_numbers) / _A_SECOND
    return member.epochs * (len(member.order.lengths) * of_step + member.has_listeners * _OF_CALLBACKS)


def parts(job: Job, seconds: dict[int, float]) -> Iterator[Job]:
    """Yield equal parts of a stack, each of which is trained before the next one is asked for.

    `seconds` are what a net takes, by the programs that its group shares; they follow from the parts so far.
    """
    group, at_once, left = id(job.programs), LANES * job.n_threads, job.members
    while left:
        size = -(-len(left) // (_n_parts(len(left), seconds[group]) * at_once)) * at_once
        part, left, start = left[:size], left[size:], time.process_time()
        yield replace(job, members=part)
        seconds[group] = (time.process_time() - start) / len(part)


def _n_parts(n_nets: int, seconds: float) -> int:
    return max(round(n_nets * seconds / _PART), 1)
