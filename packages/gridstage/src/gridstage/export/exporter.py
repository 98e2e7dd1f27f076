"""Turns a torch module into an ONNX graph by torch's exporter, whose bytes are the same on every machine."""

from contextlib import suppress
from functools import partial

import onnx
import onnx_ir
import torch
from onnx_ir.passes import PassManager
from onnx_ir.passes import common as passes
from onnxscript.optimizer import fold_constants_ir
from onnxscript.rewriter import RewritePass
from onnxscript.rewriter.rules.common import materialize_reshape_shape_rule
from torch import nn
from torch.export import Dim, ExportedProgram

from gridstage.export.plain_net import INPUT, OUTPUT

# Operators that only move numbers: they give the same bytes on every processor.
_MOVING = {
    "Cast",
    "CastLike",
    "Concat",
    "Expand",
    "Gather",
    "Reshape",
    "Slice",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
}


def exported_graph(module: nn.Module, n_inputs: int) -> onnx.ModelProto:
    """Return the graph of a module in evaluation mode as `net_graph` does; raises an error of any class if it can't."""
    traced = _traced(module, n_inputs)
    exported = torch.onnx.export(traced, dynamo=True, optimize=False, verbose=False)
    assert exported is not None  # it is None only for the exporter of old
    return _simplified(exported.model)


def _traced(module: nn.Module, n_inputs: int) -> ExportedProgram:
    rows = torch.zeros(2, n_inputs, dtype=torch.float32)
    export = partial(
        torch.export.export, module, (rows,), dynamic_shapes=({0: Dim("rows")},)
    )
    try:
        return export(strict=False)
    except Exception:
        # torch's compiler is slower, but knows that `len(x)` is not a constant.
        with suppress(Exception):
            return export(strict=True)
        raise


def _simplified(model: onnx_ir.Model) -> onnx.ModelProto:
    """Return the graph with few operators, and without metadata such as the paths of source files.

    The exporter's own `optimize` folds weights, too, such as those that are constrained: they lose their names, and
    their last digits depend on how a processor sums. Here only shapes are computed, and constants moved.
    """
    graph = model.graph
    weights = set(graph.initializers.values())
    del graph.outputs[1:]

    def should_fold(node: onnx_ir.Node) -> bool | None:
        """Return None, so that onnxscript decides, where folding is exact."""
        values = [value for value in node.inputs if value is not None]
        types = [value.dtype for value in values]
        whole = all(each is not None and each.is_integer() for each in types)
        is_exact = whole or node.op_type in _MOVING
        return None if is_exact and weights.isdisjoint(values) else False

    fold_constants_ir(model, onnx_shape_inference=True, should_fold=should_fold)
    simplify = PassManager(
        [
            RewritePass([materialize_reshape_shape_rule]),
            passes.IdentityEliminationPass(),
            passes.RemoveUnusedNodesPass(),
            passes.LiftConstantsToInitializersPass(
                lift_all_constants=True, size_limit=0
            ),
            passes.CommonSubexpressionEliminationPass(),
            passes.OutputFixPass(),  # for an output that is an input
            passes.RemoveUnusedOpsetsPass(),
            passes.ClearMetadataAndDocStringPass(),
        ]
    )
    simplify(model)
    graph.inputs[0].name, graph.outputs[0].name, graph.name = INPUT, OUTPUT, "net"
    passes.NameFixPass()(model)  # a weight may be called x, too
    return onnx_ir.to_proto(model)
