"""The weights of many nets as tensors whose first dimension is the nets, and what the nets make of rows."""

from collections.abc import Callable
from itertools import groupby
from typing import Any

import torch
from skorch import NeuralNet
from torch.utils._pytree import tree_leaves, tree_map

from stages.lib.lockstep.members import Member
from stages.lib.lockstep.stacks.noise import dropouts
from stages.lib.lockstep.stacks.optimizers import named_tensors, trained_names
from stages.lib.lockstep.stacks.step import StackedNet, Tensors

# Kernels take vectors of up to 16 numbers and treat what is left over in another way, with other last bits. A stack
# is a multiple of NETS nets and a net's parameters a row of a multiple of LANES numbers, so nothing is left over: a
# net's bits do not depend on what else is in the stack.
NETS = 16
LANES = 16

# How many rows are evaluated at once. It is fixed, as kernels differ with the number of rows as well.
EVALUATED_ROWS = 1024


class Nets:
    """The weights of nets of one structure.

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
    """

    def __init__(self, members: list[Member], filled: bool, size: int = 0, unit: int = NETS) -> None:
        self.members, self.filled = members, filled
        self.order, self.positions, layout = _arrange([member.activations for member in members], size, unit)
        self.nets = [members[i].net for i in self.order]
        self.layout = str([(stop - start, key) for key, start, stop in layout])
        owners = [(self.nets[start].module_, start, stop) for _, start, stop in layout]
        self.stacked = StackedNet(self.nets[0], owners, filled)
        self._place_weights(self.nets)

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
