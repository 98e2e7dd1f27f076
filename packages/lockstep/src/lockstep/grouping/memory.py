"""The memory that stacks may take, what is said of one that takes more, and what rows take beside the stacks."""

from collections.abc import Sequence
from contextlib import suppress
from math import inf
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
from skorch import NeuralNet
from torch import Tensor

from lockstep._compat import tree_leaves
from lockstep.fits.tasks import Task
from lockstep.members.member import Member
from lockstep.members.rows import as_tensor

# Bytes that a stack may always take.
_LITTLE = 2**26

# Where Linux says what a container may take, in version 2 of its groups, and in version 1.
_OF_CONTAINER = (
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
)


class Excess(NamedTuple):
    """The bytes by which the smallest possible stack passes what there is."""

    n_bytes: int
    n_nets: int
    of_stack: int

    def sentence(self, max_memory_mb: int | None) -> str:
        """Return the warning."""
        limit = f"max_memory_mb={max_memory_mb} leaves"
        if max_memory_mb is None:
            limit = "half of the memory that is free"
        nets = "1 net" if self.n_nets == 1 else f"{self.n_nets} nets"
        takes = f"a stack of {nets} takes about {_mib(self.of_stack)}"
        return f"{takes}, {_mib(self.n_bytes)} more than {limit}; it is trained nevertheless"


def free_bytes(max_memory_mb: int | None, n_apart: int) -> int:
    """Return what a stack may take: what the limit leaves to this process, or a share of half of what is free.

    `n_apart` is how many processes train stacks at once.
    """
    taken = psutil.Process().memory_info().rss
    if max_memory_mb is None:
        available = psutil.virtual_memory().available
        free = min(available, _of_container() - taken) / 2 / n_apart
    else:
        free = max_memory_mb * 2**20 - taken
    return max(int(free), _LITTLE)


def _of_container() -> float:
    """Return the bytes that this container may take; infinity where nothing limits them."""
    for path in _OF_CONTAINER:
        with suppress(OSError, ValueError):  # there is no such file, or it says `max`
            return int(Path(path).read_text(encoding="ascii"))
    return inf


def _mib(n_bytes: int) -> str:
    return f"{n_bytes / 2**20:,.0f} MiB"


def bytes_of_rows(members: Sequence[Member]) -> int:
    """Return the bytes of the rows of splits, each counted once; those of the whole table are the user's."""
    tensors = [
        part for member in members for rows in member.rows for part in rows.tensors
    ]
    fitted_on = tree_leaves([member.fitted_on for member in members])
    tensors += [
        as_tensor(part) for part in fitted_on if isinstance(part, np.ndarray | Tensor)
    ]
    for member in members:
        if asked := member.rows_to_answer:
            tensors += [as_tensor(part) for part, _ in asked.parts]
            if not asked.is_table:
                tensors.append(asked.rows)
    return sum({each.data_ptr(): each.nbytes for each in tensors}.values())


def bytes_of_copies(task: Task, member: Member) -> int:
    """Return the bytes of the rows that scikit-learn copies for a while, to prepare a split and to score its nets.

    A step in front of a net, such as a scaler, makes another copy of what it fits, or transforms again.
    """
    of_rows = sum(part.nbytes for rows in member.rows for part in rows.tensors)
    if isinstance(task.estimator, NeuralNet):
        return of_rows
    return of_rows * (2 + task.scores_training)
