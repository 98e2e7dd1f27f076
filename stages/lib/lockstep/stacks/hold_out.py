"""The rows that skorch holds out of each fit: evaluated after every epoch, for the history and the callbacks."""

from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from stages.lib.lockstep.stacks.stack import Stack
from stages.lib.lockstep.stacks.step import Tensors


class HoldOut:
    """The hold-outs of a stack's nets.

    Attributes
    ----------
    is_empty : bool
        Whether the nets have none; either all have, or none.
    left : dict of Tensor or None
        The parameters and buffers after the last evaluation, which may change them.
    """

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.left: Tensors | None = None
        rows = [member.valid for member in stack.members if member.valid is not None]
        self.is_empty = not rows
        self.lengths: list[list[int]] = [[] for _ in stack.members]
        if self.is_empty:
            return
        width = stack.members[0].valid_width
        self.lengths = [_lengths(each.n, member.valid_batch) for each, member in zip(rows, stack.members, strict=True)]
        count = max(map(len, self.lengths))
        self.width, self.count = width, count
        n = count * width if stack.filled else rows[0].n
        distinct = {id(each): each for each in rows}
        source = torch.tensor([list(distinct).index(id(rows[i])) for i in stack.order], device=stack.flat.device)

        def placed(*parts: Tensor) -> Tensor:
            filled = [torch.cat([part, part[:1].expand(n - len(part), *part.shape[1:])]) for part in parts]
            return torch.stack(filled).to(stack.flat.device).index_select(0, source)

        self.X = tree_map(placed, *(each.X for each in distinct.values()))
        self.y = tree_map(placed, *(each.y for each in distinct.values()))
        if stack.filled:
            weight = torch.zeros(len(stack.order), count, width, dtype=torch.float64)
            for place, i in enumerate(stack.order):
                for j, length in enumerate(self.lengths[i]):
                    weight[place, j, :length] = 1 / length
            self.weight = weight.to(stack.flat)

    def evaluate(self) -> tuple[Tensor, Any]:
        """Return the losses of the batches, shape (n_batches, n_nets), and the nets' outputs for all rows."""
        # Callbacks watch the weights themselves; otherwise only the last evaluation leaves a trace.
        live = self.stack.members[0].live
        return self.stack.surviving(lambda: self._evaluate(live))

    def _evaluate(self, live: bool) -> tuple[Tensor, Any]:
        self.left = tensors = self.stack.trained | self.stack.kept if live else self.stack.copies()
        if self.stack.filled:
            by_row, made = self.stack.evaluate(tensors, self.X, self.y)
            by_row = by_row.reshape(*self.weight.shape, -1).mean(-1)
            return (by_row * self.weight).sum(-1).T, made
        parts, start = [], 0
        for length in self.lengths[0]:
            x, y = (tree_map(lambda t, a=start, n=length: t[:, a : a + n], part) for part in (self.X, self.y))
            parts.append(self.stack.evaluate(tensors, x, y))
            start += length
        made = tree_map(lambda *each: torch.cat(each, dim=1), *(each for _, each in parts))
        return torch.stack([loss for loss, _ in parts]), made

    def own_rows(self, i: int, made: Any) -> tuple[Any, Any]:
        """Return a member's hold-out, as one batch, and what the net makes of it."""
        place, n = self.stack.positions[i], sum(self.lengths[i])
        rows = tuple(tree_map(lambda t: t[place, :n], part) for part in (self.X, self.y))
        return rows, tree_map(lambda t: t[place, :n], made)

    def own_batches(self, i: int, made: Any) -> list[tuple[Any, Any]]:
        """Return the same, batch by batch."""
        whole = self.own_rows(i, made)
        ends = torch.tensor(self.lengths[i]).cumsum(0).tolist()
        return [
            tree_map(lambda t, a=end - n, b=end: t[a:b], whole) for end, n in zip(ends, self.lengths[i], strict=True)
        ]


def _lengths(n: int, batch_size: int) -> list[int]:
    return [min(batch_size, n - start) for start in range(0, n, batch_size)]
