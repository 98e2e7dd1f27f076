"""Operations on each number, and new tensors."""

from typing import Any

import numpy as np
import torch

from lockstep.kernel.operations.native import NATIVE, named
from lockstep.kernel.program import Program, UnsupportedError
from lockstep.kernel.values import Value

# Instructions by torch's names for them, with the numbers that follow torch's operands.
_SAME = """mul maximum minimum where gt ge lt le eq ne threshold_backward sigmoid_backward tanh_backward lerp neg
abs sign sqrt floor trunc exp expm1 log log1p tanh sigmoid erf sin cos""".split()
_INSTRUCTIONS: dict[str, tuple[Any, ...]] = {
    **{name: (name,) for name in _SAME},
    "sgn": ("sign",),
    "bitwise_and": ("mul",),  # of true and false
    "bitwise_or": ("maximum",),
    "bitwise_not": ("eq", 0.0),
    "logical_not": ("eq", 0.0),
    "relu": ("maximum", 0.0),
    "clamp_min": ("maximum",),
    "clamp_max": ("minimum",),
}


def _emitted(
    p: Program, out: Value | None, *operands: Any, by: tuple[Any, ...], **options: Any
) -> Value:
    name, *more = by
    if any(value not in (None, False) for value in options.values()):
        raise UnsupportedError(f"{name} with {', '.join(options)}")
    return p.emit(name, *operands, *more, out=out)


for _name, _by in _INSTRUCTIONS.items():
    named(_name, by=_by)(_emitted)


@named("logical_and", how="mul")
@named("logical_or", how="maximum")
def _logical(p: Program, out: Value | None, x: Value, y: Value, *, how: str) -> Value:
    one = p.emit("ne", x, 0.0)
    other = p.emit("ne", y, 0.0)
    return p.emit(how, one, other, out=out)


@named("add")
@named("sub", sign=-1)
def _add(
    p: Program, out: Value | None, x: Any, y: Any, alpha: Any = 1, *, sign: int = 1
) -> Value:
    if alpha == 1:
        return p.emit("add" if sign == 1 else "sub", x, y, out=out)
    return p.emit("addcmul", x, y, sign * alpha, out=out)


@named("isnan")
def _isnan(p: Program, out: Value | None, x: Value) -> Value:
    return p.emit("ne", x, x, out=out)


@named("div")
@named("floor_divide", rounding_mode="floor")
def _div(
    p: Program, out: Value | None, x: Any, y: Any, rounding_mode: Any = None
) -> Value:
    made = p.emit("div", x, y, out=out)
    if rounding_mode:
        return p.emit(rounding_mode, made, out=out)
    return made


@named("reciprocal")
def _reciprocal(p: Program, out: Value | None, x: Value) -> Value:
    return p.emit("div", 1.0, x, out=out)


@named("rsqrt")
def rsqrt(p: Program, out: Value | None, x: Value) -> Value:
    """Return 1 over the square root."""
    return p.emit("div", 1.0, p.emit("sqrt", x), out=out)


def _square(p: Program, out: Value | None, x: Value) -> Value:
    return p.emit("mul", x, x, out=out)


@named("pow")
def _pow(p: Program, out: Value | None, x: Any, y: Any) -> Value:
    short = {2: _square, 0.5: NATIVE["sqrt"], -0.5: rsqrt, -1: _reciprocal}
    if isinstance(x, Value) and y in short:
        return short[y](p, out, x)
    return p.emit("pow", x, y, out=out)


@named("xlogy")
def _xlogy(p: Program, out: Value | None, x: Any, y: Any) -> Value:
    is_number = p.emit("eq", y, y)
    zero = p.emit("where", is_number, 0.0, y)
    is_zero = p.emit("eq", x, 0.0)
    made = p.emit("mul", x, p.emit("log", y))
    return p.emit("where", is_zero, zero, made, out=out)


@named("clamp")
def _clamp(
    p: Program, out: Value | None, x: Value, min: Any = None, max: Any = None
) -> Value:
    if min is not None:
        x = p.emit("maximum", x, min, out=out)
    if max is None:
        return x
    return p.emit("minimum", x, max, out=out)


@named("addcmul", by="addcmul")
@named("addcdiv", by="addcdiv")
def _addcmul(
    p: Program,
    out: Value | None,
    x: Value,
    a: Value,
    b: Value,
    value: Any = 1,
    *,
    by: str,
) -> Value:
    if value != 1:
        a = p.emit("mul", a, value)
    return p.emit(by, x, a, b, out=out)


@named("alias", "detach")
def _alias(p: Program, out: Value | None, x: Value) -> Value:
    return x


@named("copy", "clone", "_to_copy", "lift_fresh_copy")
def _copy(
    p: Program,
    out: Value | None,
    x: Value,
    *source: Any,
    dtype: Any = None,
    **options: Any,
) -> Value:
    """Copy; torch's `copy_` has the tensor to write into as its first argument."""
    from_ = p.value(source[0]) if source and out is not None else x
    if dtype is not None and not dtype.is_floating_point and dtype is not torch.bool:
        return p.emit("trunc", from_, out=out)
    if dtype is torch.bool:
        return p.emit("ne", from_, 0.0, out=out)
    return p.emit("copy", from_, out=out)


@named("fill")
def _fill(p: Program, out: Value | None, x: Value, value: Any) -> Value:
    if out is None:
        out = p.new(x.shape)
    return p.emit("copy", value, out=out)


@named(
    "zeros",
    "zeros_like",
    "new_zeros",
    "empty",
    "empty_like",
    "new_empty",
    "new_empty_strided",
)
@named("ones", "ones_like", "new_ones", number=1.0)
def _filled(
    p: Program,
    out: Value | None,
    x: Any,
    *sizes: Any,
    number: float = 0.0,
    **options: Any,
) -> Value:
    shape = x
    if sizes and isinstance(sizes[0], list | tuple):
        shape = sizes[0]
    elif isinstance(x, Value):
        shape = x.shape
    return p.emit("copy", number, out=p.new(tuple(shape)))


@named("full", "full_like", "new_full")
def _full(p: Program, out: Value | None, x: Any, *about: Any, **options: Any) -> Value:
    shape = x
    if len(about) > 1:
        shape = about[0]
    elif isinstance(x, Value):
        shape = x.shape
    return p.emit("copy", about[-1], out=p.new(tuple(shape)))


@named("scalar_tensor")
def _scalar_tensor(p: Program, out: Value | None, number: Any, **options: Any) -> Value:
    return p.emit("copy", number)


@named("arange")
def _arange(p: Program, out: Value | None, *about: Any, **options: Any) -> Value:
    return p.emit("copy", p.constant(np.arange(*about)))


@named("softshrink_backward", "hardshrink_backward")
def _shrink_backward(
    p: Program, out: Value | None, gradient: Value, x: Value, limit: Any
) -> Value:
    is_small = p.emit("le", p.emit("abs", x), limit)
    return p.emit("where", is_small, 0.0, gradient, out=out)
