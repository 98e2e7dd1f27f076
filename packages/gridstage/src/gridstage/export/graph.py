"""Builds an ONNX graph node by node, with names that are the same on every run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from onnx import GraphProto, ModelProto, TensorProto, helper, numpy_helper
from onnx.compose import add_prefix_graph

# Opset 20 is the first with GELU, and ml 5 the first with trees in double and sets of categories.
OPSETS = {"": 20, "ai.onnx.ml": 5}
_IR_VERSION = 10
_TREES = "ai.onnx.ml"


class NotExportableError(ValueError):
    """A model that can't be expressed in ONNX, with the reason in a sentence."""


@dataclass(frozen=True, eq=False)
class Value:
    """A value of a graph, by its name; what is computed from it by Python's operators is appended to the graph."""

    graph: "Graph"
    name: str
    # Without it, numpy would take apart `array - value`.
    __array_ufunc__: ClassVar[None] = None

    def apply(self, operator: str, *others: Any, **attributes: Any) -> "Value":
        """Return what an operator makes of this value and others."""
        return self.graph.add(operator, self, *others, **attributes)

    def __add__(self, other: Any) -> "Value":
        return self.apply("Add", other)

    def __sub__(self, other: Any) -> "Value":
        return self.apply("Sub", other)

    def __rsub__(self, other: Any) -> "Value":
        return self.graph.add("Sub", other, self)

    def __mul__(self, other: Any) -> "Value":
        return self.apply("Mul", other)

    def __truediv__(self, other: Any) -> "Value":
        return self.apply("Div", other)

    def __neg__(self) -> "Value":
        return self.apply("Neg")

    def __abs__(self) -> "Value":
        return self.apply("Abs")

    def __gt__(self, other: Any) -> "Value":
        return self.apply("Greater", other)

    def __lt__(self, other: Any) -> "Value":
        return self.apply("Less", other)

    def __le__(self, other: Any) -> "Value":
        return self.apply("LessOrEqual", other)

    def where(self, condition: "Value", number: Any) -> "Value":
        """Return a number, or one for each column, where a condition holds, and this value elsewhere."""
        return condition.apply("Where", number, self)

    def cast(self, to: int) -> "Value":
        """Return the value as another type, one of `TensorProto`."""
        return self.apply("Cast", to=to)

    def columns(self, positions: Iterable[int]) -> "Value":
        """Return some columns of a value of shape (n_rows, n_columns)."""
        return self.apply("Gather", np.array(list(positions), dtype=np.int64), axis=1)


class Graph:
    """The nodes of a graph in the order in which they run, and the constants that they use.

    What an operator is given is a value, or an array or number, which becomes a constant. Names that are `taken`, those
    of the columns, are not given to values.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)
        self.nodes: list[Any] = []
        self.constants: dict[tuple[str, tuple[int, ...], bytes], TensorProto] = {}

    def value(self, name: str) -> Value:
        """Return the value of a name, such as an input."""
        return Value(self, name)

    def add(
        self,
        operator: str,
        *given: Any,
        domain: str = "",
        name: str = "",
        **attributes: Any,
    ) -> Value:
        """Append a node, and return its output, whose name is `name` or a new one."""
        inputs = [self._name(each) for each in given]
        output = name or self.free(f"{operator.lower()}_{len(self.nodes)}")
        self.taken.add(output)
        node = helper.make_node(operator, inputs, [output], domain=domain, **attributes)
        self.nodes.append(node)
        return Value(self, output)

    def ml(self, operator: str, given: Value, **attributes: Any) -> Value:
        """Append a node of ONNX's operators for classical models."""
        return self.add(operator, given, domain=_TREES, **attributes)

    def include(self, net: GraphProto, given: Value) -> Value:
        """Append the nodes of a graph with one input and one output, and return the latter."""
        prefix = self.free("net") + "/"
        while any(name.startswith(prefix) for name in self.taken):
            prefix = f"_{prefix}"
        own = add_prefix_graph(net, prefix)
        given.apply("Identity", name=own.input[0].name)
        self.nodes += own.node
        for tensor in own.initializer:
            self.keep(tensor)
        return Value(self, own.output[0].name)

    def model(
        self,
        inputs: Mapping[str, int],
        outputs: Mapping[str, tuple[int, list[Any]]],
        about: str,
        width: int = 1,
    ) -> ModelProto:
        """Return the model; inputs have the shape (rows, width), and outputs the given ones, by name."""
        described = helper.make_tensor_value_info
        taken = [
            described(name, kind, ["rows", width]) for name, kind in inputs.items()
        ]
        made = [described(name, *form) for name, form in outputs.items()]
        constants = list(self.constants.values())
        graph = helper.make_graph(self.nodes, "model", taken, made, constants)
        opsets = [helper.make_opsetid(*each) for each in OPSETS.items()]
        return helper.make_model(
            graph, opset_imports=opsets, ir_version=_IR_VERSION, doc_string=about
        )

    def free(self, name: str) -> str:
        """Return the name, or one that begins so and is not taken."""
        while name in self.taken:
            name += "_"
        return name

    def keep(self, tensor: TensorProto) -> Value:
        """Return a constant that has a name already."""
        self.taken.add(tensor.name)
        self.constants[tensor.name, (), b""] = tensor
        return Value(self, tensor.name)

    def _name(self, given: Any) -> str:
        """Return the name of a value, or of a constant, which is a new one unless the graph has it."""
        if isinstance(given, Value):
            return given.name
        array = np.asarray(given)
        is_text = array.dtype == object
        content = repr(array.tolist()).encode() if is_text else array.tobytes()
        key = str(array.dtype), array.shape, content
        if key not in self.constants:
            name = self.free(f"constant_{len(self.constants)}")
            self.taken.add(name)
            self.constants[key] = numpy_helper.from_array(array, name)
        return str(self.constants[key].name)
