"""Sums over dimensions, products of matrices, and norms."""

from math import inf, prod
from typing import Any

from lockstep.kernel.operations.elementwise import rsqrt
from lockstep.kernel.operations.native import NATIVE, named
from lockstep.kernel.operations.shapes import dims_of, view
from lockstep.kernel.program import Program, UnsupportedError
from lockstep.kernel.values import Value


@named("sum", how=("add", 0.0))
@named("prod", how=("mul", 1.0))
@named("amax", how=("maximum", -inf))
@named("amin", how=("minimum", inf))
def _reduced(
    p: Program,
    out: Value | None,
    x: Value,
    dims: Any = None,
    keep: bool = False,
    *,
    how: Any,
    **options: Any,
) -> Value:
    gone = dims_of(x, dims)
    operation, start = how
    joined = p.reduced(operation, x, gone, start)
    value = joined if keep else joined.without(gone)
    if out is None:
        return value
    return p.emit("copy", value, out=out)


@named("mean")
def _mean(
    p: Program,
    out: Value | None,
    x: Value,
    dims: Any = None,
    keep: bool = False,
    **options: Any,
) -> Value:
    n = prod(x.shape[dim] for dim in dims_of(x, dims))
    return p.emit("div", NATIVE["sum"](p, None, x, dims, keep), n, out=out)


@named("linalg_vector_norm")
def norm(
    p: Program,
    out: Value | None,
    x: Value,
    ord: Any = 2,
    dims: Any = None,
    keep: bool = False,
    **o: Any,
) -> Value:
    """Return a norm of a tensor: Euclidean, of another order above 0, or the largest number."""
    if ord == inf:
        return NATIVE["amax"](p, out, p.emit("abs", x), dims, keep)
    if ord == 2:
        squares = NATIVE["sum"](p, None, p.emit("mul", x, x), dims, keep)
        return p.emit("sqrt", squares, out=out)
    if ord <= 0:
        raise UnsupportedError(f"a norm of order {ord}")
    size = p.emit("abs", x)
    if ord == 1:
        return NATIVE["sum"](p, out, size, dims, keep)
    powers = p.emit("pow", size, float(ord))
    total = NATIVE["sum"](p, out, powers, dims, keep)
    return p.emit("pow", total, 1 / ord, out=out)


@named("mm")
def _mm(p: Program, out: Value | None, a: Value, b: Value) -> Value:
    return p.product(a, b, out=out)


@named("addmm")
def _addmm(
    p: Program,
    out: Value | None,
    c: Value,
    a: Value,
    b: Value,
    beta: Any = 1,
    alpha: Any = 1,
) -> Value:
    if (beta, alpha) != (1, 1):
        raise UnsupportedError("addmm with beta or alpha")
    return p.product(a, b, c, out=out)


@named("bmm")
def _bmm(p: Program, out: Value | None, a: Value, b: Value) -> Value:
    if out is None:
        out = p.new((a.shape[0], a.shape[1], b.shape[2]))
    for i in range(a.shape[0]):
        x, y, z = (each.part(0, i, i + 1).without({0}) for each in (a, b, out))
        p.product(x, y, out=z)
    return out


@named("var")
def _var(
    p: Program,
    out: Any,
    x: Value,
    dims: Any = None,
    unbiased: Any = 1,
    keep: bool = False,
    **named: Any,
) -> Value:
    gone = dims_of(x, dims)
    correction = named.get("correction", int(unbiased))
    n = prod(x.shape[dim] for dim in gone)
    apart = p.emit("sub", x, _mean(p, None, x, sorted(gone), True))
    squares = p.emit("mul", apart, apart)
    total = NATIVE["sum"](p, None, squares, sorted(gone), named.get("keepdim", keep))
    return p.emit("div", total, n - correction)


@named("var_mean")
def _var_mean(
    p: Program,
    out: Any,
    x: Value,
    dims: Any = None,
    unbiased: Any = 1,
    keep: bool = False,
    **named: Any,
) -> Any:
    mean = _mean(p, None, x, sorted(dims_of(x, dims)), named.get("keepdim", keep))
    return [_var(p, None, x, dims, unbiased, keep, **named), mean]


def _normalized(
    p: Program, x: Value, dims: list[int], eps: float
) -> tuple[Value, Value, Value]:
    """Return numbers with mean 0 and variance 1 over dimensions; their mean before, and 1 over their deviation."""
    mean = _mean(p, None, x, dims, True)
    variance = _var(p, None, x, dims, 0, True)
    deviation = rsqrt(p, None, p.emit("add", variance, eps))
    made = p.emit("mul", p.emit("sub", x, mean), deviation)
    return made, mean, deviation


@named("native_layer_norm")
def _layer_norm(
    p: Program, out: Any, x: Value, shape: Any, weight: Any, bias: Any, eps: float
) -> list[Value]:
    n = len(x.shape)
    made, *about = _normalized(p, x, list(range(n - len(shape), n)), eps)
    if weight is not None:
        made = p.emit("mul", made, weight)
    if bias is not None:
        made = p.emit("add", made, bias)
    return [made, *about]


@named("native_group_norm")
def _group_norm(
    p: Program,
    out: Any,
    x: Value,
    weight: Any,
    bias: Any,
    n: int,
    c: int,
    size: int,
    groups: int,
    eps: float,
) -> list[Value]:
    made, mean, deviation = _normalized(p, view(p, None, x, [n, groups, -1]), [2], eps)
    made = view(p, None, made, [n, c, size])
    if weight is not None:
        made = p.emit("mul", made, weight.with_one(1))
    if bias is not None:
        made = p.emit("add", made, bias.with_one(1))
    return [
        view(p, None, made, list(x.shape)),
        mean.without({2}),
        deviation.without({2}),
    ]


@named("_softmax")
@named("_log_softmax", log=True)
def _softmax(
    p: Program, out: Any, x: Value, dim: int, half: bool, *, log: bool = False
) -> Value:
    """Do what torch's decomposition does, which imports sympy for it."""
    apart = p.emit("sub", x, NATIVE["amax"](p, None, x, [dim], True))
    powers = p.emit("exp", apart)
    total = NATIVE["sum"](p, None, powers, [dim], True)
    if log:
        return p.emit("sub", apart, p.emit("log", total))
    return p.emit("div", powers, total)


@named("_softmax_backward_data")
def _softmax_backward(
    p: Program, out: Any, g: Value, made: Value, dim: int, dtype: Any
) -> Value:
    of_all = NATIVE["sum"](p, None, p.emit("mul", g, made), [dim], True)
    return p.emit("mul", made, p.emit("sub", g, of_all))
