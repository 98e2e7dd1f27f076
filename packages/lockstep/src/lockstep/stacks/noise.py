"""Replaces torch's functions that draw numbers: each takes a `GivenNoise`, and the arguments of torch's function."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

F = nn.functional
Function = Callable[..., Any]

# From SELU's constants, by which alpha dropout keeps mean and variance (Klambauer et al. 2017, section 3).
_ALPHA = -1.7580993408473766

# The arguments of `uniform_`, whose names are words of Python.
_BOUNDS = (("from", 0.0), ("to", 1.0))


@dataclass(frozen=True)
class Draw:
    """Numbers that a module draws: `normal`, or uniform on [0, 1); the first dimension of `shape` is the batch."""

    normal: bool
    shape: tuple[int, ...]


def _dropout(
    by_channel: bool = False, alpha: bool = False, batched: int = 0
) -> Function:
    """Return the replacement of a kind of dropout, for which inputs of fewer than `batched` dimensions are one row."""

    def dropped(mode: Any, x: Tensor, p: Any) -> Tensor:
        if not isinstance(p, Tensor):
            _check(0 <= p <= 1, f"the rate of a dropout is {p}")
        _check(
            not by_channel or x.dim() > 1,
            "a dropout of channels gets a single dimension",
        )
        shape: tuple[int, ...] = x.shape
        if by_channel:
            n_dims = 2 if x.dim() >= batched else 1
            shape = (*shape[:n_dims], *[1] * (x.dim() - n_dims))
        noise = mode.draw(x, shape, p=p)
        # 1 where a number of [0, 1) is at least p, else 0; five times as fast as a comparison and its cast.
        mask = (noise - p).floor() + 1
        # Where nothing is kept, any number but 0, which has no inverse.
        share = 1 - p + (p == 1)
        if not alpha:
            return x * (mask * share**-1)
        scale = (share * (1 + p * _ALPHA**2)) ** -0.5
        return scale * (x * mask + _ALPHA * (1 - mask)) - scale * _ALPHA * p

    def dropout(
        mode: Any,
        x: Tensor,
        p: Any = 0.5,
        training: bool = not alpha,
        inplace: bool = False,
    ) -> Tensor:
        if not training or (mode.is_quiet and p == 0):
            return x
        if inplace:
            return x.copy_(dropped(mode, x, p))
        return dropped(mode, x, p)

    return dropout


def _check(is_right: bool, found: str) -> None:
    if not is_right:
        raise ValueError(f"{found}, which torch or lockstep refuses")


def _drawn(made: Tensor, *given: Any, where: Any = True) -> Tensor:
    """Return what was drawn: NaN where torch refuses to draw; to tensors that it is given, torch's gradients are 0."""
    if isinstance(where, Tensor):
        made = made.masked_fill(~where, math.nan)
    for each in given:
        if isinstance(each, Tensor) and each.requires_grad:
            nothing = torch.ones_like(each, dtype=torch.bool)
            made = made + each.masked_fill(nothing, 0).to(made.dtype)
    return made


def _below(noise: Tensor, p: Any, like: Tensor) -> Tensor:
    """Return 1 with probability `p`, else 0, where torch gives `like`."""
    if not isinstance(p, Tensor):
        _check(0 <= p <= 1, f"a probability is {p}")
    share = _detached(p)
    made = (noise < share).to(like.dtype)
    return _drawn(made, p, where=(share >= 0) & (share <= 1))


def _detached(number: Any) -> Any:
    if isinstance(number, Tensor):
        return number.detach()
    return number


