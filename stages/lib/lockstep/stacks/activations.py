"""Activations that differ between the nets of a stack."""

import copy
import warnings
from collections import Counter
from typing import Any

import torch
from torch import Tensor, nn

from stages.lib.lockstep.members.lean import vjp
from stages.lib.lockstep.members.state import python_state, refers_to_parts

# The shapes in which a part is tried.
_SHAPES = [torch.Size(shape) for shape in ((4, 6), (2, 3, 4), (2, 3, 2, 2))]

# An activation, and the first and last (not included) net of the stack that has it.
Slice = tuple[nn.Module, int, int]


class Switch(nn.Module):
    """Stands for an activation in the module that all nets of a stack share; its slices cover the stack in order."""

    def __init__(self, slices: list[Slice]) -> None:
        super().__init__()
        self.slices = tuple(slices)  # a tuple, so that they are no parts of the module

    def forward(self, x: Tensor) -> Tensor:
        """Apply them; only inside vmap over the nets."""
        return _BySlice.apply(self.slices, x)


class _BySlice(torch.autograd.Function):
    """The activations of each slice, or their gradients where one is given; in `vmap` the whole stack is seen."""

    @staticmethod
    def forward(*args: Any) -> Any:
        raise RuntimeError("a Switch was called outside vmap")

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.slices, x, *_ = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        return None, _BySlice.apply(ctx.slices, *ctx.saved_tensors, gradient)

    @staticmethod
    def vmap(info: Any, in_dims: Any, slices: tuple[Slice, ...], *tensors: Tensor) -> tuple[Tensor, int]:
        x, *gradient = (tensor.movedim(dim, 0) for tensor, dim in zip(tensors, in_dims[1:], strict=True))
        parts = []
        for module, start, stop in slices:
            part = x[start:stop]
            parts.append(_pulled_back(module, part, gradient[0][start:stop]) if gradient else module(part))
        return torch.cat(parts), 0


def _pulled_back(module: nn.Module, x: Tensor, gradient: Tensor) -> Tensor:
    _, pull_back, _ = vjp(lambda own: (module(own["x"]), ()), {"x": x})
    return pull_back(gradient)["x"]


def switchable(module: nn.Module, known: dict[Any, bool]) -> dict[str, nn.Module]:
    """Return a module's elementwise parts, by path: those that another activation can take the place of.

    They have no parameters, buffers or parts of their own, occur only once, and treat each number by itself, in
    training as in evaluation. There are none where a layer may find them other than by their paths. `known` will have
    what is found out about each.
    """
    if any(map(refers_to_parts, module.modules())):
        return {}
    uses = Counter(id(part) for _, part in module.named_modules(remove_duplicate=False))
    parts = ((path, part) for path, part in module.named_modules() if path and uses[id(part)] == 1)
    return {path: part for path, part in parts if _is_elementwise(part, known)}


def _is_elementwise(part: nn.Module, known: dict[Any, bool]) -> bool:
    if any(True for _ in (*part.parameters(), *part.buffers(), *part.children())) or isinstance(part, nn.Dropout):
        return False
    key = type(part), python_state(part)
    if key not in known:
        with warnings.catch_warnings(action="ignore"):  # of shapes that the part is never given
            known[key] = all(_treats_each_number_alone(part, torch.linspace(-3, 3, 24) * size) for size in (1, 1000))
    return known[key]


def _treats_each_number_alone(part: nn.Module, x: Tensor) -> bool:
    shuffled = torch.arange(24).view(4, 6).T.flatten()
    made = []
    for training in (True, False):
        trial = copy.deepcopy(part).train(training)
        before = python_state(trial)
        try:
            whole, others = trial(x), [trial(x.view(shape)) for shape in _SHAPES]
            if [each.shape for each in others] != _SHAPES or whole.data_ptr() == x.data_ptr():
                return False  # one that works in place, or hands on what it is given, changes more than its result
            others += [trial(x[shuffled])[shuffled.argsort()], trial(x[:5])]
        except Exception:  # whatever a part raises that wants something else
            return False
        alike = (torch.allclose(whole[: each.numel()], each.flatten(), 1e-5, 1e-7, equal_nan=True) for each in others)
        if not all(alike) or python_state(trial) != before:
            return False
        made.append(whole)
    return torch.allclose(made[0], made[1], 0, 0, equal_nan=True)
