"""Runs a model by onnxruntime on the CPU, on rows of a table."""

from typing import Any

import numpy as np
import pandas as pd
from onnxruntime import InferenceSession, SessionOptions

from gridstage.export.card import Card, Input

_ERRORS_ONLY = 4


def session_of(content: bytes) -> InferenceSession:
    """Return what runs a graph with one thread: sums have the same order on every run."""
    options = SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    return InferenceSession(content, options, providers=["CPUExecutionProvider"])


class OnnxModel:
    """A model of ONNX, whose file has this content."""

    def __init__(self, content: bytes) -> None:
        self.session = session_of(content)

    def outputs(self, card: Card, X: pd.DataFrame) -> list[np.ndarray]:
        """Return labels and probabilities, or numbers and the ends of their intervals, in this order."""
        given = {each.name: _cells(each, X[each.name]) for each in card.inputs}
        return list(self.session.run(None, given))


def _cells(column: Input, cells: Any) -> np.ndarray:
    if column.type != "category":
        return np.asarray(cells, dtype=np.float64)[:, None]
    # By the few labels, which is quicker than by cell.
    codes, labels = pd.factorize(cells)
    texts = np.array([*map(str, labels), column.missing], dtype=object)
    return texts[codes][:, None]
