"""Evaluates the nets of a stack by torch, one after the other: where torch takes another path than its recording.

In evaluation, torch's layers for attention with a mask for each row take a fast path of their own, which gives zeros at
padded places, and NaN for rows that are padding alone. It depends on all rows of a batch whether they do.
"""

from typing import Any

import torch
from torch import Tensor

from lockstep._compat import tree_map
from lockstep.members.parts import Tensors
from lockstep.members.rows import filled_up, spans, taken
from lockstep.stacks.nets import Nets
from lockstep.stacks.step import StackedNet


class ByTorch:
    """Evaluates nets on their rows, with targets, in batches of these lengths; both are by net."""

    def __init__(
        self, nets: Nets, rows: list[tuple[Any, Any]], lengths: list[list[int]]
    ) -> None:
        self.nets = nets
        self.rows = rows
        self.lengths = lengths
        self.code = StackedNet(nets.nets[0], filled=False, drops=False)

    def __call__(self, tensors: Tensors) -> tuple[Tensor, Any]:
        """Return the losses of the batches, shape (n_batches, n_nets), and the nets' outputs for all rows."""
        evaluated = (self._evaluated(i, tensors) for i in range(len(self.rows)))
        losses, made = zip(*evaluated, strict=True)
        n_batches = max(map(len, self.lengths))
        n_rows = max(map(sum, self.lengths))
        whole = tree_map(
            lambda *parts: torch.stack([filled_up(part, n_rows) for part in parts]),
            *made,
        )
        of_nets = [filled_up(each, n_batches) for each in losses]
        return torch.stack(of_nets, dim=1), whole

    def _evaluated(self, i: int, tensors: Tensors) -> tuple[Tensor, Any]:
        """Return a net's losses and outputs."""
        own = self.nets.tensors_of(i, tensors)
        batches = (taken(self.rows[i], span) for span in spans(self.lengths[i]))
        evaluated = (self.code.evaluate_by_torch(own, *batch) for batch in batches)
        losses, made = zip(*evaluated, strict=True)
        return torch.stack(losses), tree_map(lambda *parts: torch.cat(parts), *made)
