"""The weights of many nets as tensors whose first dimension is the nets, and the nets' outputs for rows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from lockstep._compat import tree_leaves, tree_map
from lockstep.members.member import Member
from lockstep.members.parts import Tensors, cloned, named_tensors, trained_params
from lockstep.members.rows import companies, filled_up, is_close, taken
from lockstep.stacks.by_kernel.evaluation import Evaluator
from lockstep.stacks.layers import dropouts
from lockstep.stacks.step import StackedNet

# Kernels process vectors of up to 16 numbers, and give other last bits to numbers that do not fill a vector. So a stack
# has a multiple of its `places`, and a net's parameters are a row of a multiple of LANES numbers: all vectors are full,
# and a net's bits do not depend on the other nets in the stack.
LANES = 16

# How many rows are evaluated at once; a constant, because the last bits also depend on the number of rows.
EVALUATED_ROWS = 1024


@dataclass
class Job:
    """Nets of one group, sorted by activations, then by optimizer, that are to share a stack."""

    members: list[Member]
    filled: bool  # whether the last batch is filled up with rows of weight zero; otherwise all lengths are equal
    places: int = LANES  # a stack has a multiple of this many nets; copies of members fill it up
    size: int = 0  # the least number of nets in the tensors
    by_kernel: bool = False  # whether the kernel computes the nets; then all have one activation and kind of optimizer
    traces: dict[Any, Any] = field(default_factory=dict)  # traced steps, which stacks of the group share
    record_losses: bool = True
    n_threads: int = 1  # that compute a kernel's blocks

    @property
    def knows_losses(self) -> bool:
        """Whether losses are computed, and not only their gradients: callbacks get them."""
        return self.record_losses or self.members[0].has_listeners

    @cached_property
    def records_outputs(self) -> bool:
        """Whether nets that only have recorders keep their outputs for the hold-out."""
        return not self.members[0].has_listeners and any(member.recorders for member in self.members)

    @property
    def knows_hold_out(self) -> bool:
        """Whether the hold-out is evaluated after every epoch, and not only after the last one."""
        return self.knows_losses or self.records_outputs or self.members[0].evaluation_counts

    @property
    def is_changed_by_evaluations(self) -> bool:
        """Whether an evaluation is one of the trained nets themselves: callbacks see them, or later steps depend on it.

        Otherwise only what the last one leaves counts, and copies are evaluated.
        """
        return self.members[0].has_listeners or self.members[0].evaluation_counts


class Nets:
    """The weights of a job's nets, in a multiple of its `places`."""

    def __init__(self, job: Job) -> None:
        self.job, self.members = job, job.members
        self._arrange()
        nets = self.nets = [self.members[i].net for i in self.order]
        named = [named_tensors(net) for net in nets]
        stepped = trained_params(nets[0]).keys() - self.members[0].unused
        names = [name for name in named[0] if name in stepped]
        first = named[0][names[0]]
        place: dict[str, Any] = {"dtype": first.dtype, "device": first.device}
        self.shapes = {name: named[0][name].shape for name in names}
        self.length = sum(shape.numel() for shape in self.shapes.values())
        # All parameters of a net are in one row, so that an optimizer has a single tensor to update.
        self.flat = torch.zeros(len(nets), -(-self.length // LANES) * LANES, **place)
        self.gradient = torch.zeros_like(self.flat)
        # Nets that have diverged and were set to 0.
        self.diverged = torch.zeros(len(nets), dtype=torch.bool, device=first.device)
        self._any_diverged = False
        self.trained = self.by_name(self.flat)
        with torch.no_grad():
            for name, view in self.trained.items():
                view.copy_(torch.stack([tensors[name] for tensors in named]))
            rest = [name for name in named[0] if name not in names]
            self.untrained = {name: torch.stack([tensors[name].detach() for tensors in named]) for name in rest}
        self.rates = torch.tensor([[layer.p for layer in dropouts(net)] for net in nets], **place)
        self.own = [*self.trained.values(), *self.untrained.values(), self.rates]

    def _arrange(self) -> None:
        """Lay out members: the member at each place, each member's place, the places of each kind of activations."""
        self.order: list[int] = []
        self.positions: list[int] = []
        starts: list[tuple[str, int]] = []
        activations = [member.activations for member in self.members]
        for key, run in groupby(range(len(activations)), key=activations.__getitem__):
            same, start = list(run), len(self.order)
            starts.append((key, start))
            self.positions += range(start, start + len(same))
            self.order += same + same[-1:] * (-len(same) % self.job.places)
        self.order += self.order[-1:] * (self.job.size - len(self.order))
        stops = [start for _, start in starts[1:]] + [len(self.order)]
        layout = [(key, start, stop) for (key, start), stop in zip(starts, stops, strict=True)]
        self.layout = str([(stop - start, key) for key, start, stop in layout])
        owners = [(self.members[self.order[start]].net.module_, start, stop) for _, start, stop in layout]
        drops = any(layer.p for member in self.members for layer in dropouts(member.net))
        self.stacked = StackedNet(self.members[0].net, owners, self.job.filled, drops)

    def by_name(self, rows: Tensor) -> Tensors:
        """Return views of each parameter's part in rows of numbers, shape (…, n_numbers)."""
        parts = rows[..., : self.length].split([shape.numel() for shape in self.shapes.values()], dim=-1)
        named = zip(self.shapes.items(), parts, strict=True)
        return {name: part.view((*rows.shape[:-1], *shape)) for (name, shape), part in named}

    def placed(self, rows: list[Any], n: int) -> Any:
        """Return the rows of the member at each place, filled up to `n`: shape (n_nets, n, …)."""
        distinct = {id(each): each for each in rows}
        places = {key: place for place, key in enumerate(distinct)}
        source = torch.tensor([places[id(rows[i])] for i in self.order], device=self.flat.device)

        def stacked(*parts: Tensor) -> Tensor:
            return torch.stack([filled_up(part, n) for part in parts]).to(self.flat.device).index_select(0, source)

        return tree_map(stacked, *distinct.values())

    def surviving(self, function: Callable[[], Any], written: list[Tensor]) -> Any:
        """Call a function of all nets; if it raises because some have diverged, set those to 0 and call it again.

        `BCELoss` refuses numbers that are not finite, and so would fail for all nets of a stack. Before it raises, the
        function may have changed the tensors in `written`, so these are restored.
        """
        before = [tensor.clone() for tensor in written]
        try:
            return function()
        except RuntimeError:
            new = ~self.flat.isfinite().all(dim=1)
            if not new.any():
                raise
            self.diverged |= new
            self._any_diverged = True
            for tensor, was in zip(written, before, strict=True):
                tensor.copy_(was)
            for tensor in (self.flat, *self.untrained.values()):
                tensor[self.diverged] = 0
            return function()

    def copies(self) -> Tensors:
        """Return copies of all parameters and buffers: a forward pass may change them, as max-norm does."""
        return cloned(self.trained | self.untrained)

    def evaluate(self, tensors: Tensors, x: Any, y: Any = None, shared: bool = False) -> Any:
        """Return what `StackedNet.evaluate` returns for the nets with these tensors, which it may change."""
        return self.evaluator(x, y, shared)(tensors)

    def evaluator(self, x: Any, y: Any = None, shared: bool = False) -> Callable[[Tensors], Any]:
        """Return a function of tensors that evaluates the nets on these rows."""
        if self.job.by_kernel:
            tensors = self.trained | self.untrained
            n_threads = self.job.n_threads
            return Evaluator(self.stacked, tensors, self.rates, x, y, shared, self.job.traces, n_threads)
        return lambda tensors: self.stacked.evaluate(tensors, self.rates, x, y, shared)

    def outputs(self, x: Any, shared: bool) -> Any:
        """Return the nets' outputs for rows, shape (n_nets, n_rows, …); `shared` rows have no first dimension."""
        before = () if shared else (slice(None),)
        parts = []
        for start in range(0, tree_leaves(x)[0].shape[len(before)], EVALUATED_ROWS):
            part = taken(x, (*before, slice(start, start + EVALUATED_ROWS)))
            parts.append(self.evaluate(self.copies(), part, shared=shared))
        return tree_map(lambda *each: torch.cat(each, dim=1).cpu(), *parts)

    def rows_are_apart(self) -> Tensor:
        """Return whether a row's outputs are the same beside other rows, shape (n_nets,).

        The trial has shown this only for the initial weights, and training may change it.
        """
        (place, batches), made = companies(self.members[0].train), []
        try:
            for batch in batches:
                x = tree_map(lambda rows, batch=batch: rows[batch].to(self.flat.device), self.members[0].train.X)
                outputs = tree_leaves(self.evaluate(self.copies(), x, shared=True))
                made.append(torch.cat([part[:, place].flatten(1).double() for part in outputs], dim=1))
        except Exception:  # whatever a module raises; skorch never evaluates these rows together
            return torch.ones(len(self.order), dtype=torch.bool)
        return torch.stack([is_close(made[0], each).all(dim=1) for each in made]).all(dim=0)

    def tensors_of(self, i: int, tensors: Tensors | None = None) -> Tensors:
        """Return views of a member's parameters and buffers, by name, in the stack's tensors or in others."""
        place = self.positions[i]
        diverged = bool(self.diverged[place])
        own = taken(self.trained | self.untrained if diverged or tensors is None else tensors, place)
        if diverged:
            own |= {name: torch.full_like(own[name], torch.nan) for name in self.trained}
        return own

    def finite(self, i: int) -> bool:
        """Whether a member's parameters are finite numbers."""
        place = self.positions[i]
        return not self.diverged[place] and bool(self.flat[place].isfinite().all())
