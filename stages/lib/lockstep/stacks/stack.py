"""Nets that take the same steps, as tensors whose first dimension is the nets."""

import copy
from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby
from typing import Any

import torch
from skorch import NeuralNet
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map, tree_unflatten

from stages.lib.lockstep.members import Member
from stages.lib.lockstep.stacks.noise import Draw, dropouts
from stages.lib.lockstep.stacks.optimizers import StackedOptimizer, named_tensors, optimizer_of, trained_names
from stages.lib.lockstep.stacks.rows import Batches
from stages.lib.lockstep.stacks.step import StackedNet, Tensors, trace

# Kernels take vectors of up to 16 numbers and treat what is left over in another way, with other last bits. A stack
# is a multiple of NETS nets and a net's parameters a row of a multiple of LANES numbers, so nothing is left over: a
# net's bits do not depend on what else is in the stack.
NETS = 16
LANES = 16

# How many rows are evaluated at once. It is fixed, as kernels differ with the number of rows as well.
EVALUATED_ROWS = 1024


class Stack:
    """Nets that take the same steps.

    Parameters
    ----------
    members : list of Member
        Those of one group, sorted by activations, then by optimizer.
    filled : bool
        Whether the last batch is filled up with rows that count for nothing. If not, all members have batches of the
        same lengths.
    size : int
        How many nets to calculate with at least; copies of members fill the stack up.
    unit : int
        The stack has a multiple of so many nets.
    traces : dict
        Traced steps, by what they follow from; they serve other stacks of the group.
    before : Stack, optional
        The one that this one goes on from, in the middle of the training.
    """

    def __init__(
        self,
        members: list[Member],
        filled: bool,
        size: int = 0,
        unit: int = NETS,
        traces: dict[Any, Any] | None = None,
        before: "Stack | None" = None,
    ) -> None:
        self.members, self.filled = members, filled
        # The lengths of the batches of each source in each epoch.
        self.past_sizes: list[list[list[int]]] = []
        self.traces = traces if traces is not None else {}
        self.order, self.positions, layout = _arrange([member.activations for member in members], size, unit)
        nets = [members[i].net for i in self.order]
        self.layout = str([(stop - start, key) for key, start, stop in layout])
        self.stacked = StackedNet(nets[0], [(nets[start].module_, start, stop) for _, start, stop in layout], filled)
        self._place_weights(nets)
        self.optimizer = StackedOptimizer(self.flat, self.gradient, [optimizer_of(net) for net in nets])
        self._place_rows()
        self.noise: list[Tensor] = []
        if before is not None:
            self.draws: list[Draw] = before.draws
            places = [before.members.index(member) for member in self.sources]
            sources = [int(before.source[before.positions[i]]) for i in places]
            self.past_sizes = [[sizes[i] for i in sources] for sizes in before.past_sizes]
            self.generators.update({split: before.generators[split] for split in self.generators})
            return  # the next epoch is about to begin
        self._order_rows()
        rows = next(self.batches())[: self._spec.num_leaves]
        self.draws = self.stacked.draws(*tree_unflatten([tensor[0] for tensor in rows], self._spec))
        if any(draw.shape[:1] != (self.lengths[0],) for draw in self.draws):
            raise ValueError("the module draws random numbers that do not belong to a row")
        self.past_sizes = [self.sizes]
        self._draw()

    def _place_weights(self, nets: list[NeuralNet]) -> None:
        named = [named_tensors(net) for net in nets]
        names = [name for name in named[0] if name in trained_names(nets[0])]
        shapes = {name: named[0][name].shape for name in names}
        first = named[0][names[0]]
        place: dict[str, Any] = {"dtype": first.dtype, "device": first.device}
        self.length = sum(shape.numel() for shape in shapes.values())
        # All parameters of a net stand in one row, so that an optimizer has one tensor to step on.
        self.flat = torch.zeros(len(nets), -(-self.length // LANES) * LANES, **place)
        self.gradient = torch.zeros_like(self.flat)
        # Nets that have left the finite numbers and were set to 0.
        self.diverged = torch.zeros(len(nets), dtype=torch.bool, device=first.device)
        self._any_diverged = False
        self.trained: Tensors = {}
        start = 0
        with torch.no_grad():
            for name, shape in shapes.items():
                view = self.flat[:, start : start + shape.numel()].view(len(nets), *shape)
                self.trained[name] = view.copy_(torch.stack([tensors[name] for tensors in named]))
                start += shape.numel()
            rest = [name for name in named[0] if name not in shapes]
            self.kept = {name: torch.stack([tensors[name].detach() for tensors in named]) for name in rest}
        self.rates = torch.tensor([[layer.p for layer in dropouts(net.module_)] for net in nets], **place)
        self._own = [*self.trained.values(), *self.kept.values(), self.rates]

    def _place_rows(self) -> None:
        """Find out which nets share rows and their order, and which share a split and so their noise."""
        keys = [(id(member.train), member.order_key) for member in self.members]
        distinct = list(dict.fromkeys(keys))
        self.sources = [self.members[keys.index(key)] for key in distinct]
        device = self.flat.device
        self.source = torch.tensor([distinct.index(keys[i]) for i in self.order], device=device)
        seeds = {member.split: member.noise_seed for member in self.members}
        self.generators: dict[int, torch.Generator] = {
            split: torch.Generator().manual_seed(seed) for split, seed in sorted(seeds.items())
        }
        splits = list(self.generators)
        self.split = torch.tensor([splits.index(self.members[i].split) for i in self.order], device=device)

    def next_epoch(self) -> None:
        """Put the rows into the order of the next epoch, and draw its noise."""
        if not hasattr(self, "lengths") or not all(member.order.is_fixed for member in self.sources):
            self._order_rows()
        self.past_sizes.append(self.sizes)
        self._draw()

    def _order_rows(self) -> None:
        epochs = [member.order.next_epoch() for member in self.sources]
        self.sizes = [[len(batch) for batch in batches] for batches in epochs]
        self.lengths, index, weight = self._index(epochs)

        def ordered(*parts: Tensor) -> Tensor:
            return torch.stack([part[i] for part, i in zip(parts, index, strict=True)]).to(self.flat.device)

        rows = (tree_map(ordered, *(getattr(member.train, part) for member in self.sources)) for part in ("X", "y"))
        self._ordered, self._spec = tree_flatten(tuple(rows))
        self._ordered += [] if weight is None else [weight.to(self.flat)]

    def _draw(self) -> None:
        n, dtype = sum(self.lengths), self.flat.dtype
        self.noise = [
            torch.stack([draw.sample(n, dtype, each) for each in self.generators.values()]).to(self.flat.device)
            for draw in self.draws
        ]

    def sizes_of(self, i: int) -> list[int]:
        """Return the lengths of a member's batches in this epoch."""
        return self.sizes[int(self.source[self.positions[i]])]

    def sizes_until_now(self, i: int) -> list[list[int]]:
        """Return the same of all epochs so far."""
        source = int(self.source[self.positions[i]])
        return [sizes[source] for sizes in self.past_sizes]

    def own_batch(self, batch: list[Tensor], i: int, number: int) -> tuple[Any, Any]:
        """Return a member's rows of a batch, and their targets."""
        place, n = self.positions[i], self.sizes_of(i)[number]
        x, y = tree_map(lambda t: t[place, :n], tree_unflatten(batch[: self._spec.num_leaves], self._spec))
        return x, y

    def _index(self, epochs: list[Batches]) -> tuple[list[int], Tensor, Tensor | None]:
        """Return the batches' lengths, the rows of each source, and, where filled up, how much each row counts."""
        lengths = [[len(batch) for batch in batches] for batches in epochs]
        if not self.filled:
            if any(each != lengths[0] for each in lengths):
                raise ValueError("the batches have other lengths")
            return lengths[0], torch.tensor([[row for batch in batches for row in batch] for batches in epochs]), None
        width, count = self.members[0].width, len(epochs[0])
        if any(len(each) != count or max(each) > width for each in lengths):
            raise ValueError("the epochs have other numbers of batches")
        index = torch.zeros(len(epochs), count, width, dtype=torch.int64)
        weight = torch.zeros(len(epochs), count, width, dtype=torch.float64)
        for i, batches in enumerate(epochs):
            for j, batch in enumerate(batches):
                index[i, j, : len(batch)] = torch.tensor(batch)
                weight[i, j, : len(batch)] = 1 / len(batch)
        return [width] * count, index.flatten(1), weight.flatten(1)

    def batches(self) -> Iterator[list[Tensor]]:
        """Yield an epoch's batches: the tensors of each net's rows, of how much they count, and its noise."""
        start = 0
        for length in self.lengths:
            stop = start + length
            rows = [tensor[:, start:stop].index_select(0, self.source) for tensor in self._ordered]
            yield rows + [tensor[:, start:stop].index_select(0, self.split) for tensor in self.noise]
            start = stop

    def noise_of(self, batch: list[Tensor]) -> list[Tensor]:
        """Return the noise among the tensors of a batch."""
        return batch[len(self._ordered) :]

    def take_step(self, batch: list[Tensor], clip: Callable[[Tensor], None] | None = None) -> tuple[Tensor, Any]:
        """Step all nets on a batch; returns their losses, and a function that gives what they predicted before it."""
        step, unflatten = self.traces.get((batch[0].shape[1], self.layout)) or self._trace(batch)
        with torch.no_grad():
            found = self.surviving(lambda: step(*self._own, *batch))
            n = len(self.trained)
            torch.cat(found[:n], dim=1, out=self.gradient[:, : self.length])
            if clip is not None:
                clip(self.gradient)
            self.optimizer.step()
            if self._any_diverged:
                self.flat[self.diverged] = 0
        return found[n], partial(unflatten, found[n + 1 :])

    def surviving(self, function: Callable[[], Any]) -> Any:
        """Call a function of all nets; where it raises because some have diverged, set those to 0 and call it again.

        `BCELoss` refuses numbers that are not finite, and would refuse them for all nets of a stack.
        """
        try:
            return function()
        except RuntimeError:
            new = ~self.flat.isfinite().all(dim=1)
            if not new.any():
                raise
            self.diverged |= new
            self._any_diverged = True
            for tensor in (self.flat, *self.kept.values()):
                tensor[self.diverged] = 0
            return function()

    def _trace(self, batch: list[Tensor]) -> tuple[Callable[..., Any], Callable[..., Any]]:
        x, y = tree_unflatten(batch[: self._spec.num_leaves], self._spec)
        weight = tuple(batch[self._spec.num_leaves : len(self._ordered)])
        example = (self.trained, self.kept, self.rates, x, y, weight, self.noise_of(batch))
        found = trace(self.stacked, example, compile_graph=len(self.order) >= NETS)
        self.traces[batch[0].shape[1], self.layout] = found
        return found

    def copies(self) -> Tensors:
        """Return copies of all parameters and buffers: a forward pass may change them, as max-norm does."""
        return {name: tensor.clone() for name, tensor in (self.trained | self.kept).items()}

    def evaluate(self, tensors: Tensors, x: Any, y: Any = None, shared: bool = False) -> Any:
        """Return what the nets make of rows; with targets, the losses and the outputs.

        Parameters
        ----------
        tensors : dict of Tensor
            The nets' parameters and buffers.
        x, y : pytree of Tensor of shape (n_nets, n_rows, …), or (n_rows, …) where `shared`
        """
        return self.stacked.evaluate(tensors, x, y, shared)

    def outputs(self, x: Any, shared: bool = False) -> Any:
        """Return the nets' outputs for rows, a fixed number of rows at once."""
        n = tree_leaves(x)[0].shape[0 if shared else 1]
        parts = []
        for start in range(0, n, EVALUATED_ROWS):
            stop = start + EVALUATED_ROWS
            part = tree_map(lambda t, a=start, b=stop: t[a:b] if shared else t[:, a:b], x)
            parts.append(self.evaluate(self.copies(), part, shared=shared))
        return tree_map(lambda *each: torch.cat(each, dim=1).cpu(), *parts)

    def tensors_of(self, i: int, tensors: Tensors | None = None) -> Tensors:
        """Return views of a member's parameters and buffers, by name, among the stack's or other ones."""
        place = self.positions[i]
        if self.diverged[place]:
            return {name: torch.full_like(t[place], torch.nan) for name, t in self.trained.items()} | {
                name: tensor[place] for name, tensor in self.kept.items()
            }
        return {name: tensor[place] for name, tensor in (tensors or self.trained | self.kept).items()}

    def finite(self, i: int) -> bool:
        """Whether a member's parameters are finite numbers."""
        place = self.positions[i]
        return not self.diverged[place] and bool(self.flat[place].isfinite().all())

    def optimizer_state_of(self, i: int) -> dict[str, dict[str, Any]]:
        """Return what a member's optimizer keeps of each parameter, by name."""
        state = self.optimizer.state_of(self.positions[i])
        found: dict[str, dict[str, Any]] = {}
        start = 0
        for name, tensor in self.trained.items():
            count = tensor[0].numel()
            found[name] = {
                key: value[start : start + count].view(tensor.shape[1:]).clone()
                if _is_row(value)
                else copy.deepcopy(value)
                for key, value in state.items()
            }
            start += count
        return found


def _is_row(value: Any) -> bool:
    return isinstance(value, Tensor) and value.dim() > 0


def _arrange(activations: list[str], size: int, unit: int) -> tuple[list[int], list[int], list[tuple[str, int, int]]]:
    """Lay out members: who stands at each place, each one's place, and the places of each kind of activations."""
    order: list[int] = []
    positions: list[int] = []
    layout: list[tuple[str, int, int]] = []
    for key, run in groupby(range(len(activations)), key=activations.__getitem__):
        same, start = list(run), len(order)
        positions += range(start, start + len(same))
        order += same + same[-1:] * (-len(same) % unit)
        layout.append((key, start, len(order)))
    order += order[-1:] * (size - len(order))
    layout[-1] = (*layout[-1][:2], len(order))
    return order, positions, layout
