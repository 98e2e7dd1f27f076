"""Judges by counts, and never by a clock, whether skorch trains a net faster than the kernel.

The counts are those of a step of the net on its own rows, so the same nets go in lockstep on every machine, whatever
else is in their search. The prices of a count were measured on one core of an AMD EPYC (Zen 4), in seconds.
"""

from lockstep.grouping.measured import Measured
from lockstep.kernel.program import LANES
from lockstep.members.member import Member
from lockstep.members.refusals import RefusalError

# The most bytes of a net that the kernel trains; its blocks, which are always whole, then have 1 GiB.
_MOST_BYTES = 2**26

# What the kernel takes for a block of nets: for an operation of a product, a number that another operation writes, one
# of a function such as exp, and the update of a weight, by Adam.
_PRODUCT, _NUMBER, _FUNCTION, _UPDATE = 0.25e-9, 2e-9, 40e-9, 25e-9

# What skorch takes for one net: for a step with nothing in it, a row that is fetched, one of torch's operations; and,
# as above, for what the operation does.
_SKORCH_STEP, _SKORCH_ROW, _SKORCH_OPERATION = 400e-6, 8e-6, 10e-6
_SKORCH_PRODUCT, _SKORCH_NUMBER, _SKORCH_UPDATE = 0.01e-9, 1e-9, 3e-9

# What the trial of a kind of net takes, for each operation that is recorded and for each weight; and trials that are
# too short to be judged.
_TRIED_OPERATION, _TRIED_WEIGHT, _SHORT_TRIAL = 1e-3, 3e-6, 1.0

# A block has to be worth so many nets, because not all of its lanes have one; and a trial as many, the folds of a
# candidate.
_NETS_OF_A_BLOCK, _NETS_OF_A_TRIAL = LANES // 2, 5


def check_cost(member: Member, measured: Measured) -> None:
    """Raise `RefusalError` if a net is too large for the kernel, or faster by skorch."""
    by_skorch = step_by_skorch(measured, min(member.train.batch, member.train.n))
    if step_of_a_block(measured) > _NETS_OF_A_BLOCK * by_skorch:
        raise RefusalError("the kernel takes its steps no faster than skorch")
    if measured.n_bytes > _MOST_BYTES:
        needed = f"{measured.n_bytes / 2**20:,.0f} MiB"
        raise RefusalError(
            f"a net takes {needed}, and the kernel computes {LANES} of them at once"
        )
    training = member.epochs * len(member.order.lengths) * by_skorch
    trial = _TRIED_OPERATION * measured.n_recorded + _TRIED_WEIGHT * measured.n_weights
    if trial > max(_SHORT_TRIAL, _NETS_OF_A_TRIAL * training):
        raise RefusalError(
            "trying whether it goes in lockstep takes longer than its training by skorch"
        )


def step_of_a_block(measured: Measured) -> float:
    """Return the seconds that the kernel takes for a step of a whole block of nets."""
    products = _PRODUCT * measured.n_products
    others = _NUMBER * measured.n_numbers + _FUNCTION * measured.n_functions
    return products + others + _UPDATE * measured.n_weights


def step_by_skorch(measured: Measured, n_rows: int) -> float:
    """Return the seconds that skorch takes for a step of one net."""
    around = (
        _SKORCH_STEP + _SKORCH_ROW * n_rows + _SKORCH_OPERATION * measured.n_operations
    )
    products = _SKORCH_PRODUCT * measured.n_products
    others = _SKORCH_NUMBER * (measured.n_numbers - measured.n_between)
    return around + products + others + _SKORCH_UPDATE * measured.n_weights
