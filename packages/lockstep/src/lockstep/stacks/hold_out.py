"""The rows that skorch holds out of each fit: evaluated after every epoch, for the history and the callbacks."""

from typing import Any

import torch
from torch import Tensor

from lockstep._compat import tree_map
from lockstep.members.parts import Tensors
from lockstep.members.rows import distinct, spans, taken, weights
from lockstep.stacks.by_torch import ByTorch
from lockstep.stacks.stack import Stack


class HoldOut:
    """The hold-outs of a stack's nets; all nets have one, or none."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        # The parameters and buffers after the last evaluation, which may change them.
        self.left: Tensors | None = None
        self._by_torch: ByTorch | None = None
        rows = [member.valid for member in stack.members if member.valid is not None]
        self.is_empty = not rows
        self.lengths: list[list[int]] = [[] for _ in stack.members]
        if self.is_empty:
            return
        self.lengths = [each.lengths for each in rows]
        self.rows = [(each.X, each.y) for each in rows]
        if stack.job.is_evaluated_by_torch:
            self._by_torch = ByTorch(stack, self.rows, self.lengths)
            return
        n = rows[0].n
        if stack.job.filled:
            width = rows[0].width
            n = width * max(map(len, self.lengths))
            self.weight = weights(self.lengths, width).to(stack.flat)
        sources, of_net = distinct(rows)
        pairs = [(each.X, each.y) for each in sources]
        # Now, because torch's losses refuse numbers of nets that diverge.
        if stack.job.filled:
            self._evaluators = [stack.evaluator(pairs, of_net, n)]
            return
        batch = self.lengths[0][0]
        short = n % batch  # the length of the last batch, if it is another
        whole = n - short
        first = taken(pairs, slice(whole))
        self._evaluators = [stack.evaluator(first, of_net, whole, batch)]
        if short:
            last = taken(pairs, slice(whole, n))
            self._evaluators.append(stack.evaluator(last, of_net, short, short))

    def evaluate(self) -> tuple[Tensor, Any]:
        """Return the losses of the batches, shape (n_batches, n_nets), and the nets' outputs for all rows."""
        stack = self.stack
        own = stack.job.is_changed_by_evaluations
        tensors = stack.trained | stack.untrained if own else stack.copies()
        self.left = tensors
        if self._by_torch:
            return self._by_torch(tensors)
        parts = [evaluate(tensors) for evaluate in self._evaluators]
        if stack.job.filled:
            ((by_row, made),) = parts
            by_row = by_row.reshape(*self.weight.shape, -1)
            by_row = _in_order(by_row) / by_row.shape[-1]
            # Rows that fill up are NaN if a loss is infinite.
            weighted = torch.where(self.weight > 0, by_row * self.weight, 0)
            return _in_order(weighted).T, made
        made = tree_map(self._joined, *(each for _, each in parts))
        return torch.cat([losses for losses, _ in parts], dim=1).T, made

    def recorded(self, i: int, made: list[Any]) -> tuple[Any, list[Any]]:
        """Return the targets of a member's hold-out, and copies of the net's outputs for it in each epoch."""
        own = i, slice(sum(self.lengths[i]))
        outputs = tree_map(
            lambda *parts: torch.stack([part[own] for part in parts]), *made
        )
        _, targets = self.rows[i]
        by_epoch = [taken(outputs, epoch) for epoch in range(len(made))]
        return tree_map(Tensor.clone, targets), by_epoch

    def _joined(self, whole: Tensor, *short: Tensor) -> Tensor:
        """Join the outputs of batches; `squeeze` may have removed the dimension of a batch of one row."""
        of_row = whole.shape[3:]
        parts = [part.reshape(len(part), -1, *of_row) for part in (whole, *short)]
        return torch.cat(parts, dim=1)

    def own_rows(self, i: int, made: Any) -> tuple[Any, Any]:
        """Return a member's hold-out, as one batch, and the net's outputs for it."""
        return self.rows[i], taken(made, (i, slice(sum(self.lengths[i]))))

    def own_batches(self, i: int, made: Any) -> list[tuple[Any, Any]]:
        """Return the same, batch by batch."""
        whole = self.own_rows(i, made)
        return [taken(whole, span) for span in spans(self.lengths[i])]


def _in_order(numbers: Tensor) -> Tensor:
    """Return the sums over the last dimension; the order of torch's `sum` depends on the processor."""
    return numbers.cumsum(-1)[..., -1]
