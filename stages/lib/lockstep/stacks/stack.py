"""Nets that take the same steps, as tensors whose first dimension is the nets."""

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

from stages.lib.lockstep.members import Member
from stages.lib.lockstep.stacks.nets import NETS, Nets
from stages.lib.lockstep.stacks.noise import Draw
from stages.lib.lockstep.stacks.optimizers import StackedOptimizer, optimizer_of
from stages.lib.lockstep.stacks.rows import Batches
from stages.lib.lockstep.stacks.step import trace


class Stack(Nets):
    """Nets that take the same steps.

    Parameters
    ----------
    members, filled, size, unit
        As for `Nets`.
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
        super().__init__(members, filled, size, unit)
        # The lengths of the batches of each source in each epoch.
        self.past_sizes: list[list[list[int]]] = []
        self.traces = traces if traces is not None else {}
        self.optimizer = StackedOptimizer(self.flat, self.gradient, [optimizer_of(net) for net in self.nets])
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

    def _trace(self, batch: list[Tensor]) -> tuple[Callable[..., Any], Callable[..., Any]]:
        x, y = tree_unflatten(batch[: self._spec.num_leaves], self._spec)
        weight = tuple(batch[self._spec.num_leaves : len(self._ordered)])
        example = (self.trained, self.kept, self.rates, x, y, weight, self.noise_of(batch))
        found = trace(self.stacked, example, compile_graph=len(self.order) >= NETS)
        self.traces[batch[0].shape[1], self.layout] = found
        return found

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
