"""Builds an ONNX graph node by node, with names that are the same on every run."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from onnx import GraphProto, ModelProto, TensorProto, helper, numpy_helper
from onnx.compose import add_prefix_graph

# Opset 20 is the first with GELU, and ml 5 the first with trees in double and sets of categories.
OPSETS = {"": 20, "ai.onnx.ml": 5}
_IR_VERSION = 10
_TREES = "ai.onnx.ml"


class NotExportableError(ValueError):
    """A model that can't be expressed in ONNX, with the reason in a sentence."""


class Graph:
    """The nodes of a graph in the order in which they run, and the constants that they use.

    What an operator is given is the name of a value, or an array or number, which becomes a constant. Names that are
    `taken`, those of the columns, are not given to values.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)
        self.nodes: list[Any] = []
        self.constants: dict[tuple[str, tuple[int, ...], bytes], TensorProto] = {}

    def add(
        self,
        operator: str,
        *given: Any,
        domain: str = "",
        name: str = "",
        **attributes: Any,
    ) -> str:
        """Append a node, and return the name of its output, which is `name` or a new one."""
        inputs = [
            each if isinstance(each, str) else self._constant(np.asarray(each))
            for each in given
        ]
        output = name or self.free(f"{operator.lower()}_{len(self.nodes)}")
        self.taken.add(output)
        self.nodes.append(
            helper.make_node(operator, inputs, [output], domain=domain, **attributes)
        )
        return output

    def ml(self, operator: str, *given: Any, **attributes: Any) -> str:
        """Append a node of ONNX's operators for classical models."""
        return self.add(operator, *given, domain=_TREES, **attributes)

    def cast(self, value: str, to: int) -> str:
        """Return a value as another type, one of `TensorProto`."""
        return self.add("Cast", value, to=to)

    def columns(self, value: str, positions: Iterable[int]) -> str:
        """Return some columns of a value of shape (n_rows, n_columns)."""
        return self.add(
            "Gather", value, np.array(list(positions), dtype=np.int64), axis=1
        )

    def polynomial(self, x: str, coefficients: Iterable[float]) -> str:
        """Return a polynomial, with the coefficient of the highest power first, by Horner's rule."""
        first, *others = coefficients
        value: Any = first
        for each in others:
            value = self.add("Add", self.add("Mul", x, value), each)
        return str(value)

    def include(self, net: GraphProto, given: str) -> str:
        """Append the nodes of a graph with one input and one output, and return the name of the latter."""
        prefix = self.free("net") + "/"
        while any(name.startswith(prefix) for name in self.taken):
            prefix = f"_{prefix}"
        own = add_prefix_graph(net, prefix)
        self.add("Identity", given, name=own.input[0].name)
        self.nodes += own.node
        for tensor in own.initializer:
            self.constants[tensor.name, (), b"net"] = tensor
        return str(own.output[0].name)

    def model(
        self,
        inputs: Mapping[str, int],
        outputs: Mapping[str, tuple[int, list[Any]]],
        about: str,
        width: int = 1,
    ) -> ModelProto:
        """Return the model; inputs have the shape (rows, width), and outputs the given ones, by name."""
        graph = helper.make_graph(
            self.nodes,
            "model",
            [
                helper.make_tensor_value_info(name, kind, ["rows", width])
                for name, kind in inputs.items()
            ],
            [
                helper.make_tensor_value_info(name, kind, shape)
                for name, (kind, shape) in outputs.items()
            ],
            list(self.constants.values()),
        )
        opsets = [
            helper.make_opsetid(domain, version) for domain, version in OPSETS.items()
        ]
        return helper.make_model(
            graph, opset_imports=opsets, ir_version=_IR_VERSION, doc_string=about
        )

    def free(self, name: str) -> str:
        """Return the name, or one that begins so and is not taken."""
        while name in self.taken:
            name += "_"
        return name

    def _constant(self, array: np.ndarray) -> str:
        content = (
            repr(array.tolist()).encode() if array.dtype == object else array.tobytes()
        )
        key = str(array.dtype), array.shape, content
        if key not in self.constants:
            name = self.free(f"constant_{len(self.constants)}")
            self.taken.add(name)
            self.constants[key] = numpy_helper.from_array(array, name)
        return str(self.constants[key].name)
