"""Convolutions: copies of what windows see, and products of matrices.

Columns are a matrix: for each channel and place in a window, what all windows of all rows see there. A convolution is
the product of its weights with them; a transposed one is what the gradient of such a convolution is.
"""

from math import prod
from typing import Any

from lockstep.kernel.operations.native import named
from lockstep.kernel.operations.shapes import view
from lockstep.kernel.operations.windows import Windows, windows
from lockstep.kernel.program import Program
from lockstep.kernel.values import Value


@named("convolution")
def _convolution(
    p: Program,
    out: Any,
    x: Value,
    w: Value,
    bias: Any,
    stride: Any,
    pad: Any,
    apart: Any,
    turned: bool,
    *more: Any,
) -> Value:
    further, groups = more
    if not turned:
        over = windows(x.shape, w.shape[2:], stride, pad, apart)
        return _gathered(p, w, _columns(p, x, over), over, groups, bias)
    about = zip(x.shape[2:], w.shape[2:], stride, pad, apart, further, strict=True)
    n = [
        (m - 1) * step - 2 * q + d * (k - 1) + 1 + left
        for m, k, step, q, d, left in about
    ]
    over = windows(n, w.shape[2:], stride, pad, apart, out=x.shape[2:])
    made = _spread(p, w, _by_channel(p, x), over, groups)
    if not bias:
        return made
    for i in range(1, len(n) + 1):
        bias = bias.with_one(i)
    return p.emit("add", made, bias)


@named("convolution_backward")
def _backward(
    p: Program,
    out: Any,
    g: Value,
    x: Value,
    w: Value,
    sizes: Any,
    stride: Any,
    pad: Any,
    apart: Any,
    *more: Any,
) -> list[Any]:
    turned, _, groups, (for_x, for_w, for_bias) = more
    seen, made = (g, x) if turned else (x, g)
    over = windows(seen.shape, w.shape[2:], stride, pad, apart, out=made.shape[2:])
    rows = _by_channel(p, made)
    columns = _columns(p, seen, over) if for_w or turned else None
    of_x = of_w = of_bias = None
    if for_x and turned:
        of_x = _gathered(p, w, columns, over, groups)
    elif for_x:
        of_x = _spread(p, w, rows, over, groups)
    if for_w:
        of_w = p.new(w.shape)
        _products(p, rows, columns, _matrix(p, of_w), groups, turns="b")
    if for_bias:
        others = {0, *range(2, len(g.shape))}
        of_bias = p.reduced("add", g, others, 0.0).without(others)
    return [of_x, of_w, of_bias]


def _columns(p: Program, x: Value, over: Windows) -> Value:
    seen = over.seen(p, x)
    made = p.new((x.shape[1], len(seen), x.shape[0], *over.out))
    for i, each in enumerate(seen):
        p.emit("copy", _swapped(each), out=made.part(1, i, i + 1).without({1}))
    return _matrix(p, made, x.shape[1] * len(seen))


def _gathered(
    p: Program, w: Value, columns: Any, over: Windows, groups: int, bias: Any = None
) -> Value:
    """Return the products of weights and columns, by row and channel."""
    made = p.new((w.shape[0], columns.shape[1] // prod(over.out), *over.out))
    plus = bias and bias.with_one(1)
    _products(p, _matrix(p, w), columns, _matrix(p, made), groups, plus)
    return _swapped(made)


def _spread(p: Program, w: Value, rows: Value, over: Windows, groups: int) -> Value:
    """Return the sums of what windows give to the numbers that they see, by row and channel."""
    channels = w.shape[1] * groups
    places = len(list(over.places()))
    made = p.new((channels, places, rows.shape[1] // prod(over.out), *over.out))
    _products(
        p, _matrix(p, w), rows, _matrix(p, made, channels * places), groups, turns="a"
    )
    parts = (made.part(1, i, i + 1).without({1}) for i in range(places))
    return over.added(p, list(map(_swapped, parts)))


def _products(
    p: Program,
    a: Value,
    b: Any,
    out: Value,
    groups: int,
    plus: Any = None,
    turns: str = "",
) -> None:
    """Multiply the parts of matrices that belong to the groups of channels; `turns` names one that is transposed."""
    for i in range(groups):
        x, y, z = (_of_group(each, i, groups) for each in (a, b, out))
        if turns == "a":
            x = x.permuted([1, 0])
        elif turns == "b":
            y = y.permuted([1, 0])
        c = plus and _of_group(plus, i, groups)
        p.product(x, y, c, out=z)


def _of_group(matrix: Value, i: int, groups: int) -> Value:
    n = matrix.shape[0] // groups
    return matrix.part(0, i * n, (i + 1) * n)


def _swapped(x: Value) -> Value:
    """Return a tensor with rows and channels in the other order."""
    return x.permuted([1, 0, *range(2, len(x.shape))])


def _by_channel(p: Program, x: Value) -> Value:
    return _matrix(p, _swapped(x))


def _matrix(p: Program, x: Value, n: int = 0) -> Value:
    """Return a tensor as a matrix, by default of as many rows as the tensor is long."""
    return view(p, None, x, [n or x.shape[0], -1])
