"""Activations that differ between the nets of a stack."""

from collections import Counter
from typing import Any

import torch
from torch import Tensor, nn

from lockstep._compat import vjp
from lockstep.members.state import OF_ANY_MODULE, refers_to_parts

# torch's activations that compute each number independently, in training as in evaluation.
_ELEMENTWISE = {
    getattr(nn, name)
    for name in """CELU ELU GELU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid Mish ReLU ReLU6 SELU
    SiLU Sigmoid Softplus Softshrink Softsign Tanh Tanhshrink Threshold""".split()
}

# An activation, and the first and last (not included) net of the stack that has it.
Slice = tuple[nn.Module, int, int]


class Switch(nn.Module):
    """Replaces an activation in the module that all nets of a stack share; its slices cover the stack in order."""

    def __init__(self, slices: list[Slice]) -> None:
        super().__init__()
        self.slices = tuple(slices)  # a tuple, so that they are not parts of the module

    def forward(self, x: Tensor) -> Tensor:
        """Apply the activations; only inside vmap over the nets."""
        return _BySlice.apply(self.slices, x)


class _BySlice(torch.autograd.Function):
    """The activations of each slice, or their gradients if a gradient is passed; `vmap` sees the whole stack."""

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


def switchable(module: nn.Module) -> dict[str, nn.Module]:
    """Return a module's elementwise parts that another activation can replace, by path.

    They are torch's, with only torch's settings, and occur once. There are none if a layer may access them other than
    by their paths.
    """
    if any(map(refers_to_parts, module.modules())):
        return {}
    uses = Counter(id(part) for _, part in module.named_modules(remove_duplicate=False))
    return {path: part for path, part in module.named_modules() if uses[id(part)] == 1 and _is_plain(part)}


def _is_plain(part: nn.Module) -> bool:
    own = vars(part)
    has_more = any(own[name] for name in OF_ANY_MODULE - {"training"})  # hooks, for example
    settings = own.keys() - OF_ANY_MODULE
    return (
        type(part) in _ELEMENTWISE
        and settings == set(getattr(part, "__constants__", ()))
        and not (has_more or own.get("inplace"))
    )
