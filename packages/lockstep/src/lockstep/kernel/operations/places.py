"""Numbers at places that are computed, and what follows from the order of numbers along a dimension."""

from math import inf
from typing import Any

import numpy as np

from lockstep.kernel.operations.native import NATIVE, named
from lockstep.kernel.operations.shapes import view
from lockstep.kernel.program import Program
from lockstep.kernel.values import Value


def _at(p: Program, x: Value, indices: list[Value | None]) -> tuple[Value, Value, int]:
    """Return what lies at index 0 of the indexed dimensions, and the places, both in the shape of x[indices].

    A place counts in memory from there on; also returns how many places there are.
    """
    dims = [dim for dim, index in enumerate(indices) if index is not None]
    shape = np.broadcast_shapes(*(indices[dim].shape for dim in dims))  # type: ignore[union-attr]
    place: Any = 0.0
    for dim in dims:
        index = p.value(indices[dim])
        n = x.shape[dim]
        is_below = p.emit("lt", index, 0.0)
        from_end = p.emit("add", index, float(n))
        index = p.emit("where", is_below, from_end, index)
        is_from_0 = p.emit("ge", index, 0.0)
        inside = p.emit("mul", is_from_0, p.emit("lt", index, float(n)))
        # An index out of range must not become another place.
        index = p.emit("where", inside, index, -inf)
        if x.strides[dim]:
            distance = p.emit("mul", index, float(x.strides[dim]))
            place = p.emit("add", place, distance)
    place = p.value(place).spread(shape)
    others = [dim for dim in range(len(x.shape)) if dim not in dims]
    # Where torch puts the indices' dimensions.
    first = dims[0] if dims == list(range(dims[0], dims[-1] + 1)) else 0
    n_places = 1 + sum((x.shape[dim] - 1) * x.strides[dim] for dim in dims)
    start = x.without(set(dims))
    lengths = [x.shape[dim] for dim in others]
    whole = (*lengths[:first], *shape, *lengths[first:])
    for i in range(len(shape)):
        start = start.with_one(first + i)
    for _ in lengths[first:]:
        place = place.with_one(len(place.shape))
    return start.spread(whole), place.spread(whole), n_places


@named("index", "_unsafe_index")
def _index(
    p: Program, out: Value | None, x: Value, indices: list[Value | None]
) -> Value:
    start, place, n = _at(p, x, indices)
    if out is None:
        out = p.new(place.shape)
    p.indexed("pick", out, start, place, 1, n)
    return out


@named("index_put", "_unsafe_index_put")
def _index_put(
    p: Program,
    out: Value | None,
    x: Value,
    indices: list[Value | None],
    source: Any,
    adds: bool = False,
) -> Value:
    if out is None:
        out = p.emit("copy", x)
    start, place, n = _at(p, out, indices)
    values = p.value(source).spread(place.shape)
    p.indexed("add_at" if adds else "put", start, values, place, 1, n)
    return out


@named("index_select")
def _index_select(
    p: Program, out: Value | None, x: Value, dim: int, index: Value
) -> Value:
    # Elsewhere, an index below 0 counts from the end.
    index = p.emit("where", p.emit("lt", index, 0.0), -inf, index)
    return _index(p, out, x, [None] * (dim % len(x.shape)) + [index])


@named("flip")
def _flip(p: Program, out: Value | None, x: Value, dims: Any) -> Value:
    for dim in dims:
        x = x.part(dim % len(x.shape), x.shape[dim] - 1, -1, -1)
    return p.emit("copy", x, out=out)


@named("roll")
def _roll(
    p: Program, out: Value | None, x: Value, shifts: Any, dims: Any = ()
) -> Value:
    if not dims:
        rolled = _roll(p, None, view(p, None, x, [-1]), shifts, [0])
        return view(p, None, rolled, list(x.shape))
    for dim, shift in zip(dims, shifts, strict=True):
        dim %= len(x.shape)
        n = x.shape[dim]
        first = -shift % n
        parts = [x.part(dim, first, n), x.part(dim, 0, first)]
        x = NATIVE["cat"](p, None, parts, dim)
    return x


@named("constant_pad_nd")
def _pad(
    p: Program, out: Value | None, x: Value, padding: Any, value: Any = 0.0
) -> Value:
    before = [0] * len(x.shape)
    after = [0] * len(x.shape)
    # From the last dimension on; where padding is below 0, numbers are cut off.
    for i in range(0, len(padding), 2):
        dim = len(x.shape) - 1 - i // 2
        first, last = padding[i : i + 2]
        before[dim] = max(first, 0)
        after[dim] = max(last, 0)
        x = x.part(dim, max(-first, 0), x.shape[dim] - max(-last, 0))
    shape = tuple(a + n + b for a, n, b in zip(before, x.shape, after, strict=True))
    made = inner = p.emit("copy", value, out=p.new(shape))
    for dim, n in enumerate(x.shape):
        inner = inner.part(dim, before[dim], before[dim] + n)
    p.emit("copy", x, out=inner)
    return made


