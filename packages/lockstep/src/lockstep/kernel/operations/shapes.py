"""Views of tensors, their parts put together, and numbers at places that are computed."""

from math import prod
from typing import Any

import numpy as np

from lockstep.kernel.operations.native import named
from lockstep.kernel.program import Program, UnsupportedError
from lockstep.kernel.values import Value, contiguous


def dims_of(x: Value, dims: Any) -> set[int]:
    """Return which dimensions are meant, counted from the first; all, if none is named."""
    if not x.shape:
        return set()
    if dims is None or dims == []:
        dims = range(len(x.shape))
    elif isinstance(dims, int):
        dims = [dims]
    return {dim % len(x.shape) for dim in dims}


@named("t", "transpose", "permute")
def _permute(p: Program, out: Value | None, x: Value, *about: Any) -> Value:
    order = list(range(len(x.shape)))
    if about and not isinstance(about[0], int):
        return x.permuted([dim % len(order) for dim in about[0]])
    i, j = (dim % len(order) for dim in about) if about else (0, len(order) - 1)
    order[i], order[j] = order[j], order[i]
    return x.permuted(order)


@named("unsqueeze")
def _unsqueeze(p: Program, out: Value | None, x: Value, dim: int) -> Value:
    return x.with_one(dim % (len(x.shape) + 1))


@named("squeeze")
def _squeeze(p: Program, out: Value | None, x: Value, dims: Any = None) -> Value:
    return x.without({dim for dim in dims_of(x, dims) if x.shape[dim] == 1})


@named("expand")
def _expand(
    p: Program, out: Value | None, x: Value, shape: Any, **options: Any
) -> Value:
    own = (1,) * (len(shape) - len(x.shape)) + x.shape
    return x.spread(tuple(n if m == -1 else m for n, m in zip(own, shape, strict=True)))


@named("view", "reshape", "_unsafe_view")
def view(p: Program, out: Value | None, x: Value, shape: Any) -> Value:
    """Return a tensor in another shape; a copy, if its memory does not allow a view."""
    if not isinstance(shape, list | tuple):
        raise UnsupportedError("a view as another type")
    n = prod(x.shape)
    known = prod(m for m in shape if m != -1)
    lengths = list(shape)
    if -1 in lengths:
        lengths[lengths.index(-1)] = n // known
    wanted = tuple(lengths)
    seen = x.viewed(wanted)
    if seen is not None:
        return seen
    copy = p.emit("copy", x).buffer
    p.torn |= {x.buffer, copy}
    return Value(copy, wanted, contiguous(wanted))


@named("select")
def _select(p: Program, out: Value | None, x: Value, dim: int, i: int) -> Value:
    i %= x.shape[dim]
    dim %= len(x.shape)
    return x.part(dim, i, i + 1).without({dim})


@named("slice")
def _slice(
    p: Program,
    out: Value | None,
    x: Value,
    dim: int = 0,
    start: Any = None,
    stop: Any = None,
    step: int = 1,
) -> Value:
    dim = dim % len(x.shape)
    return x.part(dim, *slice(start, stop, step).indices(x.shape[dim]))


@named("split", "split_with_sizes")
def _split(
    p: Program, out: Value | None, x: Value, sizes: Any, dim: int = 0
) -> list[Value]:
    n = x.shape[dim]
    dim %= len(x.shape)
    if isinstance(sizes, int):
        sizes = [min(sizes, n - start) for start in range(0, n, sizes)]
    ends = np.cumsum(sizes).tolist()
    bounds = zip([0, *ends], ends, strict=False)
    return [x.part(dim, start, end) for start, end in bounds]


@named("unbind")
def _unbind(p: Program, out: Value | None, x: Value, dim: int = 0) -> list[Value]:
    return [_select(p, None, x, dim, i) for i in range(x.shape[dim])]


@named("cat")
def _cat(p: Program, out: Value | None, parts: list[Value], dim: int = 0) -> Value:
    parts = [part for part in parts if part.shape != (0,)]
    shape = list(parts[0].shape)
    shape[dim] = sum(part.shape[dim] for part in parts)
    dim %= len(shape)
    if out is None:
        out = p.new(tuple(shape))
    start = 0
    for part in parts:
        end = start + part.shape[dim]
        p.emit("copy", part, out=out.part(dim, start, end))
        start = end
    return out


@named("stack")
def _stack(p: Program, out: Value | None, parts: list[Value], dim: int = 0) -> Value:
    return _cat(p, out, [_unsqueeze(p, None, part, dim) for part in parts], dim)


@named("slice_backward", taken=_slice)
@named("select_backward", taken=_select)
def _part_backward(
    p: Program, out: Any, g: Value, shape: Any, *about: Any, taken: Any
) -> Value:
    made = p.emit("copy", 0.0, out=p.new(tuple(shape)))
    p.emit("copy", g, out=taken(p, None, made, *about))
    return made


def _along(x: Value, dim: int, index: Value) -> tuple[Value, int, int]:
    """Return what lies at index 0 of a dimension, in the shape of an index; the stride there, and the length."""
    dim = dim % len(x.shape)
    part = x
    for other, n in enumerate(index.shape):
        part = part.part(other, 0, n if other != dim else 1)
    return part.spread(index.shape), x.strides[dim], x.shape[dim]


@named("gather")
def _gather(
    p: Program, out: Value | None, x: Value, dim: int, index: Value, **options: Any
) -> Value:
    if not index.shape:
        if not x.shape:
            x = x.with_one(0)
        return _gather(p, out, x, 0, index.with_one(0)).without({0})
    start, stride, n = _along(x, dim, index)
    if out is None:
        out = p.new(index.shape)
    p.indexed("pick", out, start, index, stride, n)
    return out


@named("scatter", by="put")
@named("scatter_add", by="add_at")
def _scatter(
    p: Program,
    out: Value | None,
    x: Value,
    dim: int,
    index: Value,
    source: Any,
    *,
    by: str,
) -> Value:
    if out is None:
        out = p.emit("copy", x)
    start, stride, n = _along(out, dim, index)
    source = p.value(source)
    for other, m in enumerate(index.shape if source.shape else ()):
        source = source.part(other, 0, m)
    p.indexed(by, start, source.spread(index.shape), index, stride, n)
    return out


@named("embedding")
def _embedding(
    p: Program, out: Value | None, weight: Value, index: Value, *about: Any
) -> Value:
    n, width = weight.shape
    out = p.new((*index.shape, width))
    row = weight.part(0, 0, 1).without({0}).spread(out.shape)
    places = index.with_one(len(index.shape)).spread(out.shape)
    p.indexed("pick", out, row, places, weight.strides[0], n)
    return out


@named("embedding_dense_backward")
def _embedding_backward(
    p: Program, out: Any, g: Value, index: Value, n: int, padding: int, by_count: bool
) -> Value:
    if by_count:
        raise UnsupportedError("embedding with scale_grad_by_freq")
    made = p.emit("copy", 0.0, out=p.new((n, g.shape[-1])))
    row = made.part(0, 0, 1).without({0}).spread(g.shape)
    places = index.with_one(len(index.shape)).spread(g.shape)
    p.indexed("add_at", row, g, places, made.strides[0], n)
    if padding >= 0:
        p.emit("copy", 0.0, out=made.part(0, padding, padding + 1))
    return made
