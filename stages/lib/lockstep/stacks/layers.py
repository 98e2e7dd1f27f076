"""Layers that need help inside vmap: activations that differ by net, those that draw numbers, and recurrent ones."""

import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch._decomp import decompositions
from torch.overrides import TorchFunctionMode

from stages.lib.lockstep.members.lean import vjp
from stages.lib.lockstep.members.refusals import RefusalError
from stages.lib.lockstep.members.state import python_state, refers_to_parts

F = nn.functional

# An activation, and the first and last (not included) net of the stack that has it.
Slice = tuple[nn.Module, int, int]

# SELU's constants, which alpha dropout keeps the mean and variance by (Klambauer et al. 2017, section 3).
_ALPHA = -1.7580993408473766


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


def switchable(module: nn.Module) -> dict[str, nn.Module]:
    """Return a module's elementwise parts, by path: those that another activation can take the place of.

    They have no parameters, buffers or parts of their own, occur only once, and treat each number by itself, in
    training as in evaluation. There are none where a layer may find them other than by their paths.
    """
    if any(map(refers_to_parts, module.modules())):
        return {}
    uses = Counter(id(part) for _, part in module.named_modules(remove_duplicate=False))
    parts = ((path, part) for path, part in module.named_modules() if path and uses[id(part)] == 1)
    return {path: part for path, part in parts if _is_elementwise(part)}


# What has been found out about parts without tensors, by what they are.
_ELEMENTWISE: dict[Any, bool] = {}


def _is_elementwise(part: nn.Module) -> bool:
    if any(True for _ in (*part.parameters(), *part.buffers(), *part.children())) or isinstance(part, nn.Dropout):
        return False
    key = type(part), type(part).forward, python_state(part)
    if key not in _ELEMENTWISE:
        _ELEMENTWISE[key] = _treats_each_number_alone(part)
    return _ELEMENTWISE[key]


def _treats_each_number_alone(part: nn.Module) -> bool:
    x = torch.linspace(-3, 3, 24)
    shuffled = torch.arange(24).view(4, 6).T.flatten()
    made = []
    for training in (True, False):
        trial = copy.deepcopy(part).train(training)
        before = python_state(trial)
        try:
            found, *others = trial(x), trial(x.view(4, 6)), trial(x[shuffled])[shuffled.argsort()], trial(x[:5])
            same = all(torch.allclose(found[: each.numel()], each.flatten(), rtol=1e-5, atol=1e-7) for each in others)
        except Exception:  # whatever a part raises that wants something else
            return False
        if not same or others[0].shape != (4, 6) or python_state(trial) != before:
            return False
        made.append(found)
    return torch.equal(*made)


@dataclass(frozen=True)
class Draw:
    """What a module asks for: `normal` or uniform numbers on [0, 1), of `shape`, whose first dimension is the batch."""

    normal: bool
    shape: tuple[int, ...]

    def sample(self, n_rows: int, dtype: torch.dtype, generator: torch.Generator) -> Tensor:
        """Draw the numbers for so many rows."""
        draw = torch.randn if self.normal else torch.rand
        return draw(n_rows, *self.shape[1:], dtype=dtype, generator=generator)


