"""How large nets may be for the kernel, and how many of them a stack takes.

Whether the kernel trains a net follows from the net and its rows alone. How many share a stack follows from memory, the
jobs, and whether the search may be stopped; no byte depends on it.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from lockstep.grouping.costs import step_of_a_block
from lockstep.grouping.measured import Measured
from lockstep.kernel.program import LANES
from lockstep.members.member import Member
from lockstep.stacks.nets import Job

# With more nets, a stack is not faster per net, because its tensors no longer fit into a core's cache.
MOST_NETS = 1024

# The numbers of a net that a stack keeps for each of its own: outside of the kernel, copies and gradients; in the
# kernel, for each lane of a block, an optimizer's state and evaluations as well; and what a thread computes for each
# lane, such as an optimizer's step.
_IN_STACK, _IN_A_LANE, _OF_A_STEP = 3, 6, 2

# The numbers that a trained net keeps for each of its own until its search has the result, and what else it keeps, in
# bytes; with callbacks, also of each batch.
_TRAINED, _OF_A_NET, _OF_A_RECORD = 4, 70_000, 400

# Bytes of a net's numbers in a strip, about.
_STRIP = 2**18

# Bytes that the programs of a group take.
OF_A_GROUP = 2**20

# Bytes of a row's place in the order of an epoch, with its weight: a number of Python's, in lists and in arrays; and of
# the loss of a row that is held out, in some steps of a mean.
_OF_A_PLACE, _OF_A_LOSS = 72, 20

# About what a part of a stack takes, in seconds of a processor, if its search keeps what it trains. With shorter ones,
# the Python code around an epoch would cost more than a few per cent.
_PART = 5.0

# The seconds that callbacks take for a net's epoch.
_OF_CALLBACKS = 2e-4

# What the trial of a group takes, in seconds, writing the programs of a stack, and sorting a net into it.
_OF_A_TRIAL, _OF_A_STACK, _TO_SORT = 0.1, 0.05, 1.5e-3


class Needs(NamedTuple):
    """The bytes of a group's stacks."""

    of_net: int  # of each net
    # Of each block of the kernel, also of one that has fewer nets than lanes.
    of_block: int
    of_thread: int  # of each thread, which computes a block
    of_trained: int  # what is left of a net when its stack is gone, a part of `of_net`

    def of_stack(self, n_nets: int, n_threads: int = 1) -> int:
        """Return the bytes of a stack."""
        n_blocks = -(-n_nets // LANES)
        return (
            n_nets * self.of_net
            + n_blocks * self.of_block
            + min(n_threads, n_blocks) * self.of_thread
        )


def needs_of(members: Sequence[Member], measured: Measured, filled: bool) -> Needs:
    """Return the bytes of stacks of these nets; those of a split share the order of its rows, and noise.

    Steps whose rows are independent, as they are if batches may be `filled` up, run in strips.
    """
    n_orders = len({(id(member.train), id(member.order)) for member in members})
    n_splits = len({member.noise_seed for member in members})
    first, *_ = members[0].tensors.values()
    noise = measured.row_noise * first.itemsize
    of_row = n_orders * _OF_A_PLACE + n_splits * noise
    shared = max(member.train.n for member in members) * of_row
    of_trained = max(_of_trained(member, measured) for member in members)
    held_out = max(_of_hold_out(member, measured) for member in members)
    of_step = min(measured.step_bytes, _STRIP) if filled else measured.step_bytes
    of_net = _IN_STACK * measured.net_bytes + held_out
    return Needs(
        of_net + shared // len(members) + of_trained,
        _IN_A_LANE * measured.net_bytes * LANES,
        (_OF_A_STEP * measured.net_bytes + of_step) * LANES,
        of_trained,
    )


def _of_hold_out(member: Member, measured: Measured) -> int:
    """Return the bytes of a net's outputs for the rows that it holds out, and of their losses."""
    if member.valid is None:
        return 0
    n_made = member.epochs if member.recorders else 1
    return member.valid.n * (n_made * measured.row_bytes + _OF_A_LOSS)


def _of_trained(member: Member, measured: Measured) -> int:
    """Return the bytes that are kept of a trained net until its search has the result."""
    n_bytes = _OF_A_NET + _TRAINED * measured.net_bytes
    if asked := member.rows_to_answer:
        n_bytes += len(asked.rows) * measured.row_bytes
    if member.recorders and member.valid:
        n_bytes += member.epochs * member.valid.n * measured.row_bytes
    if member.has_listeners:
        n_bytes += member.epochs * len(member.order.lengths) * _OF_A_RECORD
    return n_bytes


def stack_size(
    n_nets: int,
    needs: Needs,
    free: int,
    n_jobs: int,
    n_threads: int = 1,
    seconds: float = 0.0,
) -> int:
    """Cut nets into equal stacks: small enough for memory and cache, and enough of them for the jobs.

    If `seconds` are what a net takes, stacks take about as long as a part. Returns the number of nets in a stack, a
    multiple of the kernel's lanes: one block if there is less memory than it takes.
    """
    of_block = needs.of_stack(LANES) - needs.of_thread
    # With as many threads as blocks, or with all threads.
    with_few = free // needs.of_stack(LANES)
    with_all = (free - n_threads * needs.of_thread) // of_block
    fits = max(with_few, with_all)
    most = max(min(MOST_NETS // LANES, fits), 1) * LANES
    for_jobs = min(n_jobs, n_nets // LANES)
    n_stacks = max(-(-n_nets // most), for_jobs, _n_parts(n_nets, seconds))
    return -(-n_nets // (n_stacks * LANES)) * LANES


def seconds_of(measured: Measured, member: Member) -> float:
    """Return how long a processor is likely to train a net in a stack."""
    of_step = step_of_a_block(measured) / LANES
    return member.epochs * (
        len(member.order.lengths) * of_step + member.has_listeners * _OF_CALLBACKS
    )


def seconds_of_stacks(
    members: Sequence[Member], measured: Measured, n_nets: int, size: int
) -> float:
    """Return how long a processor is likely to sort and train `n_nets` nets like these, so many of them in a stack."""
    whole, left = divmod(n_nets, size)
    lanes = -(-size // LANES) * LANES * whole + -(-left // LANES) * LANES
    training = (
        sum(seconds_of(measured, member) for member in members) / len(members) * lanes
    )
    return (
        _OF_A_TRIAL + _OF_A_STACK * (whole + bool(left)) + _TO_SORT * n_nets + training
    )


def parts(job: Job, seconds: dict[int, float]) -> Iterator[Job]:
    """Yield equal parts of a stack, each of which is trained before the next one is asked for.

    `seconds` are what a net takes, by the programs that its group shares; they follow from the parts so far.
    """
    group = id(job.programs)
    at_once = LANES * job.n_threads
    left = job.members
    while left:
        n_parts = _n_parts(len(left), seconds[group])
        size = -(-len(left) // (n_parts * at_once)) * at_once
        part = left[:size]
        left = left[size:]
        start = time.process_time()
        yield replace(job, members=part)
        seconds[group] = (time.process_time() - start) / len(part)


def _n_parts(n_nets: int, seconds: float) -> int:
    return max(round(n_nets * seconds / _PART), 1)
