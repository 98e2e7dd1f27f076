"""Writes the graph of an ONNX file as a text that the script of a page can run: see templates/tensors.js."""

import base64
import json
import zlib
from typing import Any

import numpy as np
from onnx import AttributeProto, ModelProto, TensorProto, helper, numpy_helper


def packed(model: ModelProto) -> str:
    """Return the graph of a model as JSON, compressed, in base64, of which no letter means something in HTML."""
    text = json.dumps(graph_of(model), separators=(",", ":"), allow_nan=False)
    return base64.b64encode(zlib.compress(text.encode())).decode()


def graph_of(model: ModelProto) -> dict[str, Any]:
    """Return inputs, outputs, constant tensors and nodes of a graph, in a form that JSON can hold."""
    graph = model.graph
    return {
        "inputs": [{"name": each.name, "type": _named(each.type.tensor_type.elem_type)} for each in graph.input],
        "outputs": [each.name for each in graph.output],
        "tensors": {each.name: _tensor(each) for each in graph.initializer},
        "nodes": [
            {
                "op": node.op_type,
                "inputs": list(node.input),
                "outputs": list(node.output),
                "attributes": {each.name: _attribute(each) for each in node.attribute},
            }
            for node in graph.node
        ],
    }


def _named(kind: int) -> str:
    return "string" if kind == TensorProto.STRING else helper.tensor_dtype_to_np_dtype(kind).name


def _tensor(tensor: TensorProto) -> dict[str, Any]:
    """Return a tensor with its values: a list of texts, or the bytes of numbers, the lowest byte first, as base64."""
    values, kind = numpy_helper.to_array(tensor), _named(tensor.data_type)
    if kind == "string":
        data: Any = [each.decode() if isinstance(each, bytes) else str(each) for each in values.ravel()]
    else:
        data = base64.b64encode(np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()).decode()
    return {"type": kind, "shape": list(values.shape), "data": data}


def _attribute(attribute: AttributeProto) -> Any:
    value = helper.get_attribute_value(attribute)
    if isinstance(value, TensorProto):
        return _tensor(value)
    if attribute.name == "to":  # whose value is a type
        return _named(value)
    if isinstance(value, bytes):
        return value.decode()
    return value if isinstance(value, int | float) else list(value)
