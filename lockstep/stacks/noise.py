"""Replaces torch's functions that draw numbers: each takes a `GivenNoise`, and the arguments of torch's function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

F = nn.functional
Function = Callable[..., Any]

# From SELU's constants, by which alpha dropout keeps mean and variance (Klambauer et al. 2017, section 3).
_ALPHA = -1.7580993408473766


@dataclass(frozen=True)
class Draw:
    """Numbers that a module draws: `normal`, or uniform on [0, 1); the first dimension of `shape` is the batch."""

    normal: bool
    shape: tuple[int, ...]

    def sample(self, n_rows: int, dtype: torch.dtype, generator: torch.Generator) -> Tensor:
        """Draw the numbers for `n_rows` rows."""
        noise = torch.empty(n_rows, *self.shape[1:], dtype=dtype)
        self.fill(noise, generator)
        return noise

    def fill(self, noise: Tensor, generator: torch.Generator) -> None:
        """Draw the numbers for as many rows as a tensor has."""
        if not self.normal:
            noise.uniform_(generator=generator)
        else:  # rounded, because the float32 numbers that torch draws depend on the processor
            noise.copy_(torch.randn(noise.shape, dtype=torch.float64, generator=generator))


def _dropout(by_channel: bool = False, alpha: bool = False, batched: int = 0) -> Function:
    """Return the replacement of a kind of dropout, for which inputs of fewer than `batched` dimensions are one row."""

    def dropped(mode: Any, x: Tensor, p: Any) -> Tensor:
        n_kept = 2 if x.dim() >= batched else 1
        noise = mode.draw(x, (*x.shape[:n_kept], *[1] * (x.dim() - n_kept)) if by_channel else x.shape, p=p)
        # 1 where a number of [0, 1) is at least p, else 0; five times as fast as a comparison and its cast.
        kept = (noise - p).floor() + 1
        if not alpha:
            return x * (kept * (1 - p) ** -1)
        scale = ((1 - p) * (1 + p * _ALPHA**2)) ** -0.5
        return scale * (x * kept + _ALPHA * (1 - kept)) - scale * _ALPHA * p

    def dropout(mode: Any, x: Tensor, p: Any = 0.5, training: bool = not alpha, inplace: bool = False) -> Tensor:
        if not training or (mode.is_quiet and p == 0):
            return x
        return x.copy_(dropped(mode, x, p)) if inplace else dropped(mode, x, p)

    return dropout


def _bernoulli(mode: Any, x: Tensor, p: Any = None, **options: Any) -> Tensor:
    return (mode.draw(x, x.shape) < (x if p is None else p)).to(x.dtype)


def _attention(
    mode: Any,
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
    """Do what torch's does, by the formula in its documentation if there is dropout."""
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


def _of_size(function: Function, normal: bool = False) -> Function:
    """Return the replacement of a function that gets only the size."""

    def drawn(mode: Any, *size: Any, generator: Any = None, **options: Any) -> Tensor:
        if generator is not None or not size or "out" in options:
            return function(*size, generator=generator, **options)
        like = torch.empty(0, **options)
        return mode.draw(like, size if isinstance(size[0], int) else size[0], normal=normal).to(like)

    return drawn


def _normal(mode: Any, mean: Any, std: Any = 1.0, size: Any = None, generator: Any = None, **options: Any) -> Tensor:
    tensors = [each for each in (mean, std) if isinstance(each, Tensor)]
    if generator is not None or (size is None) != bool(tensors):
        raise ValueError("torch.normal gets a generator, or arguments that lockstep does not know")
    like = tensors[0] if tensors else torch.empty(0, **options)
    shape = torch.broadcast_shapes(*(each.shape for each in tensors)) if tensors else size
    return mode.draw(like, shape, normal=True).to(like) * std + mean


def _in_place(turned: Function, normal: bool = False) -> Function:
    """Return the replacement of a method that fills a tensor with numbers; `turned` computes them from the noise."""

    def filled(mode: Any, x: Tensor, *args: Any, generator: Any = None, **kwargs: Any) -> Tensor:
        if generator is not None:
            raise ValueError("the module draws from a generator of its own")
        made = turned(mode.draw(x, x.shape, normal=normal), *args, **kwargs)
        try:
            return x.copy_(made)
        except RuntimeError:  # a tensor that was made for one net; torch's own code uses the returned one
            return made.to(x.dtype)

    return filled


DRAWING: dict[Function, Function] = {
    F.dropout: _dropout(),
    F.alpha_dropout: _dropout(alpha=True),
    F.feature_alpha_dropout: _dropout(by_channel=True, alpha=True),
    F.dropout1d: _dropout(by_channel=True, batched=3),
    F.dropout2d: _dropout(by_channel=True),
    F.dropout3d: _dropout(by_channel=True, batched=5),
    F.scaled_dot_product_attention: _attention,
    torch.rand_like: lambda mode, x, dtype=None, **options: mode.draw(x, x.shape).to(dtype or x.dtype),
    torch.randn_like: lambda mode, x, dtype=None, **options: mode.draw(x, x.shape, normal=True).to(dtype or x.dtype),
    torch.rand: _of_size(torch.rand),
    torch.randn: _of_size(torch.randn, normal=True),
    torch.normal: _normal,
    torch.bernoulli: _bernoulli,
    Tensor.bernoulli: _bernoulli,
    Tensor.bernoulli_: _in_place(lambda noise, p=0.5: noise < p),
    Tensor.uniform_: _in_place(lambda noise, low=0, high=1: low + (high - low) * noise),
    Tensor.normal_: _in_place(lambda noise, mean=0, std=1: noise * std + mean, normal=True),
    Tensor.exponential_: _in_place(lambda noise, lambd=1: -torch.log1p(-noise) / lambd),
}