@named("cumsum", by="add")
@named("cumprod", by="mul")
def _cumulative(
    p: Program, out: Value | None, x: Value, dim: int, *, by: str, **options: Any
) -> Value:
    made = p.emit("copy", x, out=out)
    if x.shape and x.shape[dim] > 1:
        n = x.shape[dim]
        dim %= len(x.shape)
        later = made.part(dim, 1, n)
        # Each number after the one before.
        p.emit(by, made.part(dim, 0, n - 1), later, out=later)
    return made


@named("argmax", best="amax")
@named("argmin", best="amin")
def _arg(
    p: Program,
    out: Value | None,
    x: Value,
    dim: Any = None,
    keep: bool = False,
    *,
    best: str,
) -> Value:
    """Return the first place of the largest or smallest number, or of the first NaN."""
    if dim is None:
        flat = _arg(p, out, view(p, None, x, [-1]), 0, best=best)
        if keep:
            return view(p, None, flat, [1] * len(x.shape))
        return flat
    n = x.shape[dim] if x.shape else 1
    is_best = p.emit("eq", x, NATIVE[best](p, None, x, [dim], True))
    is_it = p.emit("maximum", is_best, p.emit("ne", x, x))
    places = p.emit("where", is_it, _counted(p, x, dim), float(n))
    return NATIVE["amin"](p, out, places, [dim], keep)


def _counted(p: Program, x: Value, dim: int) -> Value:
    """Return the places along a dimension, in a shape that is spread to that of a tensor."""
    counted = p.constant(np.arange(x.shape[dim] if x.shape else 1))
    for _ in range(len(x.shape) - 1 - dim % max(len(x.shape), 1)):
        counted = counted.with_one(len(counted.shape))
    if x.shape:
        return counted
    return counted.without({0})


@named("max", best="amax")
@named("min", best="amin")
def _best(
    p: Program,
    out: Value | None,
    x: Value,
    dim: Any = None,
    keep: bool = False,
    *,
    best: str,
) -> Any:
    values = NATIVE[best](p, out, x, dim, keep)
    if dim is None:
        return values
    return [values, _arg(p, None, x, dim, keep, best=best)]


@named("sort")
def _sort(
    p: Program,
    out: Any,
    x: Value,
    dim: int = -1,
    descending: bool = False,
    **options: Any,
) -> list[Value]:
    """Return the numbers in order, and their places before; equal ones stay as they are, and NaN is the largest.

    A number's place is how many belong before it.
    """
    rank = len(x.shape)
    last = dim % len(x.shape)
    key = p.emit("where", p.emit("eq", x, x), x, inf)
    if descending:
        key = p.emit("neg", key)

    def beside(value: Value) -> Value:
        """Return a tensor with the dimension as a further, last one, and 1 at its place."""
        order = [i for i in range(rank) if i != last]
        return value.permuted([*order, last]).with_one(last)

    places = _counted(p, x, dim).spread(x.shape)
    others = beside(key)
    own = key.with_one(rank)
    earlier = p.emit("lt", beside(places), places.with_one(rank))
    of_equal = p.emit("mul", earlier, p.emit("eq", others, own))
    before = p.emit("maximum", of_equal, p.emit("lt", others, own))
    at = p.reduced("add", before, {rank}, 0.0).without({rank})
    return [
        NATIVE["scatter"](p, p.new(x.shape), None, last, at, each)
        for each in (x, places)
    ]


@named("topk")
def _topk(
    p: Program,
    out: Any,
    x: Value,
    k: int,
    dim: int = -1,
    largest: bool = True,
    *about: Any,
) -> list[Value]:
    dim %= len(x.shape)
    return [each.part(dim, 0, k) for each in _sort(p, None, x, dim, largest)]


@named("_trilinear")
def _trilinear(
    p: Program,
    out: Any,
    a: Value,
    b: Value,
    c: Value,
    in_a: Any,
    in_b: Any,
    in_c: Any,
    dims: Any,
    unroll: int = 1,
) -> Value:
    """Return sums of products of three tensors, each with further dimensions of length 1."""
    for dim in range(len(a.shape) + len(in_a)):
        if dim in in_a:
            a = a.with_one(dim)
        if dim in in_b:
            b = b.with_one(dim)
        if dim in in_c:
            c = c.with_one(dim)
    products = p.emit("mul", p.emit("mul", a, b), c)
    return NATIVE["sum"](p, out, products, list(dims))
