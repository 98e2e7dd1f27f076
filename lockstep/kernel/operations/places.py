"""Numbers at places that are computed, and what follows from the order of numbers along a dimension."""

from math import inf
from typing import Any

import numpy as np

from lockstep.kernel.operations.native import NATIVE, named
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
        index, n = p.value(indices[dim]), x.shape[dim]
        index = p.emit(
            "where", p.emit("lt", index, 0.0), p.emit("add", index, float(n)), index
        )
        inside = p.emit("mul", p.emit("ge", index, 0.0), p.emit("lt", index, float(n)))
        index = p.emit(
            "where", inside, index, -inf
        )  # an index out of range must not become another place
        place = (
            p.emit("add", place, p.emit("mul", index, float(x.strides[dim] or 1)))
            if x.strides[dim]
            else place
        )
    place = p.value(place).spread(shape)
    kept = [dim for dim in range(len(x.shape)) if dim not in dims]
    first = (
        dims[0] if dims == list(range(dims[0], dims[-1] + 1)) else 0
    )  # where torch puts the indices' dimensions
    n_places = 1 + sum((x.shape[dim] - 1) * x.strides[dim] for dim in dims)
    start, before = x.without(set(dims)), kept[:first]
    whole = (
        *(x.shape[dim] for dim in before),
        *shape,
        *(x.shape[dim] for dim in kept[first:]),
    )
    for i in range(len(shape)):
        start = start.with_one(first + i)
    for _ in kept[first:]:
        place = place.with_one(len(place.shape))
    return start.spread(whole), place.spread(whole), n_places


@named("index", "_unsafe_index")
def _index(
    p: Program, out: Value | None, x: Value, indices: list[Value | None]
) -> Value:
    start, place, n = _at(p, x, indices)
    out = p.new(place.shape) if out is None else out
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
    out = p.emit("copy", x) if out is None else out
    start, place, n = _at(p, out, indices)
    p.indexed(
        "add_at" if adds else "put",
        start,
        p.value(source).spread(place.shape),
        place,
        1,
        n,
    )
    return out


@named("index_select")
def _index_select(
    p: Program, out: Value | None, x: Value, dim: int, index: Value
) -> Value:
    index = p.emit(
        "where", p.emit("lt", index, 0.0), -inf, index
    )  # which counts from the end elsewhere
    return _index(p, out, x, [None] * (dim % len(x.shape)) + [index])


@named("flip")
def _flip(p: Program, out: Value | None, x: Value, dims: Any) -> Value:
    for dim in (dim % len(x.shape) for dim in dims):
        x = x.part(dim, x.shape[dim] - 1, -1, -1)
    return p.emit("copy", x, out=out)


@named("roll")
def _roll(
    p: Program, out: Value | None, x: Value, shifts: Any, dims: Any = ()
) -> Value:
    if not dims:
        flat = NATIVE["reshape"](p, None, x, [-1])
        return NATIVE["reshape"](
            p, None, _roll(p, None, flat, shifts, [0]), list(x.shape)
        )
    for dim, shift in zip(dims, shifts, strict=True):
        dim, n = dim % len(x.shape), x.shape[dim]
        x = NATIVE["cat"](
            p, None, [x.part(dim, -shift % n, n), x.part(dim, 0, -shift % n)], dim
        )
    return x


@named("constant_pad_nd")
def _pad(
    p: Program, out: Value | None, x: Value, padding: Any, value: Any = 0.0
) -> Value:
    before, after = [0] * len(x.shape), [0] * len(x.shape)
    for i in range(
        0, len(padding), 2
    ):  # from the last dimension on; below 0, numbers are cut off
        dim = len(x.shape) - 1 - i // 2
        before[dim], after[dim] = (max(each, 0) for each in padding[i : i + 2])
        x = x.part(dim, max(-padding[i], 0), x.shape[dim] - max(-padding[i + 1], 0))
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
    if x.shape and (n := x.shape[dim]) > 1:
        dim %= len(x.shape)
        later = made.part(dim, 1, n)
        p.emit(
            by, made.part(dim, 0, n - 1), later, out=later
        )  # each number after the one before
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
        flat = _arg(p, out, NATIVE["reshape"](p, None, x, [-1]), 0, best=best)
        return NATIVE["reshape"](p, None, flat, [1] * len(x.shape)) if keep else flat
    n = x.shape[dim] if x.shape else 1
    is_it = p.emit(
        "maximum",
        p.emit("eq", x, NATIVE[best](p, None, x, [dim], True)),
        p.emit("ne", x, x),
    )
    return NATIVE["amin"](
        p, out, p.emit("where", is_it, _counted(p, x, dim), float(n)), [dim], keep
    )


def _counted(p: Program, x: Value, dim: int) -> Value:
    """Return the places along a dimension, in a shape that is spread to that of a tensor."""
    counted = p.constant(np.arange(x.shape[dim] if x.shape else 1))
    for _ in range(len(x.shape) - 1 - dim % max(len(x.shape), 1)):
        counted = counted.with_one(len(counted.shape))
    return counted if x.shape else counted.without({0})


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
    return values if dim is None else [values, _arg(p, None, x, dim, keep, best=best)]


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
    rank, last = len(x.shape), dim % len(x.shape)
    key = p.emit("where", p.emit("eq", x, x), x, inf)
    key = p.emit("neg", key) if descending else key

    def beside(value: Value) -> Value:
        """Return a tensor with the dimension as a further, last one, and 1 at its place."""
        order = [i for i in range(rank) if i != last]
        return value.permuted([*order, last]).with_one(last)

    places = _counted(p, x, dim).spread(x.shape)
    earlier = p.emit("lt", beside(places), places.with_one(rank))
    of_equal = p.emit("mul", earlier, p.emit("eq", beside(key), key.with_one(rank)))
    before = p.emit("maximum", of_equal, p.emit("lt", beside(key), key.with_one(rank)))
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
    return [
        each.part(dim % len(x.shape), 0, k) for each in _sort(p, None, x, dim, largest)
    ]


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
        a, b, c = (
            x.with_one(dim) if dim in own else x
            for x, own in ((a, in_a), (b, in_b), (c, in_c))
        )
    return NATIVE["sum"](p, out, p.emit("mul", p.emit("mul", a, b), c), list(dims))
