"""The rule by which nets are stacked: whether, in how many places, and how many at once.

It follows from a net, its own rows, its epochs and the number of splits, never from other candidates or from a clock.
docs/engine.md has the figures behind the numbers.
"""

from collections.abc import Iterable
from math import gcd
from typing import NamedTuple

from lockstep.members.refusals import RefusalError
from lockstep.stacks.measured import Measured

# Kernels take vectors of up to 16 numbers and treat what is left over in another way, with other last bits. In this
# many places nothing is ever left over.
PLACES = 16

# A stack of more nets is no faster for each net: its tensors no longer fit a core's cache.
MOST_NETS = 1024

# Floating-point operations of a net's step up to which 16 places cost little, even if only three of them have a net.
_SMALL = 600_000

# Floating-point operations that take as long as it costs to call one of torch's operations,
_OF_A_CALL = 600_000
# as many as it costs to write a number elsewhere than in a product, where tensors barely fit the cache,
_OF_A_NUMBER = 20

# and as long as skorch's own loop around a step, which a stack spares.
_OF_A_LOOP = 10_000_000

# Operations of torch whose trace and trial cost as much as a net's step spares in a stack, and how many always may.
_OF_A_TRACE, _FEW = 20, 1_000

# A stack is taken to have so many nets for each split, because a grid has about as many candidates.
_CANDIDATES = 3


class Places(NamedTuple):
    """How nets of a kind are stacked."""

    multiple: int  # a stack has a multiple of so many nets, copies included
    at_once: int  # and at most so many


# What any net may have.
ANY_NETS = Places(PLACES, MOST_NETS)


def places_of(measured: Measured, n_steps: int, n_splits: int, sizes: Iterable[int] = ()) -> Places:
    """Return how nets are stacked; raises `RefusalError` where they are better off alone.

    Parameters
    ----------
    measured : Measured
        What a step of a net takes.
    n_steps : int
        That a net takes.
    n_splits : int
        Of the search: as many nets, at least, are trained alike.
    sizes : iterable of int
        The `common_size` of steps on its batches that have other numbers of rows, and on those that are held out.
    """
    n_operations, n_flops = measured.n_operations, measured.n_flops
    work = n_flops + _OF_A_NUMBER * measured.n_numbers
    if n_operations > max(_FEW, _OF_A_TRACE * n_steps * n_splits):
        raise RefusalError(f"a step takes {n_operations} operations: to trace it may cost more than it spares")
    multiple = PLACES // gcd(PLACES, measured.common_size, *sizes) if is_long_step(n_flops) else PLACES
    n_nets = _CANDIDATES * n_splits
    if -n_nets % multiple / n_nets * work > _OF_A_LOOP:
        raise RefusalError(f"its steps are long, and a stack of {multiple} places would stand partly empty")
    return Places(multiple, nets_at_once(work, n_operations, multiple))


def is_long_step(n_flops: int) -> bool:
    """Whether a net's step of so many floating-point operations costs more than what stands around it."""
    return n_flops > _SMALL


def nets_at_once(work: int, n_operations: int, multiple: int = PLACES) -> int:
    """Return how many nets a stack has at most, a multiple of `multiple`; `work` is what a net's step takes.

    So many that the calls of a step's operations cost less than its arithmetic, and not more, because arithmetic is
    slower where tensors leave the cache.
    """
    return min(-(-_OF_A_CALL * n_operations // (work * multiple)) * multiple, MOST_NETS)
