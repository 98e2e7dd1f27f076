"""Translates the graph of a net's step, or of an optimizer's, into instructions of the kernel."""

import operator
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.fx import Graph, Node
from torch.fx.node import map_arg

from lockstep._compat import tree_leaves
from lockstep.kernel.operations import NATIVE
from lockstep.kernel.program import Program, UnsupportedError
from lockstep.kernel.values import Value

# The types that the kernel's numbers stand for, besides the net's own; in float32, whole numbers are exact up to 2**24.
_WHOLE = torch.bool, torch.int32, torch.int64
_LARGEST = 2**24
# Operations whose results are whole numbers or bools, whatever they get.
_ASKING = set(
    """gt ge lt le eq ne logical_and logical_or logical_not isnan argmax argmin _to_copy zeros_like ones_like
    empty_like""".split()
)

# Functions that cost much more than a product. A backward pass computes those of the forward pass again.
_COSTLY = set("exp expm1 log log1p tanh sigmoid erf sin cos".split())


@cache
def name_of(function: Any) -> str:
    """Return the name of one of torch's operations, without the sign of one that writes into its first argument."""
    name: str = function.__name__
    if hasattr(function, "_schema"):
        name = function._schema.name.split("::")[1]
    if name.startswith("__"):
        return name
    return name.removesuffix("_")


@cache
def is_native(function: Any) -> bool:
    """Whether the kernel has instructions for one of torch's operations."""
    return (
        name_of(function) in NATIVE
        and str(getattr(function, "namespace", "")) == "aten"
    )


def translate(program: Program, graph: Graph, inputs: list[Value]) -> list[Value]:
    """Add a graph's operations to a program; returns the tensors that the graph returns.

    `inputs` are the tensors of its placeholders; the graph may write into them. Raises `UnsupportedError`.
    """
    made: dict[Node, Any] = {}
    costly: dict[Any, Any] = {}
    given = iter(inputs)
    types = [node.meta["dtype"] for node in graph.find_nodes(op="placeholder")]
    own = next(
        (dtype for dtype in types if dtype.is_floating_point), torch.get_default_dtype()
    )
    for node in graph.nodes:
        if node.op == "placeholder":
            made[node] = next(given)
        elif node.op == "get_attr":
            check_whole(node.meta["tensor"])
            made[node] = program.constant(node.meta["tensor"].detach().double().numpy())
        elif node.op == "output":
            return [made[each] for each in node.args[0]]
        elif node.target is operator.getitem:
            _check_types(node, own)
            made[node] = made[node.args[0]][node.args[1]]
        else:
            _check_types(node, own)
            key: Any = node
            if getattr(getattr(node.target, "_schema", None), "is_mutable", False):
                costly.clear()  # because what was computed before may be changed
            elif (name := name_of(node.target)) in _COSTLY:
                key = name, made[node.args[0]]
            if key not in costly:
                costly[key] = _operation(program, node, made)
            made[node] = costly[key]
    raise AssertionError("a graph without results")


def _operation(program: Program, node: Node, made: dict[Node, Any]) -> Any:
    function: Any = node.target
    name = name_of(function)
    if not is_native(function):
        raise UnsupportedError(node.meta.get("whole") or name)
    args: Any = map_arg(node.args, made.__getitem__)
    kwargs: Any = dict(map_arg(node.kwargs, made.__getitem__))
    whole = function._schema.name
    writes = whole.endswith("_") and not whole.endswith("__")
    out = args[0] if writes else kwargs.pop("out", None)
    if out is not None:
        program.check_writable(out)
    try:
        value = NATIVE[name](program, out, *args, **kwargs)
    except (
        TypeError,
        IndexError,
        KeyError,
        ValueError,
    ) as error:
        # The kernel's operation lacks the arguments.
        raise UnsupportedError(f"{name} ({error})") from error
    if out is not None and value is not out and value.buffer is not out.buffer:
        return program.emit("copy", value, out=out)
    return value


def _check_types(node: Node, own: torch.dtype) -> None:
    """Raise `UnsupportedError` if a result has a type that the kernel's numbers can't stand for."""
    # Several results have their types at the nodes that take them apart.
    dtype = node.meta.get("dtype", own)
    # In a trial in float64, a module may make float32 numbers, which lose nothing here.
    if dtype not in (own, torch.float32, *_WHOLE) and not node.meta.get("is_known"):
        raise UnsupportedError(f"{dtype} in a net of {own}")
    function: Any = node.target
    name = name_of(function)
    floors = name == "floor_divide" or node.kwargs.get("rounding_mode") == "floor"
    if floors and dtype not in _WHOLE:
        # torch does not compute this by a quotient.
        raise UnsupportedError("floor_divide of other than whole numbers")
    indices: Any = node.args[1] if name in ("index", "index_put") else ()
    if any(each is not None and each.meta["dtype"] is torch.bool for each in indices):
        raise UnsupportedError(f"{name} by a mask")
    if dtype not in _WHOLE or function is operator.getitem or function.is_view:
        return
    operands = [
        each.meta["dtype"] for each in node.all_input_nodes if "dtype" in each.meta
    ]
    numbers = [
        each
        for each in tree_leaves((node.args, node.kwargs))
        if isinstance(each, float | int)
    ]
    if name == "add" and dtype is torch.bool:
        raise UnsupportedError("add of bools")
    if name.startswith("bitwise") and set(operands) != {torch.bool}:
        raise UnsupportedError(f"{name} of whole numbers")
    has_others = any(each.is_floating_point for each in operands)
    has_others |= any(each % 1 for each in numbers)
    if has_others and name not in _ASKING:
        raise UnsupportedError(f"{name} of other numbers into {dtype}")
    check_whole(*map(torch.tensor, numbers))


def check_whole(*tensors: Tensor) -> None:
    """Raise `UnsupportedError` if there are whole numbers that float32 can't stand for."""
    for each in tensors:
        if each.is_floating_point() or not each.numel():
            continue
        if each.double().abs().max() > _LARGEST:
            raise UnsupportedError("whole numbers above 2**24")
