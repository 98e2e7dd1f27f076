"""The weights of many nets as tensors whose first dimension is the nets, and the nets' outputs for rows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lockstep._compat import tree_leaves
from lockstep.members.member import Member
from lockstep.members.parts import Tensors, cloned, named_tensors, trained_params
from lockstep.stacks.layers import rates_of
from lockstep.stacks.programs.evaluation import Evaluated, Evaluator, RowsOfNets
from lockstep.stacks.step import StackedNet


@dataclass
class Job:
    """Nets of one group that are to share a stack."""

    members: list[Member]
    filled: bool  # whether the last batch is filled up with rows of weight zero; otherwise all lengths are equal
    # Of the kernel, which stacks of the group share.
    programs: dict[Any, Any] = field(default_factory=dict)
    # Of optimizers, which more groups share.
    updates: dict[Any, Any] = field(default_factory=dict)
    record_losses: bool = True
    n_threads: int = 1  # that compute the kernel's blocks

    @property
    def knows_losses(self) -> bool:
        """Whether losses are computed, and not only their gradients: callbacks get them."""
        return self.record_losses or self.members[0].has_listeners

    @cached_property
    def records_outputs(self) -> bool:
        """Whether nets that only have recorders keep their outputs for the hold-out."""
        return not self.members[0].has_listeners and any(
            member.recorders for member in self.members
        )

    @property
    def knows_hold_out(self) -> bool:
        """Whether the hold-out is evaluated after every epoch, and not only after the last one."""
        return (
            self.knows_losses
            or self.records_outputs
            or self.members[0].evaluation_counts
        )

    @property
    def is_evaluated_by_torch(self) -> bool:
        """Whether torch evaluates the hold-outs."""
        return self.members[0].evaluated_by_torch

    @property
    def is_changed_by_evaluations(self) -> bool:
        """Whether an evaluation is one of the trained nets themselves: callbacks see them, or later steps depend on it.

        Otherwise only what the last one leaves counts, and copies are evaluated.
        """
        return self.members[0].has_listeners or self.members[0].evaluation_counts


class Nets:
    """The weights of a job's nets."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.members = job.members
        nets = [member.net for member in self.members]
        self.nets = nets
        rates = list(map(rates_of, nets))
        self.stacked = StackedNet(nets[0], job.filled, any(map(any, rates)))
        named = [named_tensors(net) for net in nets]
        stepped = trained_params(nets[0]).keys() - self.members[0].unused
        names = [name for name in named[0] if name in stepped]
        dtype = named[0][names[0]].dtype
        self.shapes = {name: named[0][name].shape for name in names}
        self.sizes = [shape.numel() for shape in self.shapes.values()]
        self.length = sum(self.sizes)
        # All parameters of a net are in one row, so that an optimizer has a single tensor to update.
        self.flat = torch.zeros(len(nets), self.length, dtype=dtype)
        self.gradient = torch.zeros_like(self.flat)
        self.trained = self.by_name(self.flat)
        with torch.no_grad():
            for name, view in self.trained.items():
                view.copy_(torch.stack([tensors[name] for tensors in named]))
            self.untrained: Tensors = {}
            for name in named[0]:
                if name not in names:
                    own = [tensors[name].detach() for tensors in named]
                    self.untrained[name] = torch.stack(own)
        self.rates = torch.tensor(rates, dtype=dtype)

    def by_name(self, rows: Tensor) -> Tensors:
        """Return views of each parameter's part in rows of numbers, shape (…, n_numbers)."""
        parts = rows.split(self.sizes, dim=-1)
        before = rows.shape[:-1]
        named = zip(self.shapes.items(), parts, strict=True)
        return {name: part.view(before + shape) for (name, shape), part in named}

    def copies(self) -> Tensors:
        """Return copies of all parameters and buffers: a forward pass may change them, as max-norm does."""
        return cloned(self.trained | self.untrained)

    def evaluator(
        self,
        sources: list[tuple[Any, ...]],
        of_net: np.ndarray,
        n_rows: int,
        batch: int | None = None,
    ) -> Callable[[Tensors], Any]:
        """Return a function of tensors, which it may change, that evaluates the nets on rows, as `Evaluator` does."""
        nets = Evaluated(self.stacked, self.trained | self.untrained, self.rates)
        rows = RowsOfNets(sources, of_net, n_rows, batch)
        return Evaluator(nets, rows, self.job.programs, self.job.n_threads)

    def outputs(self, rows: list[Any], of_net: np.ndarray) -> Any:
        """Return the nets' outputs, shape (n_nets, n_rows, …); `of_net` says which of the rows each net has."""
        n_rows = max(len(tree_leaves(each)[0]) for each in rows)
        return self.evaluator([(each,) for each in rows], of_net, n_rows)(self.copies())

    def tensors_of(self, i: int, tensors: Tensors | None = None) -> Tensors:
        """Return views of a net's parameters and buffers, by name, in the stack's tensors or in others."""
        if tensors is None:
            tensors = self.trained | self.untrained
        return {name: tensor[i] for name, tensor in tensors.items()}