class GivenNoise(TorchFunctionMode):
    """Makes dropout layers and the functions that draw numbers take noise that is given, in the order of the calls.

    It is drawn outside of vmap, where it would depend on the stack. Without noise the mode draws, `draws` tells what
    was asked for, and `matters` whether any of it is for more than dropout that drops nothing. Where the noise given is
    empty, such dropout is left out. `in_stack`, the mode also stands in for what vmap knows nothing of.
    """

    def __init__(self, noise: Any = None, in_stack: bool = False) -> None:
        super().__init__()
        self.replaced = _DRAWING | (_IN_STACK if in_stack else {})
        self.is_quiet = noise is not None and not noise
        self.noise = iter(noise) if noise is not None else None
        self.draws: list[Draw] = []
        self.matters = False

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Replace some functions, leave all others alone."""
        replacement = self.replaced.get(function)
        return replacement(self, *args, **(kwargs or {})) if replacement else function(*args, **(kwargs or {}))

    def draw(self, like: Tensor, shape: tuple[int, ...], normal: bool = False, p: Any = None) -> Tensor:
        """Return the next numbers; `p` is the rate of dropout."""
        if self.noise is not None:
            return next(self.noise)
        self.draws.append(Draw(normal, tuple(shape)))
        self.matters |= p != 0
        return (torch.randn if normal else torch.rand)(shape, dtype=like.dtype, device=like.device)


def _dropout(by_channel: bool = False, alpha: bool = False) -> Callable[..., Tensor]:
    def dropout(mode: GivenNoise, x: Tensor, p: Any = 0.5, training: bool = not alpha, inplace: bool = False) -> Tensor:
        if not training or (mode.is_quiet and p == 0):
            return x
        noise = mode.draw(x, (*x.shape[:2], *[1] * (x.dim() - 2)) if by_channel else x.shape, p=p)
        # 1 where a number of [0, 1) is at least p, else 0; five times as fast as a comparison and its cast.
        kept = (noise - p).floor() + 1
        if not alpha:
            return x * (kept * (1 - p) ** -1)
        scale = ((1 - p) * (1 + p * _ALPHA**2)) ** -0.5
        return scale * (x * kept + _ALPHA * (1 - kept)) - scale * _ALPHA * p

    return dropout


def _one_hot(mode: GivenNoise, x: Tensor, num_classes: int = -1) -> Tensor:
    """Return what torch's does, which vmap refuses as it compares the largest class; here scatter refuses that."""
    if num_classes < 0 or x.dtype != torch.int64:
        return F.one_hot(x, num_classes)
    zeros = torch.zeros(*x.shape, num_classes, dtype=torch.int64, device=x.device)
    return zeros.scatter(-1, x.unsqueeze(-1), 1)


def _truth(mode: GivenNoise, x: Tensor) -> bool:
    """Return what Python is to decide by, if all nets of a stack agree; vmap refuses to look at a number of each."""
    if x.numel() != 1:
        return bool(x)
    flag = x if x.dtype == torch.bool else x != 0
    # Inside vmap, this one function looks at the flags of all nets.
    is_true = bool(torch._is_all_true(flag))
    if not is_true and not torch._is_all_true(~flag):
        raise RuntimeError("a branch of its Python code comes out differently for some nets")
    return is_true


def _by_steps(decomposition: Callable[..., Any]) -> Callable[..., Any]:
    def layer(mode: GivenNoise, x: Tensor, hidden: Any, *args: Any) -> Any:
        if isinstance(hidden, Tensor) and not hidden.is_floating_point():
            raise RefusalError("its series are packed")
        # oneDNN takes the layer of one net in one operation; its other flags are left alone.
        with torch.backends.mkldnn.flags(False, None, None, None):
            return decomposition(x, hidden, *args)

    return layer


_IN_STACK: dict[Callable[..., Any], Callable[..., Any]] = {
    Tensor.__bool__: _truth,
    F.one_hot: _one_hot,
    torch.gru: _by_steps(decompositions.gru_impl),
    torch.lstm: _by_steps(decompositions.lstm_impl),
    torch.rnn_tanh: _by_steps(decompositions.rnn_tanh_input),
    torch.rnn_relu: _by_steps(decompositions.rnn_relu_input),
}
_DRAWING: dict[Callable[..., Any], Callable[..., Any]] = {
    F.dropout: _dropout(),
    F.alpha_dropout: _dropout(alpha=True),
    F.feature_alpha_dropout: _dropout(by_channel=True, alpha=True),
    torch.rand_like: lambda mode, x, **options: mode.draw(x, x.shape),
    torch.randn_like: lambda mode, x, **options: mode.draw(x, x.shape, normal=True),
}
_DRAWING |= dict.fromkeys([F.dropout1d, F.dropout2d, F.dropout3d], _dropout(by_channel=True))
_DRAWING |= dict.fromkeys(
    [torch.bernoulli, Tensor.bernoulli], lambda mode, x, **options: (mode.draw(x, x.shape) < x).to(x.dtype)
)


def dropouts(module: nn.Module) -> list[Any]:
    """Return a module's dropout layers, in the order of its parts."""
    return [part for part in module.modules() if isinstance(part, nn.modules.dropout._DropoutNd)]
