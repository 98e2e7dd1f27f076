"""Trains one stack of nets in lockstep, each with its own weights, rows, optimizer settings and seed."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from skorch import NeuralNet
from torch import Tensor
from torch.utils._pytree import tree_map

from stages.lib.lockstep.numerics import fit_seed
from stages.lib.lockstep.splits import SplitRows
from stages.lib.lockstep.stackable import build_module
from stages.lib.lockstep.step import StackedNet, Tensors, dropouts, trace_gradient

# Kernels take vectors of up to 16 numbers and treat what is left over in another way, with other last bits. A stack
# is a multiple of NETS nets and a net's parameters a row of a multiple of LANES numbers, so nothing is left over: a
# net's bits do not depend on what else is in the stack.
NETS = 16
LANES = 16

# The stream of a split's seed that dropout draws from; the initial weights are drawn from the plain one.
_NOISE = 1

# How many rows are evaluated at once. It is fixed, as kernels differ with the number of rows as well.
EVALUATED_ROWS = 1024


@dataclass(frozen=True)
class Member:
    """One net of a stack.

    `net` is what it is built from, `split` the number of its split; `activations` and `optimizer` are hashes of its
    activations and of its optimizer with the settings.
    """

    net: NeuralNet
    split: int
    optimizer_settings: dict[str, Any]
    activations: str
    optimizer: str


Step = Callable[..., tuple[Tensor, ...]]


class Stack:
    """Nets that take the same steps.

    Parameters
    ----------
    members : list of Member
        Sorted by activations, then by optimizer; all have the same number of batches an epoch.
    rows : dict of SplitRows
        By the number of the split.
    seed : int
        The base seed of the search.
    size : int
        The least number of nets to compute, a multiple of `NETS`; copies of members fill the stack up.

    Attributes
    ----------
    layout : list of (activations, start, stop)
        The nets of each activation, multiples of `NETS`.
    """

    def __init__(self, members: list[Member], rows: dict[int, SplitRows], seed: int, size: int) -> None:
        self.members = members
        net = members[0].net
        self.batch_size = net.batch_size
        modules = [build_module(member.net, fit_seed(seed, member.split)) for member in members]
        order, self.positions, self.layout = _arrange([member.activations for member in members], size)
        size = len(order)
        owners = [(modules[order[start]], start, stop) for _, start, stop in self.layout]
        self.stacked = StackedNet(net.initialize(), owners)
        named = [dict(module.named_parameters()) for module in modules]
        first = next(iter(named[0].values()))
        place: dict[str, Any] = {"dtype": first.dtype, "device": first.device}
        length = sum(tensor.numel() for tensor in named[0].values())
        # All parameters of a net stand in one row, so that an optimizer has one tensor to step on.
        self.flat = torch.zeros(size, -(-length // LANES) * LANES, **place)
        self.gradient = torch.zeros_like(self.flat)
        self.length = length
        self.params: Tensors = {}
        start = 0
        with torch.no_grad():
            for name, tensor in named[0].items():
                view = self.flat[:, start : start + tensor.numel()].view(size, *tensor.shape)
                self.params[name] = view.copy_(torch.stack([named[i][name] for i in order]))
                start += tensor.numel()
        buffers = [dict(module.named_buffers()) for module in modules]
        self.buffers = {name: torch.stack([buffers[i][name] for i in order]) for name in buffers[0]}
        rates = [[part.p for part in dropouts(module)] for module in modules]
        self.rates = torch.tensor([rates[i] for i in order], **place)

        splits = sorted({member.split for member in members})
        self.splits = splits
        self.split = torch.tensor([splits.index(members[i].split) for i in order], device=first.device)
        self.generators = [torch.Generator().manual_seed(fit_seed(seed, split, _NOISE)) for split in splits]
        batches = [_batches(rows[split], self.batch_size) for split in splits]
        self.X, self.y, self.weight = (torch.stack(parts).to(first.device) for parts in zip(*batches, strict=True))
        self.weight = self.weight.to(first.dtype)
        self.noise_shapes = self.stacked.noise_shapes(self.X[0, : self.batch_size])
        if any(shape[:1] != (self.batch_size,) for shape in self.noise_shapes):
            raise ValueError("the module draws random numbers that do not belong to a row")
        self.optimizers = list(self._optimizers(order))

    def _optimizers(self, order: list[int]) -> Iterator[torch.optim.Optimizer]:
        """Build one optimizer for each class, with a parameter group for each setting; filling nets are stepped too."""
        places: dict[str, list[int]] = defaultdict(list)
        for place, i in enumerate(order):
            places[self.members[i].optimizer].append(place)
        groups: dict[type[torch.optim.Optimizer], list[dict[str, Any]]] = defaultdict(list)
        for same in places.values():
            parts = []
            for start, stop in _runs(same):
                parts.append(self.flat[start:stop])
                parts[-1].grad = self.gradient[start:stop]
            first = self.members[order[same[0]]]
            groups[first.net.optimizer].append({"params": parts, **first.optimizer_settings})
        for optimizer, listed in groups.items():
            yield optimizer(listed, **{key: value for key, value in listed[0].items() if key != "params"})

    def trace(self) -> Step:
        """Trace a step; it serves all stacks of the same size and group."""
        zeros = [self.X.new_zeros(len(self.X), *shape, dtype=self.flat.dtype) for shape in self.noise_shapes]
        x, y, weight, *noise = self._batch(0, zeros)
        return trace_gradient(self.stacked, self.params, self.buffers, self.rates, x, y, weight, noise)

    def train_epoch(self, step: Step) -> None:
        """Take a step on each batch."""
        noise = self._noise()
        with torch.no_grad():
            for start in range(0, self.X.shape[1], self.batch_size):
                batch = self._batch(start, noise)
                gradient = step(*self.params.values(), *self.buffers.values(), self.rates, *batch)
                torch.cat(gradient, dim=1, out=self.gradient[:, : self.length])
                for optimizer in self.optimizers:
                    optimizer.step()

    def _batch(self, start: int, noise: list[Tensor]) -> list[Tensor]:
        """Return each net's rows of a batch, their targets, their weights, and its noise."""
        stop = start + self.batch_size
        return [rows[:, start:stop].index_select(0, self.split) for rows in (self.X, self.y, self.weight, *noise)]

    def _noise(self) -> list[Tensor]:
        """Draw an epoch's noise, the same for all nets of a split, as their rows and seeds are."""
        n_rows = self.X.shape[1]
        return [
            torch.stack(
                [
                    torch.rand(n_rows, *shape[1:], dtype=self.flat.dtype, generator=generator)
                    for generator in self.generators
                ]
            ).to(self.flat.device)
            for shape in self.noise_shapes
        ]

    def outputs(self, inputs: Tensor) -> Any:
        """Return the nets' outputs for rows, without changing the nets.

        Parameters
        ----------
        inputs : Tensor of shape (n_splits, n_rows, …) or (1, n_rows, …)
            The rows of each split of the stack, or the same rows for all.

        Returns
        -------
        Tensor, or tuple of Tensor, of shape (n_members, n_rows, …)
        """
        # A forward pass may change parameters, as max-norm does.
        params = {name: tensor.clone() for name, tensor in self.params.items()}
        buffers = {name: tensor.clone() for name, tensor in self.buffers.items()}
        shared = len(inputs) == 1
        parts = [
            self.stacked.evaluate(params, buffers, part[0] if shared else part.index_select(0, self.split), shared)
            for part in inputs.to(self.flat.device).split(EVALUATED_ROWS, dim=1)
        ]
        return tree_map(lambda *each: torch.cat(each, dim=1)[self.positions].cpu(), *parts)

    def finite(self) -> Tensor:
        """Return which members have finite parameters, shape (n_members,)."""
        return self.flat[self.positions].isfinite().all(dim=1).cpu()

    def weights(self, i: int) -> Tensors:
        """Return copies of a member's parameters and buffers, by name."""
        return {name: tensor[self.positions[i]].clone() for name, tensor in (self.params | self.buffers).items()}


