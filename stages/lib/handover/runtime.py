"""Runs a model by onnxruntime on the CPU, on rows of a table."""

from typing import Any

import numpy as np
import pandas as pd
from onnxruntime import InferenceSession, SessionOptions

from stages.lib.export.card import Card, Input

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

    @property
    def signature(self) -> tuple[dict[str, str], int]:
        """The types of the inputs by name, and how many outputs there are."""
        types = {each.name: each.type for each in self.session.get_inputs()}
        return types, len(self.session.get_outputs())

    def outputs(self, card: Card, X: pd.DataFrame) -> list[np.ndarray]:
        """Return labels and probabilities, or numbers and the ends of their intervals, in this order.

        Raises `ValueError` if they are of other classes, or of another number of rows.
        """
        given = {each.name: _cells(each, X[each.name]) for each in card.inputs}
        first, *others = found = list(self.session.run(None, given))
        shape = (len(X), len(card.classes)) if card.classes else (len(X),)
        if first.shape != (len(X),) or any(each.shape != shape for each in others):
            raise ValueError("its outputs have another shape than its card says")
        if card.classes and not set(first) <= set(card.classes):
            raise ValueError("it predicts other classes than those of its card")
        return found


def _cells(column: Input, cells: Any) -> np.ndarray:
    if column.type != "category":
        return np.asarray(cells, dtype=np.float64)[:, None]
    # By the few labels, which is quicker than by cell.
    codes, labels = pd.factorize(cells)
    texts = np.array([*map(str, labels), column.missing], dtype=object)
    return texts[codes][:, None]