def _bernoulli(
    mode: Any, x: Tensor, p: Any = None, *, generator: Any = None, **options: Any
) -> Tensor:
    _check(
        generator is None and not options,
        "torch.bernoulli gets a generator, or a tensor for its results",
    )
    _check(
        p is None or not x.requires_grad,
        "torch.bernoulli gets a probability beside a tensor that needs a gradient",
    )
    return _below(mode.draw(x, x.shape), x if p is None else p, x)


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
    """Do what torch's does, by the formula in its documentation."""
    _check(attn_mask is None or not is_causal, "attention gets a mask and is_causal")
    if enable_gqa:
        key, value = (
            each.repeat_interleave(query.size(-3) // each.size(-3), -3)
            for each in (key, value)
        )
    if is_causal:
        attn_mask = torch.ones(
            query.size(-2), key.size(-2), dtype=torch.bool, device=query.device
        ).tril()
    if scale is None:
        scale = query.size(-1) ** -0.5
    weights = query @ key.transpose(-2, -1) * scale
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        weights = weights.masked_fill(~attn_mask, float("-inf"))
    elif attn_mask is not None:
        weights = weights + attn_mask
    if attn_mask is None:
        shares = weights.softmax(-1)
    else:
        # A row that may look at nothing gets 0.
        nothing = weights.detach().amax(-1, keepdim=True) == float("-inf")
        shares = weights.masked_fill(nothing, 0).softmax(-1).masked_fill(nothing, 0)
    if dropout_p != 0:
        shares = _dropout()(mode, shares, dropout_p)
    return shares @ value


def _of_size(function: Function, normal: bool = False) -> Function:
    """Return the replacement of a function that gets only the size.

    What it makes requires no gradient in a stack; who asks for the gradient of noise gets torch's error.
    """

    def drawn(mode: Any, *sizes: Any, **options: Any) -> Any:
        if options.get("generator") is not None or "out" in options:
            return function(*sizes, **options)
        if len(sizes) == 1 and not isinstance(sizes[0], int):
            (sizes,) = sizes
        size = options.pop("size", sizes)
        like = torch.empty(0, **options)
        return mode.draw(like, size, normal=normal).to(like)

    return drawn


def _like(normal: bool = False) -> Function:
    """Return the replacement of a function that gets a tensor of the same size."""

    def drawn(mode: Any, x: Tensor, *, dtype: Any = None, **options: Any) -> Tensor:
        _check(
            options.get("generator") is None, "a function that draws gets a generator"
        )
        made: Tensor = mode.draw(x, x.shape, normal=normal).to(dtype or x.dtype)
        return made

    return drawn


def _normal(
    mode: Any,
    mean: Any,
    std: Any = 1.0,
    size: Any = None,
    generator: Any = None,
    **options: Any,
) -> Tensor:
    tensors = [each for each in (mean, std) if isinstance(each, Tensor)]
    if generator is not None or (size is None) != bool(tensors) or "out" in options:
        raise ValueError(
            "torch.normal gets a generator, or arguments that lockstep does not know"
        )
    if not isinstance(std, Tensor):
        _check(std >= 0, f"torch.normal gets a deviation of {std}")
    like = tensors[0] if tensors else torch.empty(0, **options)
    if tensors:
        size = torch.broadcast_shapes(*(each.shape for each in tensors))
    scale = _detached(std)
    noise = mode.draw(like, size, normal=True).to(like)
    made = noise * scale + _detached(mean)
    return _drawn(made.to(like.dtype), mean, std, where=scale >= 0)


def _uniform(noise: Tensor, *bounds: Any, **named: Any) -> Tensor:
    others = _BOUNDS[len(bounds) :]
    low, high = (*bounds, *(named.get(name, number) for name, number in others))
    _check(low <= high, f"uniform_ gets bounds of {low} and {high}")
    return low + (high - low) * noise


def _gaussian(noise: Tensor, mean: Any = 0, std: Any = 1) -> Tensor:
    _check(std >= 0, f"normal_ gets a deviation of {std}")
    return noise * std + mean


def _exponential(noise: Tensor, lambd: Any = 1) -> Tensor:
    _check(lambd > 0, f"exponential_ gets a rate of {lambd}")
    # Never 0, as torch's, because a logarithm often follows.
    return -torch.log1p(-noise).clamp(max=-torch.finfo(noise.dtype).eps / 2) / lambd


def _in_place(turned: Function, normal: bool = False) -> Function:
    """Return the replacement of a method that fills a tensor with numbers; `turned` computes them from the noise."""

    def filled(
        mode: Any, x: Tensor, *args: Any, generator: Any = None, **kwargs: Any
    ) -> Tensor:
        if generator is not None:
            raise ValueError("the module draws from a generator of its own")
        made = turned(mode.draw(x, x.shape, normal=normal), *args, **kwargs)
        return x.copy_(made)

    return filled


DRAWING: dict[Function, Function] = {
    F.dropout: _dropout(),
    F.alpha_dropout: _dropout(alpha=True),
    F.feature_alpha_dropout: _dropout(by_channel=True, alpha=True),
    F.dropout1d: _dropout(by_channel=True, batched=3),
    F.dropout2d: _dropout(by_channel=True),
    F.dropout3d: _dropout(by_channel=True, batched=5),
    F.scaled_dot_product_attention: _attention,
    torch.rand_like: _like(),
    torch.randn_like: _like(normal=True),
    torch.rand: _of_size(torch.rand),
    torch.randn: _of_size(torch.randn, normal=True),
    torch.normal: _normal,
    torch.bernoulli: _bernoulli,
    Tensor.bernoulli: _bernoulli,
    Tensor.bernoulli_: _in_place(lambda noise, p=0.5: _below(noise, p, noise)),
    Tensor.uniform_: _in_place(_uniform),
    Tensor.normal_: _in_place(_gaussian, normal=True),
    Tensor.exponential_: _in_place(_exponential),
}
