"""Sorts the candidates of a search into stacks that are trained in lockstep, cut to size."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from skorch import NeuralNet

from stages.lib.estimator import net_of
from stages.lib.lockstep import (
    RefusalError,
    activations_key,
    build_module,
    check_net,
    group_key,
    optimizer_key,
    optimizer_settings,
    trajectory_key,
)
from stages.lib.memory import bytes_per_net, stack_size
from stages.lib.numerics import fit_seed
from stages.lib.scoring import Splits
from stages.lib.stack import Member

# Rows of a split that a criterion is tried on.
_TRIAL_ROWS = 8


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
        What this process, or each of `n_jobs`, may take in MiB.
    n_jobs : int
        How many stacks there should be at least, where there are nets enough.

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
