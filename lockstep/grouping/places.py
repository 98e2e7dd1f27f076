"""The rule by which nets are stacked: whether, in how many places, and how many at once.

It follows from a net, its own rows, its epochs and the number of splits, never from other candidates or from a clock.
docs/engine.md has the figures behind the numbers.
"""

from collections.abc import Iterable
from math import gcd
from typing import NamedTuple

from lockstep.grouping.measured import Measured
from lockstep.members.refusals import RefusalError
from lockstep.stacks.nets import LANES

# With this many places, all vectors of a kernel are full.
PLACES = LANES

# With more nets, a stack is not faster per net, because its tensors no longer fit into a core's cache.
MOST_NETS = 1024

# Up to this many floating-point operations in a net's step, 16 places cost little, even if only three have a net.
_SMALL = 600_000

# Floating-point operations that cost as much as a call of one of torch's operations;
_OF_A_CALL = 600_000
# as writing a number outside of a product, if tensors barely fit into the cache;
_OF_A_NUMBER = 20

# and as skorch's own loop around a step, which a stack saves.
_OF_A_LOOP = 10_000_000

# Operations of torch whose trace and trial cost as much as a stack saves in a net's step, and a number that is always
# allowed.
_OF_A_TRACE, _FEW = 20, 1_000

# With more floating-point operations in its largest product, a net is faster by torch than by the kernel.
_FASTER_BY_TORCH = 4_000_000

# The most bytes of a net that the kernel trains; its blocks, which are always whole, then have 1 GiB.
_MOST_BYTES = 2**26

# The number of nets that a stack is assumed to have for each split: about the fewest candidates that a grid has.
_CANDIDATES = 3


class Places(NamedTuple):
    """How nets of a kind are stacked."""

    multiple: int  # the number of nets in a stack, copies included, is a multiple of this
    at_once: int  # and at most this


# What any net may have.
ANY_NETS = Places(PLACES, MOST_NETS)


def places_of(measured: Measured, n_steps: int, n_splits: int, sizes: Iterable[int] = ()) -> Places:
    """Return how nets are stacked that take `n_steps` on each split; raises `RefusalError` if they are faster alone.

    At least as many nets as there are splits are trained alike. `sizes` has the `common_size` of steps on batches with
    other numbers of rows, and on held-out batches.
    """
    n_operations, n_flops = measured.n_operations, measured.n_flops
    work = work_of(measured)
    if n_operations > max(_FEW, _OF_A_TRACE * n_steps * n_splits):
        raise RefusalError(
            f"the kernel does not train it, and a trace of its {n_operations:,} operations may cost more than it saves"
        )
    multiple = PLACES // gcd(PLACES, measured.common_size, *sizes) if is_long_step(n_flops) else PLACES
    n_nets = _CANDIDATES * n_splits
    if -n_nets % multiple / n_nets * work > _OF_A_LOOP:
        raise RefusalError(
            f"the kernel does not train it, its steps are long, and a stack of {multiple} places would be partly empty"
        )
    return Places(multiple, nets_at_once(work, n_operations, multiple))


def work_of(measured: Measured) -> int:
    """Return the cost of a net's step, in floating-point operations."""
    return measured.n_flops + _OF_A_NUMBER * measured.n_numbers


def better_by_torch(measured: Measured, same_bytes: bool) -> str | None:
    """Return why torch is to train a net that the kernel can train; None if the kernel is to.

    If nets have to be the `same_bytes` everywhere, the kernel trains them also where torch is faster.
    """
    if measured.n_bytes > _MOST_BYTES:
        return f"a net takes {measured.n_bytes / 2**20:,.0f} MiB, and the kernel computes {LANES} of them at once"
    is_faster = measured.largest_product > _FASTER_BY_TORCH and not same_bytes
    return "torch multiplies large matrices faster" if is_faster else None


def is_long_step(n_flops: int) -> bool:
    """Whether a step with this many floating-point operations costs more than the code around it."""
    return n_flops > _SMALL


def nets_at_once(work: int, n_operations: int, multiple: int = PLACES) -> int:
    """Return how many nets a stack has at most, a multiple of `multiple`; `work` is the cost of a net's step.

    As many as it takes for the arithmetic to cost more than the calls of operations. More would be slower, because
    their tensors would not fit into the cache.
    """
    return min(-(-_OF_A_CALL * n_operations // (work * multiple)) * multiple, MOST_NETS)