def _arrange(activations: list[str], size: int) -> tuple[list[int], list[int], list[tuple[str, int, int]]]:
    """Lay out members, given their activations: who stands at each place, each one's place, and the `layout`."""
    order: list[int] = []
    positions: list[int] = []
    layout: list[tuple[str, int, int]] = []
    for key, run in groupby(range(len(activations)), key=activations.__getitem__):
        same, start = list(run), len(order)
        positions += range(start, start + len(same))
        order += same + same[-1:] * (-len(same) % NETS)
        layout.append((key, start, len(order)))
    order += order[-1:] * (size - len(order))
    layout[-1] = (*layout[-1][:2], len(order))
    return order, positions, layout


def _runs(positions: list[int]) -> list[tuple[int, int]]:
    """Gather ascending numbers into runs without a gap: first, and last + 1."""
    runs: list[tuple[int, int]] = []
    for position in positions:
        if runs and runs[-1][1] == position:
            runs[-1] = (runs[-1][0], position + 1)
        else:
            runs.append((position, position + 1))
    return runs


def _batches(rows: SplitRows, batch_size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Fill the last batch up with copies of the first row that count for nothing; each batch's weights add up to 1."""
    n_rows = len(rows.X)
    last = n_rows % batch_size or batch_size
    missing = batch_size - last
    weight = torch.full((n_rows + missing,), 1 / batch_size, dtype=torch.float64)
    weight[n_rows - last :] = 1 / last
    weight[n_rows:] = 0
    X, y = (torch.cat([part, part[:1].expand(missing, *part.shape[1:])]) for part in (rows.X, rows.y))
    return X, y, weight
