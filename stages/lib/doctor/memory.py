"""Estimates how much memory a search takes at its peak: its processes, the rows, and the nets that train at once.

What each part takes follows from how the engine keeps rows and nets; what a process and a fit take was measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import psutil

from stages.lib.common import Problem, in_params
from stages.lib.config import PREFIX
from stages.lib.doctor.sizes import Sizes
from stages.lib.experiment import Opened
from stages.lib.model.prepared import preparation_of

_MIB = 2**20
# Bytes of a process that has imported everything, of a worker beside it, and of what is kept of each fit.
_PROCESS, _WORKER, _FIT = 415 * _MIB, 355 * _MIB, 70_000
# Bytes of a number of a table, of a net's number, and of a row's place in the order of an epoch: a number of Python's,
# in a list and in two arrays.
_DOUBLE, _FLOAT, _PLACE = 8, 4, 56
# Copies of a split's rows in a process that fits nets one by one.
_COPIES = 6
# The nets that the kernel computes at once, and the most of a stack.
_LANES, _MOST_NETS = 16, 1024
# The floating-point operations of a stack, and those of a step for each weight and for each number that layers make of
# a row; lockstep/grouping/measured.py counts them exactly.
_WORK, _OF_A_WEIGHT, _OF_A_NUMBER = 1e11, 6, 40


@dataclass(frozen=True)
class Kind:
    """Nets of the same sizes, by the settings of each."""

    sizes: Sizes
    nets: Sequence[dict[str, Any]]


def search_bytes(opened: Opened, kinds: Sequence[Kind], n_fits: int, n_jobs: int) -> int:
    """Return the bytes that all processes of a search take together at the peak."""
    width = max(kind.sizes.inputs for kind in kinds)
    table = 2 * opened.data.X.size * _DOUBLE  # as it was read, and as an array
    # Threads train nets by the kernel, and processes those that callbacks watch or that are fitted one by one.
    watched = any(key.startswith("callbacks") and value for key, value in opened.settings.items())
    apart = n_jobs > 1 and (watched or opened.params.engine != "lockstep")
    alone = _PROCESS + apart * n_jobs * _WORKER + n_fits * _FIT + table
    if opened.params.engine != "lockstep":
        return alone + n_jobs * _COPIES * len(opened.y) * width * _FLOAT
    trained = max(_stack_bytes(opened, kind, n_jobs) for kind in kinds)
    return alone + _kept_bytes(opened, width) + trained


def _kept_bytes(opened: Opened, width: int) -> int:
    """Return the bytes of the rows that are kept for all splits until a search ends."""
    n_rows, n_splits, n_train = len(opened.y), len(opened.splits), len(opened.splits[0][0])
    order = n_train * n_splits * _PLACE
    if preparation_of(opened.estimator) is None:
        return order + (n_train * n_splits + n_rows) * width * _FLOAT
    keys = [key for key in opened.candidates[0] if key.startswith(PREFIX)]
    n_prepared = len({str([each[key] for key in keys]) for each in opened.candidates})
    # Those to train on and those to predict, and a tensor of both.
    return order + 2 * n_rows * width * _FLOAT * n_splits * n_prepared


def _stack_bytes(opened: Opened, kind: Kind, n_jobs: int) -> int:
    """Return the bytes of a stack of nets of a kind: as it trains, or as it predicts if that takes more."""
    n_rows, n_splits, n_train, sizes = len(opened.y), len(opened.splits), len(opened.splits[0][0]), kind.sizes
    batch, epochs = min(kind.nets[0]["batch_size"], n_train), kind.nets[0]["max_epochs"]
    of_a_row = _OF_A_WEIGHT * sizes.weights + _OF_A_NUMBER * sizes.made
    at_once = _LANES * n_jobs
    most = max(int(_WORK / (of_a_row * batch * ceil(n_train / batch) * epochs * _LANES)), 1) * at_once
    n_nets = min(ceil(len(kind.nets) * n_splits / _LANES) * _LANES, most, _MOST_NETS)
    drawn = min(n_splits, n_nets) * n_train * sizes.drawn  # for an epoch, by nets of all candidates
    trains = drawn + n_nets * (batch * sizes.made + 6 * sizes.weights)
    predicts = 2 * n_nets * n_rows * sizes.outputs
    if preparation_of(opened.estimator) is not None:  # each net has rows of its own
        predicts += (n_nets + n_splits) * n_rows * sizes.inputs
    return (drawn + max(trains, predicts)) * _FLOAT


def too_little(n_bytes: int, name: str) -> Problem | None:
    """Return the problem of a search that takes more memory than this machine has left; None if it has enough."""
    left = psutil.virtual_memory().available
    if n_bytes <= left:
        return None
    finding = f": takes about {in_mib(n_bytes)} of memory, and this machine has {in_mib(left)} left"
    return in_params(f"experiments.{name}", finding, "Lower data.sample, cv.n_splits, or runtime.n_jobs.")


def in_mib(n_bytes: int) -> str:
    """Write an amount of memory roughly: `420 MiB`, `2.6 GiB`."""
    mib = n_bytes / _MIB
    return f"{mib / 1024:.1f} GiB" if mib >= 1000 else f"{round(mib, -1):.0f} MiB"
