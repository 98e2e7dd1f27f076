"""How large nets may be for the kernel, and how many of them a stack takes.

Whether the kernel trains a net follows from the net and its rows alone. How many share a stack follows from memory, the
jobs, and whether the search may be stopped; no byte depends on it.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import psutil

from lockstep.grouping.costs import step_of_a_block
from lockstep.grouping.measured import Measured
from lockstep.kernel.program import LANES
from lockstep.members.member import Member
from lockstep.members.refusals import Refusal
from lockstep.stacks.nets import Job

# With more nets, a stack is not faster per net, because its tensors no longer fit into a core's cache.
MOST_NETS = 1024

# The numbers of a net that a stack keeps for each of its own: its module's, copies, gradients, an optimizer's state, in
# the kernel and outside. Those that a trained net keeps until its search has the result, and what else it keeps.
_IN_STACK, _TRAINED, _OF_A_NET = 8, 5, 70_000

# Bytes of a net's numbers in a strip, about.
_STRIP = 2**18

# Bytes that the programs of a group take.
OF_A_GROUP = 2**20

# Bytes of a row's place in the order of an epoch: a number of Python's, in lists and in arrays.
_OF_A_PLACE = 56

# Bytes that a stack may always take, even if `max_memory_mb` leaves less.
_LITTLE = 2**26

# About what a part of a stack takes, in seconds of a processor, if its search keeps what it trains. With shorter ones,
# the Python code around an epoch would cost more than a few per cent.
_PART = 5.0

# The seconds that callbacks take for a net's epoch.
_OF_CALLBACKS = 2e-4

# What the trial of a group takes, in seconds, writing the programs of a stack, and sorting a net into it.
_OF_A_TRIAL, _OF_A_STACK, _TO_SORT = 0.1, 0.05, 1.5e-3


class Needs(NamedTuple):
    """The bytes of a group's stacks: of each net, and of each thread, which computes a block of nets."""

    of_net: int
    of_block: int
    most: int  # of a stack of one block, if its steps need all that they make at once

    def of_stack(self, n_nets: int, n_threads: int = 1) -> int:
        """Return the bytes of a stack."""
        return n_nets * self.of_net + min(n_threads, -(-n_nets // LANES)) * self.of_block


def needs_of(members: Sequence[Member], measured: Measured, filled: bool) -> Needs:
    """Return the bytes of stacks of these nets; those of a split share the order of its rows, and noise.

    Steps whose rows are independent, as they are if batches may be `filled` up, run in strips.
    """
    n_splits = len({member.noise_seed for member in members})
    of_row = _OF_A_PLACE + measured.row_noise * members[0].tensors[next(iter(members[0].tensors))].itemsize
    of_splits = n_splits * max(member.train.n for member in members) * of_row
    of_net = max(_of_net(each, measured) for each in members) + of_splits // len(members)
    of_block = min(measured.step_bytes, _STRIP) if filled else measured.step_bytes
    return Needs(of_net, of_block * LANES, (of_net + measured.n_bytes) * LANES)


def _of_net(member: Member, measured: Measured) -> int:
    n_bytes, valid, asked = _IN_STACK * measured.net_bytes, member.valid, member.rows_to_answer
    if valid:
        n_made = 2 * (member.epochs if member.recorders else 1)
        n_bytes += sum(part.nbytes for part in valid.tensors) + n_made * valid.n * measured.row_bytes
    if asked:
        n_bytes += 2 * len(asked.rows) * measured.row_bytes + (0 if asked.is_table else asked.rows.nbytes)
    if member.follows:
        n_bytes += 2 * sum(part.nbytes for part in member.train.tensors)
    return n_bytes


def kept_of(member: Member, measured: Measured) -> int:
    """Return the bytes that are kept of a trained net until its search has the result."""
    asked = member.rows_to_answer
    return _OF_A_NET + _TRAINED * measured.net_bytes + (len(asked.rows) * measured.row_bytes if asked else 0)


def stack_size(
    n_nets: int, needs: Needs, max_memory_mb: int, n_jobs: int, n_threads: int = 1, seconds: float = 0.0
) -> int:
    """Cut nets into equal stacks: small enough for memory and cache, and enough of them for the jobs.

    If `seconds` are what a net takes, stacks take about as long as a part. Returns the number of nets in a stack, a
    multiple of the kernel's lanes, or 0 if there is too little memory.
    """
    free = max_memory_mb * 2**20 - psutil.Process().memory_info().rss
    if needs.most > max(free, _LITTLE):
        return 0
    # With as many threads as blocks, or with all threads.
    fits = max(free * LANES // needs.of_stack(LANES), (free - n_threads * needs.of_block) // needs.of_net)
    most = max(min(MOST_NETS, fits) // LANES * LANES, LANES)
    n_stacks = max(-(-n_nets // most), min(n_jobs, n_nets // LANES), _n_parts(n_nets, seconds))
    return -(-n_nets // (n_stacks * LANES)) * LANES


def too_large(needs: Needs, max_memory_mb: int) -> Refusal:
    """Return the refusal of nets whose stack takes more memory than there is."""
    needed = f"{needs.most / 2**20:,.0f} MiB"
    return Refusal(f"a stack takes {needed}, more than max_memory_mb={max_memory_mb} leaves", "raise max_memory_mb")


def seconds_of(measured: Measured, member: Member) -> float:
    """Return how long a processor is likely to train a net in a stack."""
    of_step = step_of_a_block(measured) / LANES
    return member.epochs * (len(member.order.lengths) * of_step + member.has_listeners * _OF_CALLBACKS)


def seconds_of_stacks(members: Sequence[Member], measured: Measured, n_nets: int, size: int) -> float:
    """Return how long a processor is likely to sort and train `n_nets` nets like these, so many of them in a stack."""
    whole, left = divmod(n_nets, size)
    lanes = -(-size // LANES) * LANES * whole + -(-left // LANES) * LANES
    training = sum(seconds_of(measured, member) for member in members) / len(members) * lanes
    return _OF_A_TRIAL + _OF_A_STACK * (whole + bool(left)) + _TO_SORT * n_nets + training


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
