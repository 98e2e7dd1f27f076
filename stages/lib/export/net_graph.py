"""Turns a torch module into an ONNX graph, whose bytes are the same on every machine."""

import copy
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO

import numpy as np
import onnx
import onnx_ir
import torch
from onnx_ir.passes import PassManager
from onnx_ir.passes import common as passes
from onnxruntime import InferenceSession, SessionOptions
from onnxscript.optimizer import fold_constants_ir
from onnxscript.rewriter import RewritePass
from onnxscript.rewriter.rules.common import materialize_reshape_shape_rule
from torch import nn
from torch.export import Dim, ExportedProgram
from torch.fx.experimental.symbolic_shapes import ConstraintViolationError, GuardOnDataDependentSymNode

from stages.lib.export.graph import NotExportableError

INPUT, OUTPUT = "x", "y"
# Operators that only move numbers: they give the same bytes on every processor.
_MOVING = {"Cast", "CastLike", "Concat", "Expand", "Gather", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze"}
# How many rows a graph is tried with: the exporter does not see that a module treats a single row in another way.
_TRIED, _TOLERANCE = (1, 5), 1e-4
_FATAL_ONLY = 4  # of onnxruntime's log


def net_graph(module: nn.Module, n_inputs: int) -> onnx.ModelProto:
    """Return the graph of a module in evaluation mode, from rows `x` in float32 to its outputs `y`.

    `x` has the shape (rows, `n_inputs`), with any number of rows, and `y` the shape and type that the module gives; of
    several outputs it is the first one. Initializers have the names of weights and buffers in `state_dict`. Raises
    `NotExportableError` if torch can't export the module, onnxruntime has no such operator, or the two differ.
    """
    with _quiet(), torch.no_grad():
        try:
            module = copy.deepcopy(module).cpu().eval()  # a module may change its weights when it is called
            exported = torch.onnx.export(_traced(module, n_inputs), dynamo=True, optimize=False, verbose=False)
            assert exported is not None  # it is None only for the exporter of old
            proto = _simplified(exported.model)
        except Exception as error:  # torch's compiler raises errors of many classes, and so may the module
            raise NotExportableError(f"torch can't export the net: {_reason(error)}") from error
        _compare(module, proto, n_inputs)
    return proto


def _traced(module: nn.Module, n_inputs: int) -> ExportedProgram:
    rows, shapes = torch.zeros(2, n_inputs, dtype=torch.float32), ({0: Dim("rows")},)
    failures = []
    for strict in (False, True):  # torch's compiler is slower, but knows that `len(x)` is not a constant
        try:
            return torch.export.export(module, (rows,), dynamic_shapes=shapes, strict=strict)
        except Exception as error:
            failures.append(error)
    raise failures[0]


def _simplified(model: onnx_ir.Model) -> onnx.ModelProto:
    """Return the graph with few operators, and without metadata such as the paths of source files.

    The exporter's own `optimize` folds weights, too, such as those that are constrained: they lose their names, and
    their last digits depend on how a processor sums. Here only shapes are computed, and constants moved.
    """
    graph = model.graph
    weights = set(graph.initializers.values())
    del graph.outputs[1:]

    def is_exact(node: onnx_ir.Node) -> bool:
        values = [value for value in node.inputs if value is not None]
        whole = all(value.dtype is not None and value.dtype.is_integer() for value in values)
        return weights.isdisjoint(values) and (whole or node.op_type in _MOVING)

    fold_constants_ir(model, onnx_shape_inference=True, should_fold=lambda node: None if is_exact(node) else False)
    PassManager(
        [
            RewritePass([materialize_reshape_shape_rule]),
            passes.IdentityEliminationPass(),
            passes.RemoveUnusedNodesPass(),
            passes.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
            passes.CommonSubexpressionEliminationPass(),
            passes.OutputFixPass(),  # for an output that is an input
            passes.RemoveUnusedOpsetsPass(),
            passes.ClearMetadataAndDocStringPass(),
        ]
    )(model)
    graph.inputs[0].name, graph.outputs[0].name, graph.name = INPUT, OUTPUT, "net"
    passes.NameFixPass()(model)  # a weight may be called x, too
    return _without_traces(onnx_ir.to_proto(model))


def _without_traces(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Clear what tells of torch's version and its way of tracing."""
    proto.ClearField("producer_name")
    proto.ClearField("producer_version")
    proto.graph.ClearField("value_info")
    for value in [*proto.graph.input, *proto.graph.output]:
        value.ClearField("metadata_props")
        for axis in value.type.tensor_type.shape.dim:
            if axis.dim_param:
                axis.dim_param = "rows"
    return proto


def _compare(module: nn.Module, proto: onnx.ModelProto, n_inputs: int) -> None:
    """Raise `NotExportableError` if onnxruntime can't run a graph, or it gives other numbers than the module."""
    options = SessionOptions()
    options.log_severity_level = _FATAL_ONLY
    generator = torch.Generator().manual_seed(0)
    for n_rows in _TRIED:
        rows = torch.randn(n_rows, n_inputs, generator=generator, dtype=torch.float32)
        try:
            session = InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
            ours = session.run(None, {INPUT: rows.numpy()})[0]
        except Exception as error:  # the classes of its errors have no common one but this
            raise NotExportableError(f"onnxruntime can't run the net: {_reason(error)}") from error
        outputs = module(rows)
        expected = (outputs[0] if isinstance(outputs, tuple) else outputs).numpy()
        if ours.shape != expected.shape or not np.allclose(ours, expected, _TOLERANCE, _TOLERANCE, equal_nan=True):
            why = "the net may draw random numbers, or treat such a batch in another way"
            raise NotExportableError(f"onnxruntime and torch give other numbers for a batch of {n_rows}: {why}")


def _reason(error: BaseException) -> str:
    """Return what an error says, without what torch adds for those who debug its exporter."""
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)
    if any(isinstance(cause, GuardOnDataDependentSymNode) for cause in causes):
        return "its forward takes another way for other numbers"
    if any(isinstance(cause, ConstraintViolationError) for cause in causes):
        return "its forward runs for a fixed number of rows only"
    return str(causes[-1]).strip().split("\n")[0].rstrip(".") or type(causes[-1]).__name__


@contextmanager
def _quiet() -> Iterator[None]:
    """Drop what torch's exporter prints, logs and warns of: packages that are not installed, graphs, stack traces."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
