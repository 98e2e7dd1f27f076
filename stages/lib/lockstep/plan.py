"""Sorts the candidates of a search into stacks that are trained in lockstep, cut to size."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psutil
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from skorch import NeuralNet
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from stages.lib.lockstep.nets import net_of, shallow_copy
from stages.lib.lockstep.numerics import fit_seed
from stages.lib.lockstep.splits import SplitRows, Splits
from stages.lib.lockstep.stack import EVALUATED_ROWS, NETS, Member
from stages.lib.lockstep.stackable import (
    RefusalError,
    activations_key,
    build_module,
    check_net,
    group_key,
    optimizer_key,
    optimizer_settings,
    trajectory_key,
)

# Rows of a split that a criterion is tried on.
_TRIAL_ROWS = 8

# A stack of more nets is no faster for each net: its tensors no longer fit a core's cache.
_MOST_NETS = 512


@dataclass
class Trajectory:
    """One training that serves all candidates that differ in `max_epochs` alone: it passes through the shorter ones.

    `net` is that of the longest; `epochs` are the candidates' numbers by the epochs after which they are scored.
    """

    net: NeuralNet
    epochs: dict[int, list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class StackPlan:
    """What one stack trains: its members, each one's `Trajectory.epochs`, and the size to fill it up to."""

    group: str
    members: list[Member]
    epochs: list[dict[int, list[int]]]
    size: int

    @property
    def net_epochs(self) -> int:
        """Epochs to train, summed over the members."""
        return sum(max(epochs) for epochs in self.epochs)


def make_plan(
    estimator: BaseEstimator,
    candidates: list[dict[str, Any]],
    splits: Splits,
    *,
    seed: int,
    max_memory_mb: int,
    n_jobs: int,
) -> tuple[list[StackPlan], dict[str, list[int]]]:
    """Sort candidates into stacks.

    Parameters
    ----------
    estimator : NeuralNet or Pipeline
    candidates : list of dict
        Their parameters, as `set_params` takes them.
    splits : Splits
    seed : int
        The base seed.
    max_memory_mb : int
        Memory limit of this process, or of each of `n_jobs`, in MiB.
    n_jobs : int
        The least number of stacks, if there are enough nets.

    Returns
    -------
    stacks : list of StackPlan
        Those of one group side by side.
    refusals : dict
        The numbers of the candidates that can't be stacked, by the reason.
    """
    refusals: dict[str, list[int]] = defaultdict(list)
    trajectories: dict[str, Trajectory] = {}
    for number, params in enumerate(candidates):
        try:
            net = _candidate_net(estimator, params, len(splits.X))
            trajectory = trajectories.setdefault(trajectory_key(net), Trajectory(net))
        except RefusalError as refusal:
            refusals[str(refusal)].append(number)
            continue
        trajectory.epochs.setdefault(net.max_epochs, []).append(number)
        trajectory.net = max(trajectory.net, net, key=lambda each: each.max_epochs)

    groups: dict[tuple[str, int], list[tuple[Member, dict[int, list[int]]]]] = defaultdict(list)
    for trajectory in trajectories.values():
        try:
            for member, key in _members(trajectory.net, splits, seed):
                groups[key].append((member, trajectory.epochs))
        except RefusalError as refusal:
            refusals[str(refusal)] += [number for numbers in trajectory.epochs.values() for number in numbers]

    stacks = []
    for (group, _), listed in groups.items():
        listed.sort(key=lambda each: (each[0].activations, each[0].optimizer))  # stable, so in the order of candidates
        first = listed[0][0]
        try:
            each = bytes_per_net(first.net, splits.rows(first.net, first.split), len(splits.X))
        except Exception as error:
            numbers = {number for _, epochs in listed for same in epochs.values() for number in same}
            refusals[_told(error)] += sorted(numbers)
            continue
        size = stack_size(len(listed), each, max_memory_mb, n_jobs)
        for start in range(0, len(listed), size):
            members, epochs = zip(*listed[start : start + size], strict=True)
            stacks.append(StackPlan(group, list(members), list(epochs), size))
    return stacks, dict(refusals)


def _candidate_net(estimator: BaseEstimator, params: dict[str, Any], n_rows: int) -> NeuralNet:
    if isinstance(estimator, Pipeline):
        last = estimator.steps[-1][0]
        if others := [key for key in params if not key.startswith(f"{last}__")]:
            raise RefusalError(f"{others[0]} is no setting of the net")
    net = net_of(clone(estimator).set_params(**clone(params, safe=False)))
    check_net(net)
    # A batch that takes all rows is filled up with copies no further.
    net.set_params(batch_size=min(net.batch_size, n_rows))
    return net


def _members(net: NeuralNet, splits: Splits, seed: int) -> list[tuple[Member, tuple[str, int]]]:
    """Return a net's member on each split, with what those of one stack have in common."""
    try:
        module = build_module(net, fit_seed(seed, 0))
        settings = optimizer_settings(net, module)
        rows = [splits.rows(net, number) for number in range(len(splits))]
        group = group_key(net, module, rows[0].X[:_TRIAL_ROWS], rows[0].y[:_TRIAL_ROWS])
    except RefusalError:
        raise
    except Exception as error:
        raise RefusalError(_told(error)) from None
    keys = {"activations": activations_key(module), "optimizer": optimizer_key(net, settings)}
    n_batches = [-(-len(split.X) // net.batch_size) for split in rows]
    return [(Member(net, i, settings, **keys), (group, n)) for i, n in enumerate(n_batches)]


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


def stack_size(n_nets: int, bytes_each: int, max_memory_mb: int, n_jobs: int) -> int:
    """Cut nets into equal stacks: small enough for memory and cache, and enough of them for the jobs.

    Parameters
    ----------
    n_nets : int
    bytes_each : int
        As returned by `bytes_per_net`.
    max_memory_mb : int
        Memory limit of this process, in MiB.
    n_jobs : int

    Returns
    -------
    int
        Nets per stack, a multiple of `NETS`.
    """
    free = max_memory_mb * 2**20 - psutil.Process().memory_info().rss
    most = max(NETS, min(_MOST_NETS, free // bytes_each // NETS * NETS))
    n_stacks = max(-(-n_nets // most), min(n_jobs, n_nets // NETS), 1)
    return int(np.ceil(n_nets / n_stacks / NETS)) * NETS


def bytes_per_net(net: NeuralNet, rows: SplitRows, n_rows: int) -> int:
    """Return the bytes that one more net in a stack takes at most.

    Counted are all results of one step and of one evaluation of a lone net, as if none were freed, and three
    tensors of an optimizer's state.
    """
    module = build_module(net, seed=0)
    trial = shallow_copy(net.initialize(), module_=module)
    x, y = rows.X[: net.batch_size], rows.y[: net.batch_size]
    evaluated = rows.X[:1].expand(min(n_rows, EVALUATED_ROWS), *rows.X.shape[1:])
    with _Bytes() as counted:
        trial.get_loss(trial.infer(x), y, X=x, training=True).backward()
        with torch.no_grad():
            trial.infer(evaluated.clone())
    return counted.total + 5 * sum(tensor.numel() * tensor.element_size() for tensor in module.parameters())


class _Bytes(TorchDispatchMode):
    """Adds up the bytes of all results."""

    total = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        self.total += sum(t.numel() * t.element_size() for t in tree_leaves(result) if isinstance(t, Tensor))
        return result
