"""Turns a torch module into an ONNX graph, whose bytes are the same on every machine."""

import copy
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from io import StringIO

import numpy as np
import onnx
import torch
from onnxruntime import InferenceSession, SessionOptions
from torch import nn

from gridstage.export.graph import NotExportableError
from gridstage.export.plain_net import INPUT, plain_graph

# What errors of torch say, by their class, whose import takes half a second.
_REASONS = {
    "GuardOnDataDependentSymNode": "its forward takes another way for other numbers",
    "ConstraintViolationError": "its forward runs for a fixed number of rows only",
}
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
            # A module may change its weights when it is called.
            module = copy.deepcopy(module).cpu().eval()
            with suppress(Exception):  # the exporter says what is wrong, if anything
                plain = plain_graph(copy.deepcopy(module), n_inputs)
                return _compared(module, plain, n_inputs)
            # This import takes two seconds.
            from gridstage.export.exporter import exported_graph

            proto = exported_graph(module, n_inputs)
        except Exception as error:  # torch's compiler raises errors of many classes, and so may the module
            finding = f"torch can't export the net: {_reason(error)}"
            raise NotExportableError(finding) from error
        return _compared(module, proto, n_inputs)


def _compared(
    module: nn.Module, proto: onnx.ModelProto, n_inputs: int
) -> onnx.ModelProto:
    """Return a graph; raises `NotExportableError` if onnxruntime can't run it, or it gives other numbers than torch."""
    options = SessionOptions()
    options.log_severity_level = _FATAL_ONLY
    generator = torch.Generator().manual_seed(0)
    for n_rows in _TRIED:
        rows = torch.randn(n_rows, n_inputs, generator=generator, dtype=torch.float32)
        try:
            content = proto.SerializeToString()
            session = InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
            ours = session.run(None, {INPUT: rows.numpy()})[0]
        except Exception as error:  # its errors have no other class in common
            finding = f"onnxruntime can't run the net: {_reason(error)}"
            raise NotExportableError(finding) from error
        outputs = module(rows)
        if isinstance(outputs, tuple):
            outputs = outputs[0]
        if not _is_close(ours, outputs.numpy()):
            why = (
                "the net may draw random numbers, or treat such a batch in another way"
            )
            raise NotExportableError(
                f"onnxruntime and torch give other numbers for a batch of {n_rows}: {why}"
            )
    return proto


def _is_close(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and np.allclose(
        one, other, _TOLERANCE, _TOLERANCE, equal_nan=True
    )


def _reason(error: BaseException) -> str:
    """Return what an error says, without what torch adds for those who debug its exporter."""
    cause: BaseException | None = error
    while cause is not None:
        error, kind = cause, type(cause).__name__
        if kind in _REASONS:
            return _REASONS[kind]
        cause = error.__cause__ or error.__context__
    text = str(error).strip().partition("\n")[0].rstrip(".")
    return text or type(error).__name__


@contextmanager
def _quiet() -> Iterator[None]:
    """Drop what torch's exporter prints, logs and warns of: packages that are not installed, graphs, stack traces."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            warnings.catch_warnings(),
            redirect_stdout(StringIO()),
            redirect_stderr(StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
