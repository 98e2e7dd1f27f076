"""How many nets a stack takes: as memory, the jobs, and a search that may be stopped leave. No byte depends on it."""

import time
from collections.abc import Iterator
from dataclasses import replace

import psutil

from lockstep.grouping.kinds import Kind
from lockstep.grouping.places import work_of
from lockstep.members.member import Member
from lockstep.members.refusals import Refusal
from lockstep.stacks.nets import Job

# Bytes that a stack may always take, even if `max_memory_mb` leaves less.
_LITTLE = 2**26

# About what a part of a stack takes, in seconds of a processor, if its search keeps what it trains. With shorter ones,
# the Python code around an epoch would cost more than a few per cent.
_PART = 5.0

# The work that a core does in a second, by the kernel and by torch, and the seconds that callbacks take for a net's
# epoch. Only the first part of a stack goes by these: the time that it has taken is known.
_BY_KERNEL, _BY_TORCH, _OF_CALLBACKS = 120_000_000_000, 15_000_000_000, 2e-4


def stack_size(n_nets: int, kind: Kind, max_memory_mb: int, n_jobs: int, seconds: float = 0.0) -> int:
    """Cut nets into equal stacks: small enough for memory and cache, and enough of them for the jobs.

    If `seconds` are what a net takes, stacks take about as long as a part. Returns the number of nets in a stack, a
    multiple of the kind's, or 0 if there is too little memory.
    """
    multiple, at_once = kind.places
    free = max_memory_mb * 2**20 - psutil.Process().memory_info().rss
    most = min(at_once, max(free // kind.bytes_each, 0)) // multiple * multiple
    if most == 0 and kind.bytes_each * multiple > _LITTLE:
        return 0
    most = max(most, multiple)
    n_stacks = max(-(-n_nets // most), min(n_jobs, n_nets // multiple), _n_parts(n_nets, seconds))
    return -(-n_nets // (n_stacks * multiple)) * multiple


def too_large(kind: Kind, max_memory_mb: int) -> Refusal:
    """Return the refusal of nets whose stack takes more memory than there is."""
    needed = f"{kind.bytes_each * kind.places.multiple / 2**20:,.0f} MiB"
    return Refusal(f"a stack takes {needed}, more than max_memory_mb={max_memory_mb} leaves", "raise max_memory_mb")


def seconds_of(kind: Kind, member: Member) -> float:
    """Return how long a processor is likely to train a net in a stack."""
    of_step = work_of(kind.measured) / (_BY_KERNEL if kind.by_kernel else _BY_TORCH)
    return member.epochs * (len(member.order.lengths) * of_step + member.has_listeners * _OF_CALLBACKS)


def parts(job: Job, seconds: dict[int, float]) -> Iterator[Job]:
    """Yield equal parts of a stack, each of which is trained before the next one is asked for.

    `seconds` are what a net takes, by the traces that its group shares; they follow from the parts so far. By torch,
    parts keep their size, and with it their traces, unless they take much longer or shorter.
    """
    group, at_once, left, size = id(job.traces), job.places * job.n_threads, job.members, 0
    while left:
        size = size or -(-len(left) // (_n_parts(len(left), seconds[group]) * at_once)) * at_once
        part, left, start = left[:size], left[size:], time.process_time()
        yield replace(job, members=part, size=0 if job.by_kernel else size)
        taken = (time.process_time() - start) / len(part)
        if job.by_kernel or not 0.5 < taken / seconds[group] < 2:
            seconds[group], size = taken, 0


def _n_parts(n_nets: int, seconds: float) -> int:
    return max(round(n_nets * seconds / _PART), 1)
