"""Operations on each number, and new tensors."""

from functools import partial
from typing import Any

import numpy as np
import torch

from lockstep.kernel.operations.native import Operations
from lockstep.kernel.program import Program, UnsupportedError
from lockstep.kernel.values import Value

NATIVE = Operations()


def _emitted(name: str, p: Program, out: Value | None, *operands: Any, **options: Any) -> Value:
    if any(value not in (None, False) for value in options.values()):
        raise UnsupportedError(f"{name} with {', '.join(options)}")
    return p.emit(name, *operands, out=out)


_SAME = """mul div maximum minimum where gt ge lt le eq ne sigmoid_backward tanh_backward neg abs sqrt floor trunc exp
expm1 log log1p tanh sigmoid erf sin cos""".split()
NATIVE |= {name: partial(_emitted, name) for name in _SAME}
NATIVE |= {name: partial(_emitted, "sign") for name in ("sign", "sgn")}
NATIVE |= {"bitwise_and": partial(_emitted, "mul"), "bitwise_or": partial(_emitted, "maximum")}  # of true and false


def _logical(p: Program, out: Value | None, x: Value, y: Value, *, how: str) -> Value:
    return p.emit(how, p.emit("ne", x, 0.0), p.emit("ne", y, 0.0), out=out)


NATIVE |= {"logical_and": partial(_logical, how="mul"), "logical_or": partial(_logical, how="maximum")}


@NATIVE.named("add", "sub")
def _add(p: Program, out: Value | None, x: Any, y: Any, alpha: Any = 1, *, sign: int = 1) -> Value:
    if alpha == 1:
        return p.emit("add" if sign == 1 else "sub", x, y, out=out)
    return p.emit("addcmul", x, y, sign * alpha, out=out)


NATIVE["sub"] = partial(_add, sign=-1)


@NATIVE.named("rsub")
def _rsub(p: Program, out: Value | None, x: Value, y: Any, alpha: Any = 1) -> Value:
    return _add(p, out, y, x, alpha, sign=-1)


@NATIVE.named("logical_not", "bitwise_not")
def _not(p: Program, out: Value | None, x: Value) -> Value:
    return p.emit("eq", x, 0.0, out=out)


@NATIVE.named("reciprocal")
def _reciprocal(p: Program, out: Value | None, x: Value) -> Value:
    return p.emit("div", 1.0, x, out=out)


@NATIVE.named("rsqrt")
def rsqrt(p: Program, out: Value | None, x: Value) -> Value:
    """Return 1 over the square root."""
    return p.emit("div", 1.0, p.emit("sqrt", x), out=out)


def _square(p: Program, out: Value | None, x: Value) -> Value:
    return p.emit("mul", x, x, out=out)


@NATIVE.named("pow")
def _pow(p: Program, out: Value | None, x: Any, y: Any) -> Value:
    short = {2: _square, 0.5: NATIVE["sqrt"], -0.5: rsqrt, -1: _reciprocal}.get(y) if isinstance(x, Value) else None
    return short(p, out, x) if short else p.emit("pow", x, y, out=out)


@NATIVE.named("xlogy")
def _xlogy(p: Program, out: Value | None, x: Any, y: Any) -> Value:
    zero = p.emit("where", p.emit("eq", y, y), 0.0, y)
    return p.emit("where", p.emit("eq", x, 0.0), zero, p.emit("mul", x, p.emit("log", y)), out=out)


@NATIVE.named("relu")
def _relu(p: Program, out: Value | None, x: Value) -> Value:
    return p.emit("maximum", x, 0.0, out=out)


@NATIVE.named("threshold_backward")
def _threshold_backward(p: Program, out: Value | None, gradient: Value, x: Value, threshold: Any) -> Value:
    return p.emit("threshold_backward", gradient, x, threshold, out=out)


@NATIVE.named("clamp")
def _clamp(p: Program, out: Value | None, x: Value, min: Any = None, max: Any = None) -> Value:
    x = x if min is None else p.emit("maximum", x, min, out=out)
    return x if max is None else p.emit("minimum", x, max, out=out)


@NATIVE.named("clamp_min")
def _clamp_min(p: Program, out: Value | None, x: Value, min: Any) -> Value:
    return _clamp(p, out, x, min)


@NATIVE.named("clamp_max")
def _clamp_max(p: Program, out: Value | None, x: Value, max: Any) -> Value:
    return _clamp(p, out, x, None, max)


@NATIVE.named("masked_fill")
def _masked_fill(p: Program, out: Value | None, x: Value, mask: Value, value: Any) -> Value:
    return p.emit("where", mask, value, x, out=out)


@NATIVE.named("lerp")
def _lerp(p: Program, out: Value | None, x: Value, end: Value, weight: Any) -> Value:
    return p.emit("lerp", x, end, weight, out=out)


@NATIVE.named("addcmul", "addcdiv")
def _addcmul(p: Program, out: Value | None, x: Value, a: Value, b: Value, value: Any = 1, name: str = "") -> Value:
    return p.emit(name, x, a if value == 1 else p.emit("mul", a, value), b, out=out)


NATIVE |= {name: partial(_addcmul, name=name) for name in ("addcmul", "addcdiv")}


@NATIVE.named("alias", "detach")
def _alias(p: Program, out: Value | None, x: Value) -> Value:
    return x


@NATIVE.named("copy", "clone", "_to_copy", "lift_fresh_copy")
def _copy(p: Program, out: Value | None, x: Value, *source: Any, dtype: Any = None, **options: Any) -> Value:
    """Copy; torch's `copy_` has the tensor to write into as its first argument."""
    from_ = p.value(source[0]) if source and out is not None else x
    if dtype is not None and not dtype.is_floating_point and dtype is not torch.bool:
        return p.emit("trunc", from_, out=out)
    return p.emit("ne", from_, 0.0, out=out) if dtype is torch.bool else p.emit("copy", from_, out=out)


@NATIVE.named("fill")
def _fill(p: Program, out: Value | None, x: Value, value: Any) -> Value:
    return p.emit("copy", value, out=p.new(x.shape) if out is None else out)


def _filled(p: Program, out: Value | None, x: Any, *sizes: Any, number: float = 0.0, **options: Any) -> Value:
    shape = sizes[0] if sizes and isinstance(sizes[0], list | tuple) else x
    return p.emit("copy", number, out=p.new(shape.shape if isinstance(shape, Value) else tuple(shape)))


for _prefix, _number in (("zeros", 0.0), ("ones", 1.0), ("empty", 0.0)):
    NATIVE |= {name: partial(_filled, number=_number) for name in (_prefix, f"{_prefix}_like", f"new_{_prefix}")}


@NATIVE.named("full", "full_like", "new_full")
def _full(p: Program, out: Value | None, x: Any, *about: Any, **options: Any) -> Value:
    shape = x.shape if isinstance(x, Value) and len(about) == 1 else about[0] if isinstance(x, Value) else x
    return p.emit("copy", about[-1], out=p.new(tuple(shape)))


@NATIVE.named("scalar_tensor")
def _scalar_tensor(p: Program, out: Value | None, number: Any, **options: Any) -> Value:
    return p.emit("copy", number)


@NATIVE.named("arange")
def _arange(p: Program, out: Value | None, *about: Any, **options: Any) -> Value:
    return p.emit("copy", p.constant(np.arange(*about)))


@NATIVE.named("softshrink_backward", "hardshrink_backward")
def _shrink_backward(p: Program, out: Value | None, gradient: Value, x: Value, limit: Any) -> Value:
    return p.emit("where", p.emit("le", p.emit("abs", x), limit), 0.0, gradient, out=out)
