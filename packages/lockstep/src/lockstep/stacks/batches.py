"""The rows of a stack's nets in the order of an epoch, with the noise for random layers, as tables of the kernel."""

import copy
from collections.abc import Callable
from itertools import accumulate, chain
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lockstep._compat import tree_flatten, tree_leaves, tree_unflatten
from lockstep.kernel.blocks import Table, table
from lockstep.kernel.translate import check_whole
from lockstep.members.rows import Batches as Numbers
from lockstep.members.rows import distinct, weights
from lockstep.stacks.nets import Job
from lockstep.stacks.noise import Draw
from lockstep.stacks.streams import Streams


class Batches:
    """The batches of an epoch; `before` are those of the stack that this one continues, during a training.

    `draws` says what a step draws, from a net's first batch.
    """

    def __init__(
        self,
        job: Job,
        dtype: torch.dtype,
        draws: Callable[[Any, Any], list[Draw]],
        before: "Batches | None",
    ) -> None:
        self.members = job.members
        self._filled = job.filled
        self.dtype = dtype
        # Nets of one source share rows and their order; nets of one split share noise.
        keys = [(id(member.train), id(member.order)) for member in self.members]
        different = list(dict.fromkeys(keys))
        self.sources = [self.members[keys.index(key)] for key in different]
        self.source_of = [different.index(key) for key in keys]
        self._seeds = sorted({member.noise_seed for member in self.members})
        self._split_of = np.array(
            [self._seeds.index(member.noise_seed) for member in self.members]
        )
        self.noise: list[Tensor] = []
        rows = [(member.train.X, member.train.y) for member in self.sources]
        self._spec = tree_flatten(rows[0])[1]
        # By tensor, then by source: where the kernel finds an epoch's rows.
        self._rows = list(zip(*map(tree_leaves, rows), strict=True))
        check_whole(*(part for parts in self._rows for part in parts))
        trains, of_source = distinct([member.train for member in self.sources])
        numbers = [_as_numbers(train.tensors, dtype) for train in trains]
        self._numbers = list(zip(*(numbers[i] for i in of_source), strict=True))
        # The lengths of the batches of each source in each epoch.
        self.sizes: list[list[list[int]]] = []
        self.lengths: list[int] = []
        # Copies, because other stacks of the search start from the same state.
        self.orders = [copy.copy(member.order) for member in self.sources]
        if before is not None:  # the next epoch is about to begin
            self.draws: list[Draw] = before.draws
            self._streams: Streams = before._streams.chosen(
                [before._seeds.index(seed) for seed in self._seeds]
            )
            sources = [
                before.source_of[before.members.index(member)]
                for member in self.sources
            ]
            self.orders = [before.orders[i] for i in sources]
            for sizes in before.sizes:
                self.sizes.append([sizes[i] for i in sources])
            return
        self._streams = Streams(self._seeds)
        self._order_rows()
        self.draws = draws(*self.example(self._index[0][: self.lengths[0]]))
        if any(draw.shape[:1] != (self.lengths[0],) for draw in self.draws):
            raise ValueError(
                "the module draws random numbers that do not belong to a row"
            )
        self._draw()

    def next_epoch(self) -> None:
        """Put the rows into the order of the next epoch, and draw its noise."""
        if self.lengths and all(order.fixed is not None for order in self.orders):
            self.sizes.append(self.sizes[-1])
        else:
            self._order_rows()
        self._draw()

    def _order_rows(self) -> None:
        epochs = [order.next_epoch() for order in self.orders]
        self.sizes.append([list(map(len, batches)) for batches in epochs])
        self.lengths, index, weight = self._indexed(epochs, self.sizes[-1])
        self._index = index.to(torch.int32).numpy()
        # Of the batches among an epoch's rows.
        self._starts = [
            0,
            *accumulate(self.lengths),
        ]
        of_net = np.array(self.source_of)
        self._tables = [table(parts, of_net, self._index) for parts in self._numbers]
        if weight is not None:
            self._tables.append(table(weight.to(self.dtype).contiguous(), of_net))

    def _indexed(
        self, epochs: list[Numbers], sizes: list[list[int]]
    ) -> tuple[list[int], Tensor, Tensor | None]:
        """Return the batches' lengths, the rows of each source, and, if filled up, the weight of each row."""
        if not self._filled:
            if any(each != sizes[0] for each in sizes):
                raise ValueError("nets of a stack have batches of different lengths")
            rows = [list(chain.from_iterable(batches)) for batches in epochs]
            return sizes[0], torch.tensor(rows), None
        width = self.members[0].train.width
        count = len(epochs[0])
        if any(len(each) != count or max(each) > width for each in sizes):
            raise ValueError("nets of a stack have different numbers of batches")
        # Filled up with rows of the batch: if their loss is not finite, so is skorch's.
        filled = [_filled(batch, width) for batches in epochs for batch in batches]
        index = torch.tensor(filled, dtype=torch.int64).view(len(epochs), -1)
        return [width] * count, index, weights(sizes, width).flatten(1)

    def _draw(self) -> None:
        n = sum(self.lengths)
        if self.noise and self.noise[0].shape[1] == n:
            for draw, noise in zip(self.draws, self.noise, strict=True):
                self._streams.refill(draw, noise)
            return
        self.noise = [self._streams.draw(draw, n, self.dtype) for draw in self.draws]
        self._noise_tables = [table(noise, self._split_of) for noise in self.noise]

    def sizes_of(self, i: int) -> list[int]:
        """Return the lengths of a net's batches in this epoch."""
        return self.sizes[-1][self.source_of[i]]

    def of_net(self, i: int, number: int) -> tuple[Any, Any]:
        """Return a net's rows of a batch, and their targets."""
        source = self.source_of[i]
        start = self._starts[number]
        end = start + self.sizes_of(i)[number]
        return self.example(self._index[source][start:end], source)

    def example(self, rows: np.ndarray, source: int = 0) -> tuple[Any, Any]:
        """Return some rows of a source, and their targets."""
        own = [parts[source] for parts in self._rows]
        return tree_unflatten([part[rows % len(part)] for part in own], self._spec)

    def inputs_of_a_step(
        self, length: int
    ) -> tuple[Any, Any, tuple[Tensor, ...], list[Tensor]]:
        """Return rows, targets, weights and noise of a net for a batch of a length."""
        weight = (torch.ones(length, dtype=self.dtype),) if self._filled else ()
        noise = [each[0][:length] for each in self.noise]
        return *self.example(np.arange(length)), weight, noise

    def tables(self, number: int) -> list[Table]:
        """Return the tables of what a step gets, from a batch on."""
        start = self._starts[number]
        return [each.later(start) for each in (*self._tables, *self._noise_tables)]


def _as_numbers(tensors: list[Tensor], dtype: torch.dtype) -> list[Tensor]:
    return [each.to(dtype).contiguous() for each in tensors]


def _filled(batch: list[int], width: int) -> list[int]:
    """Return a batch that is filled up with its first row."""
    return batch + batch[:1] * (width - len(batch))
