"""Pools: the largest number that each window sees, or the mean."""

from math import inf, prod
from typing import Any

import numpy as np

from lockstep.kernel.operations.native import NATIVE, named
from lockstep.kernel.operations.shapes import view
from lockstep.kernel.operations.windows import Windows, windows
from lockstep.kernel.program import Program
from lockstep.kernel.values import Value


@named("max_pool2d_with_indices")
def _max_pool(
    p: Program,
    out: Any,
    x: Value,
    size: Any,
    stride: Any = (),
    padding: Any = (0,),
    dilation: Any = (1,),
    *ceil: bool,
) -> list[Value]:
    over = windows(x.shape, size, stride, padding, dilation, *ceil)
    return _largest(p, x, over, x.shape[-1])


def _largest(
    p: Program, x: Value, over: Windows, width: int, first: int = 0
) -> list[Value]:
    """Return the largest numbers, and their places in images of a width; of equal ones, the first is taken."""
    best: Any = None
    for (i, j), seen in zip(over.places(), over.seen(p, x, -inf), strict=True):
        place = float(i * over.dilation[0] * width + j * over.dilation[1])
        if best is None:
            best = p.emit("copy", seen)
            places = p.emit("copy", place, out=p.new(seen.shape))
            continue
        p.emit("where", p.emit("le", seen, best), places, place, out=places)
        p.emit("maximum", seen, best, out=best)
    rows, columns = (
        np.arange(n) * step - pad
        for n, step, pad in zip(over.out, over.stride, over.padding, strict=True)
    )
    begins = p.constant(first + rows[:, None] * width + columns)
    return [best, p.emit("add", places, begins)]


@named("max_pool2d_with_indices_backward", "adaptive_max_pool2d_backward")
def _max_pool_backward(p: Program, out: Any, g: Value, x: Value, *about: Any) -> Value:
    flat = [*x.shape[:-2], -1]
    zeros = p.emit("copy", 0.0, out=p.new((*x.shape[:-2], prod(x.shape[-2:]))))
    places = view(p, None, about[-1], flat)
    gradients = view(p, None, g, flat)
    made = NATIVE["scatter_add"](p, zeros, zeros, -1, places, gradients)
    return view(p, None, made, x.shape)


@named("avg_pool2d")
def _avg_pool(
    p: Program,
    out: Any,
    x: Value,
    size: Any,
    stride: Any = (),
    padding: Any = (0,),
    *about: Any,
) -> Value:
    over = windows(x.shape, size, stride, padding, (1,), *about[:1])
    return p.emit("div", _total(p, over.seen(p, x)), _counts(p, over, *about[1:]))


@named("avg_pool2d_backward")
def _avg_pool_backward(
    p: Program,
    out: Any,
    g: Value,
    x: Value,
    size: Any,
    stride: Any,
    padding: Any,
    *about: Any,
) -> Value:
    over = windows(x.shape, size, stride, padding, (1,), *about[:1])
    shares = p.emit("div", g, _counts(p, over, *about[1:]))
    return over.added(p, [shares] * prod(over.size))


def _total(p: Program, seen: list[Value]) -> Value:
    made = p.emit("copy", seen[0])
    for each in seen[1:]:
        p.emit("add", made, each, out=made)
    return made


def _counts(
    p: Program, over: Windows, with_padding: bool = True, divisor: Any = None
) -> Value:
    """Return by what the sum of each window is divided."""
    counts = []
    for n, size, step, pad, out in zip(
        over.n, over.size, over.stride, over.padding, over.out, strict=True
    ):
        ends = np.arange(out) * step - pad + size
        before, after = (-pad, n + pad) if with_padding else (0, n)
        counts.append(ends.clip(max=after) - (ends - size).clip(min=before))
    return p.constant(divisor or counts[0][:, None] * counts[1])


def _cells(x: Value, out: Any) -> Any:
    """Yield the parts of images that the places of an adaptive pool's results see, and where they begin."""
    dim = len(x.shape) - 2
    height, width = x.shape[dim:]
    for i, (top, bottom) in enumerate(_bounds(height, out[0])):
        rows = x.part(dim, top, bottom)
        for j, (left, right) in enumerate(_bounds(width, out[1])):
            yield i, j, top * width + left, rows.part(dim + 1, left, right)


def _bounds(n: int, m: int) -> list[tuple[int, int]]:
    """Return where `m` parts of `n` numbers, which may share some, begin and end."""
    return [(i * n // m, -(-(i + 1) * n // m)) for i in range(m)]


def _cell(x: Value, i: int, j: int) -> Value:
    dim = len(x.shape) - 2
    return x.part(dim, i, i + 1).part(dim + 1, j, j + 1)


@named("_adaptive_avg_pool2d")
def _adaptive_avg_pool(p: Program, out: Any, x: Value, size: Any) -> Value:
    made = p.new((*x.shape[:-2], *size))
    dims = {len(x.shape) - 2, len(x.shape) - 1}
    for i, j, _, part in _cells(x, size):
        total = p.reduced("add", part, dims, 0.0)
        p.emit("div", total, prod(part.shape[-2:]), out=_cell(made, i, j))
    return made


@named("_adaptive_avg_pool2d_backward")
def _adaptive_avg_pool_backward(p: Program, out: Any, g: Value, x: Value) -> Value:
    made = p.emit("copy", 0.0, out=p.new(x.shape))
    for i, j, _, part in _cells(made, g.shape[-2:]):
        share = p.emit("div", _cell(g, i, j), prod(part.shape[-2:]))
        p.emit("add", part, share, out=part)
    return made


@named("adaptive_max_pool2d")
def _adaptive_max_pool(p: Program, out: Any, x: Value, size: Any) -> list[Value]:
    made = [p.new((*x.shape[:-2], *size)) for _ in range(2)]
    for i, j, first, part in _cells(x, size):
        over = windows(part.shape, part.shape[-2:], (), (0,), (1,))
        found = _largest(p, part, over, x.shape[-1], first)
        for each, whole in zip(found, made, strict=True):
            p.emit("copy", each, out=_cell(whole, i, j))
    return made
