"""Stands in for what vmap can't do for nets: draw numbers, run recurrent layers, and decide something in Python."""

from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import torch
from torch import Tensor, nn
from torch._decomp import decompositions
from torch.overrides import TorchFunctionMode

from stages.lib.lockstep.members.refusals import RefusalError

F = nn.functional

# SELU's constants, which alpha dropout keeps the mean and variance by (Klambauer et al. 2017, section 3).
_ALPHA = -1.7580993408473766


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


def _dropout(by_channel: bool = False, alpha: bool = False, batched: int = 0) -> Callable[..., Tensor]:
    """Return what stands in for a kind of dropout; to it, inputs of fewer than `batched` dimensions are one row."""

    def dropped(mode: GivenNoise, x: Tensor, p: Any) -> Tensor:
        n_kept = 2 if x.dim() >= batched else 1
        noise = mode.draw(x, (*x.shape[:n_kept], *[1] * (x.dim() - n_kept)) if by_channel else x.shape, p=p)
        # 1 where a number of [0, 1) is at least p, else 0; five times as fast as a comparison and its cast.
        kept = (noise - p).floor() + 1
        if not alpha:
            return x * (kept * (1 - p) ** -1)
        scale = ((1 - p) * (1 + p * _ALPHA**2)) ** -0.5
        return scale * (x * kept + _ALPHA * (1 - kept)) - scale * _ALPHA * p

    def dropout(mode: GivenNoise, x: Tensor, p: Any = 0.5, training: bool = not alpha, inplace: bool = False) -> Tensor:
        if not training or (mode.is_quiet and p == 0):
            return x
        return x.copy_(dropped(mode, x, p)) if inplace else dropped(mode, x, p)

    return dropout


def _bernoulli(mode: GivenNoise, x: Tensor, p: Any = None, **options: Any) -> Tensor:
    return (mode.draw(x, x.shape) < (x if p is None else p)).to(x.dtype)


def _attention(
    mode: GivenNoise,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: Any = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Return what torch's does, as its documentation has it, where it drops something."""
    options: dict[str, Any] = {"scale": scale, "enable_gqa": enable_gqa}
    if dropout_p == 0 or enable_gqa:
        return F.scaled_dot_product_attention(query, key, value, attn_mask, dropout_p, is_causal, **options)
    if is_causal:
        attn_mask = torch.ones(query.size(-2), key.size(-2), dtype=torch.bool, device=query.device).tril()
    weights = query @ key.transpose(-2, -1) * (query.size(-1) ** -0.5 if scale is None else scale)
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        weights = weights.masked_fill(~attn_mask, float("-inf"))
    elif attn_mask is not None:
        weights = weights + attn_mask
    return _dropout()(mode, weights.softmax(-1), dropout_p) @ value


def _seen_through(function: Any) -> Callable[..., Any]:
    """Return a function of torch's that Python code makes up, so that the mode sees what it calls."""
    unseen = dict.fromkeys(["has_torch_function", "has_torch_function_variadic"], lambda *tensors: False)
    inside = FunctionType(function.__code__, vars(F) | unseen, argdefs=function.__defaults__)

    def called(mode: GivenNoise, *args: Any, **kwargs: Any) -> Any:
        with mode:
            return inside(*args, **kwargs)

    return called


def _one_hot(mode: GivenNoise, x: Tensor, num_classes: int = -1) -> Tensor:
    """Return what torch's does, which vmap refuses as it compares the largest class; here scatter refuses that."""
    if num_classes < 0 or x.dtype != torch.int64:
        return F.one_hot(x, num_classes)
    zeros = torch.zeros(*x.shape, num_classes, dtype=torch.int64, device=x.device)
    return zeros.scatter(-1, x.unsqueeze(-1), 1)


def _embedding(mode: GivenNoise, input: Tensor, weight: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """Return what torch's does; out of range, vmap would read another net's rows, as it lays the tables end to end."""
    rows = torch.arange(len(weight), device=input.device).gather(0, input.flatten().long())  # which raises
    return F.embedding(rows.view(input.shape), weight, *args, **kwargs)


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
    F.embedding: _embedding,
    F.gaussian_nll_loss: _seen_through(F.gaussian_nll_loss),
    torch.gru: _by_steps(decompositions.gru_impl),
    torch.lstm: _by_steps(decompositions.lstm_impl),
    torch.rnn_tanh: _by_steps(decompositions.rnn_tanh_input),
    torch.rnn_relu: _by_steps(decompositions.rnn_relu_input),
}
_DRAWING: dict[Callable[..., Any], Callable[..., Any]] = {
    F.dropout: _dropout(),
    F.alpha_dropout: _dropout(alpha=True),
    F.feature_alpha_dropout: _dropout(by_channel=True, alpha=True),
    torch.rand_like: lambda mode, x, dtype=None, **options: mode.draw(x, x.shape).to(dtype or x.dtype),
    torch.randn_like: lambda mode, x, dtype=None, **options: mode.draw(x, x.shape, normal=True).to(dtype or x.dtype),
    F.scaled_dot_product_attention: _attention,
    F.multi_head_attention_forward: _seen_through(F.multi_head_attention_forward),
    torch.bernoulli: _bernoulli,
    Tensor.bernoulli: _bernoulli,
    F.dropout1d: _dropout(by_channel=True, batched=3),
    F.dropout2d: _dropout(by_channel=True),
    F.dropout3d: _dropout(by_channel=True, batched=5),
}


def dropouts(module: nn.Module) -> list[Any]:
    """Return a module's dropout layers, in the order of its parts."""
    return [part for part in module.modules() if isinstance(part, nn.modules.dropout._DropoutNd)]
