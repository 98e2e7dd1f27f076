"""Writes the graph of a net that calls known functions only: torch's exporter takes seconds to import."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from onnx import ModelProto, TensorProto, numpy_helper
from torch import fx, nn
from torch.nn import functional

from gridstage.export.graph import Graph, Value

INPUT, OUTPUT = "x", "y"


class _Tracer(fx.Tracer):
    """Follows layers into their functions, so that a hook, a subclass or a parametrization is what it does."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return False


def plain_graph(module: nn.Module, n_inputs: int) -> ModelProto:
    """Return the graph of a module in evaluation mode as `net_graph` does; raises an error of any class if it can't.

    What is traced stands for any rows, so a `forward` that looks at them, or at their number, can't be written. Nor can
    a function that is not in `_KNOWN`, one that changes what it is given, and a number that is not float32.
    """
    traced = _Tracer().trace(module).nodes
    (rows,) = [node for node in traced if node.op == "placeholder"]
    graph = Graph([INPUT, OUTPUT])
    values: dict[fx.Node, Any] = {rows: graph.value(INPUT)}
    for node in traced:
        given = node.args, dict(node.kwargs)
        args, kwargs = fx.node.map_arg(given, values.__getitem__)
        if node.op == "get_attr":
            values[node] = _weight(graph, module, str(node.target))
        elif node.op == "output":
            graph.add("Identity", *args, name=OUTPUT)
        elif node is not rows:
            options = dict(kwargs)
            _only(not options.pop("inplace", False), node)
            values[node] = _KNOWN[node.target](*args, **options)
    shape = module(torch.zeros(2, n_inputs)).shape
    inputs = {INPUT: TensorProto.FLOAT}
    outputs = {OUTPUT: (TensorProto.FLOAT, ["rows", *shape[1:]])}
    return graph.model(inputs, outputs, "", n_inputs)


def _weight(graph: Graph, module: nn.Module, name: str) -> Value:
    tensor = operator.attrgetter(name)(module)
    _only(tensor.dtype == torch.float32, name)
    return graph.keep(numpy_helper.from_array(tensor.detach().numpy(), name))


def _only(condition: bool, what: object) -> None:
    """Raise `ValueError` unless a condition holds: ONNX has no such function, or it takes another type."""
    if not condition:
        raise ValueError(f"{what} is not plain")


def _operator(name: str) -> Callable[..., Value]:
    """Return how an operator of ONNX is written, with numbers in the type of the net."""

    def written(*given: Any) -> Value:
        graph = next(each.graph for each in given if isinstance(each, Value))
        return graph.add(name, *map(_in_float32, given))

    return written


def _in_float32(given: Any) -> Any:
    return np.float32(given) if isinstance(given, int | float) else given


def _linear(x: Value, weight: Value, bias: Value | None) -> Value:
    given = [weight, bias] if bias else [weight]
    return x.apply("Gemm", *given, transB=1)


def _dropout(x: Value, p: float, training: bool) -> Value:
    _only(not training, x)
    return x


def _layer_norm(x: Value, shape: Any, weight: Value, bias: Value, eps: float) -> Value:
    return x.apply("LayerNormalization", weight, bias, axis=-len(shape), epsilon=eps)


def _leaky_relu(x: Value, negative_slope: float) -> Value:
    return x.apply("LeakyRelu", alpha=negative_slope)


def _softplus(x: Value, beta: float, threshold: float) -> Value:
    _only((beta, threshold) == (1, 20), x)
    return x.apply("Softplus")


def _softmax(
    x: Value, dim: int | None, dtype: Any = None, _stacklevel: int = 3
) -> Value:
    _only(dim is not None and dtype is None, x)
    return x.apply("Softmax", axis=dim)


def _stack(each: list[Value], dim: int) -> Value:
    first, *others = (_unsqueeze(one, dim) for one in each)
    return first.apply("Concat", *others, axis=dim)


def _unsqueeze(x: Value, dim: int) -> Value:
    return x.apply("Unsqueeze", np.array([dim]))


def _flatten(x: Value, start: int, end: int = -1) -> Value:
    _only((start, end) == (1, -1), x)
    return x.apply("Flatten", axis=1)


def _sum(x: Value, dim: int, keepdim: bool) -> Value:
    return x.apply("ReduceSum", np.array([dim]), keepdims=int(keepdim))


# How functions of torch, and methods by their names, are written.
_KNOWN: dict[Any, Callable[..., Value]] = {
    functional.linear: _linear,
    functional.dropout: _dropout,
    functional.layer_norm: _layer_norm,
    functional.elu: lambda x, alpha: x.apply("Elu", alpha=alpha),
    functional.leaky_relu: _leaky_relu,
    functional.gelu: lambda x, approximate: x.apply("Gelu", approximate=approximate),
    functional.silu: lambda x: x * x.apply("Sigmoid"),
    functional.hardsigmoid: lambda x: x.apply("HardSigmoid", alpha=1 / 6, beta=0.5),
    functional.softplus: _softplus,
    functional.softmax: _softmax,
    torch.softmax: _softmax,
    torch.stack: _stack,
    "unsqueeze": _unsqueeze,
    "flatten": _flatten,
    "square": lambda x: x * x,
    "sum": _sum,
}
# Those that ONNX has as well, with the same arguments.
_SAME = {
    operator.add: "Add",
    operator.sub: "Sub",
    operator.mul: "Mul",
    operator.truediv: "Div",
    torch.maximum: "Max",
    functional.relu: "Relu",
    functional.selu: "Selu",
    functional.mish: "Mish",
    functional.softsign: "Softsign",
}
for _function, _name in _SAME.items():
    _KNOWN[_function] = _operator(_name)
# Those that torch has as a function and as a method.
for _name in ("add", "sub", "mul", "div", "sqrt", "relu", "tanh", "sigmoid"):
    _KNOWN[_name] = _KNOWN[getattr(torch, _name)] = _operator(_name.capitalize())
