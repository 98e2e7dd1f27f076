"""Applies another activation to each slice of a stack, so that nets that differ in it alone share their steps."""

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import vjp

# An activation, and the first and last (not included) net of the stack that has it.
Slice = tuple[nn.Module, int, int]


class Switch(nn.Module):
    """Stands for an activation in the module that all nets of a stack share; its slices cover the stack in order."""

    def __init__(self, slices: list[Slice]) -> None:
        super().__init__()
        self.slices = tuple(slices)  # a tuple, so that they are no parts of the module

    def forward(self, x: Tensor) -> Tensor:
        """Apply them; only inside vmap over the nets."""
        return _Apply.apply(x, self.slices)


class _InVmap(torch.autograd.Function):
    """Works in its `vmap` alone, where the whole stack is seen."""

    @staticmethod
    def forward(*args: Any) -> Any:
        raise RuntimeError("a Switch was called outside vmap")

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        pass


class _Apply(_InVmap):
    """The activations."""

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        x, ctx.slices = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        return _Differentiate.apply(x, gradient, ctx.slices), None

    @staticmethod
    def vmap(info: Any, in_dims: Any, x: Tensor, slices: tuple[Slice, ...]) -> tuple[Tensor, int]:
        x = x.movedim(in_dims[0], 0)
        return torch.cat([module(x[start:stop]) for module, start, stop in slices]), 0


class _Differentiate(_InVmap):
    """The activations' gradients."""

    @staticmethod
    def vmap(info: Any, in_dims: Any, x: Tensor, gradient: Tensor, slices: Any) -> tuple[Tensor, int]:
        x, gradient = x.movedim(in_dims[0], 0), gradient.movedim(in_dims[1], 0)
        parts = [vjp(module, x[start:stop])[1](gradient[start:stop])[0] for module, start, stop in slices]
        return torch.cat(parts), 0


def switchable(module: nn.Module) -> dict[str, nn.Module]:
    """Return a module's elementwise parts, by path: those that another activation can take the place of.

    They have no parameters, buffers or parts of their own, occur only once, and treat each number by itself, both in
    training and in evaluation.
    """
    places = [part for _, part in module.named_modules(remove_duplicate=False)]
    return {
        path: part
        for path, part in module.named_modules()
        if path and sum(part is other for other in places) == 1 and _is_elementwise(part)
    }


def _is_elementwise(part: nn.Module) -> bool:
    if any(True for _ in (*part.parameters(), *part.buffers(), *part.children())) or isinstance(part, nn.Dropout):
        return False
    x = torch.linspace(-3, 3, 24)
    shuffled = torch.arange(24).view(4, 6).T.flatten()
    for training in (True, False):
        trial = copy.deepcopy(part).train(training)
        try:
            found, *others = trial(x), trial(x.view(4, 6)), trial(x[shuffled])[shuffled.argsort()], trial(x[:5])
            same = all(torch.allclose(found[: each.numel()], each.flatten(), rtol=1e-5, atol=1e-7) for each in others)
        except Exception:  # whatever a part raises that wants something else
            return False
        if not same or others[0].shape != (4, 6):
            return False
    return True
