"""Writes the graph of a net that calls known functions only: torch's exporter takes seconds to import."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from onnx import ModelProto, TensorProto, numpy_helper
from torch import fx, nn
from torch.nn import functional

from stages.lib.export.graph import Graph

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
    graph, values = Graph([INPUT, OUTPUT]), {rows: INPUT}
    for node in traced:
        args, kwargs = fx.node.map_arg(
            (node.args, dict(node.kwargs)), values.__getitem__
        )
        if node.op == "get_attr":
            name, tensor = (
                str(node.target),
                operator.attrgetter(str(node.target))(module),
            )
            _only(tensor.dtype == torch.float32, name)
            graph.constants[name, (), b"weight"] = numpy_helper.from_array(
                tensor.detach().numpy(), name
            )
            graph.taken.add(name)
            values[node] = name
        elif node.op == "output":
            graph.add("Identity", *args, name=OUTPUT)
        elif node is not rows:
            options = {
                key: value for key, value in kwargs.items() if key != "inplace" or value
            }
            values[node] = _KNOWN[node.target](graph, *args, **options)
    shape = module(torch.zeros(2, n_inputs)).shape
    return graph.model(
        {INPUT: TensorProto.FLOAT},
        {OUTPUT: (TensorProto.FLOAT, ["rows", *shape[1:]])},
        "",
        n_inputs,
    )


def _only(condition: bool, value: str) -> str:
    """Return a value under a condition; else ONNX has no such function, or it takes another type."""
    if not condition:
        raise ValueError(f"{value} is not plain")
    return value


def _named(name: str) -> Callable[..., str]:
    """Return how an operator of ONNX is written, with numbers in the type of the net."""
    return lambda graph, *given: graph.add(
        name, *(np.float32(x) if isinstance(x, int | float) else x for x in given)
    )


_OPERATORS: dict[str, list[Any]] = {
    "Relu": [functional.relu, torch.relu, "relu"],
    "Tanh": [torch.tanh, "tanh"],
    "Sigmoid": [torch.sigmoid, "sigmoid"],
    "Selu": [functional.selu],
    "Mish": [functional.mish],
    "Softsign": [functional.softsign],
    "HardSwish": [functional.hardswish],
    "Add": [operator.add, torch.add, "add"],
    "Sub": [operator.sub, torch.sub, "sub"],
    "Mul": [operator.mul, torch.mul, "mul"],
    "Div": [operator.truediv, torch.div, "div"],
    "Max": [torch.maximum],
    "Sqrt": [torch.sqrt, "sqrt"],
}
# How functions of torch, and methods by their names, are written: from a graph and the names of values to that of one.
_KNOWN: dict[Any, Callable[..., str]] = {
    functional.linear: lambda graph, x, weight, bias: graph.add(
        "Gemm", x, weight, *([bias] if bias else []), transB=1
    ),
    functional.dropout: lambda graph, x, p, training: _only(not training, x),
    functional.layer_norm: lambda graph, x, shape, weight, bias, eps: graph.add(
        "LayerNormalization", x, weight, bias, axis=-len(shape), epsilon=eps
    ),
    functional.elu: lambda graph, x, alpha: graph.add("Elu", x, alpha=alpha),
    functional.leaky_relu: lambda graph, x, negative_slope: graph.add(
        "LeakyRelu", x, alpha=negative_slope
    ),
    functional.gelu: lambda graph, x, approximate: graph.add(
        "Gelu", x, approximate=approximate
    ),
    functional.silu: lambda graph, x: graph.add("Mul", x, graph.add("Sigmoid", x)),
    functional.hardsigmoid: lambda graph, x: graph.add(
        "HardSigmoid", x, alpha=1 / 6, beta=0.5
    ),
    functional.hardtanh: lambda graph, x, min_val, max_val: _named("Clip")(
        graph, x, min_val, max_val
    ),
    functional.softplus: lambda graph, x, beta, threshold: graph.add(
        "Softplus", _only((beta, threshold) == (1, 20), x)
    ),
    functional.softmax: lambda graph, x, dim, dtype, _stacklevel: graph.add(
        "Softmax", _only(dim is not None and dtype is None, x), axis=dim
    ),
    torch.softmax: lambda graph, x, dim: graph.add("Softmax", x, axis=dim),
    torch.stack: lambda graph, each, dim: graph.add(
        "Concat",
        *(graph.add("Unsqueeze", one, np.array([dim])) for one in each),
        axis=dim,
    ),
    "unsqueeze": lambda graph, x, dim: graph.add("Unsqueeze", x, np.array([dim])),
    "flatten": lambda graph, x, start, end=-1: graph.add(
        "Flatten", _only((start, end) == (1, -1), x), axis=1
    ),
    "square": lambda graph, x: graph.add("Mul", x, x),
    "sum": lambda graph, x, dim, keepdim: graph.add(
        "ReduceSum", x, np.array([dim]), keepdims=int(keepdim)
    ),
    **{
        function: _named(name)
        for name, functions in _OPERATORS.items()
        for function in functions
    },
}
