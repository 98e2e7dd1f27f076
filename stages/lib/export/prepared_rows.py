"""The columns of a table, and their preparation, as the first part of a graph.

It mirrors `Columns.as_array` and `Preparation`, step by step.
"""

from typing import Any

import numpy as np
from onnx import TensorProto, numpy_helper
from sklearn.pipeline import Pipeline

from stages.lib.export.card import Card
from stages.lib.export.graph import Graph
from stages.lib.export.quantiles import add_normal
from stages.lib.model.preparation import CLIPPED_AT, Preparation


def add_rows(graph: Graph, card: Card, preparation: Preparation | None) -> str:
    """Return the rows that the model takes, float32 of shape (n_rows, n_features)."""
    table = graph.add("Concat", *(_cells(graph, each) for each in card.inputs), axis=1)
    if preparation is None:
        return graph.cast(table, TensorProto.FLOAT)
    columns = preparation.columns
    marked = table
    if columns.zeros:
        of_zeros = np.isin(
            np.arange(len(columns.types)), columns.positions(columns.zeros)
        )
        lacks = graph.add("And", graph.add("Equal", table, 0.0), of_zeros[None])
        marked = graph.add("Where", lacks, np.nan, table)
    parts = []
    for name, part, positions in preparation.parts_.transformers_:
        if name != "remainder":
            cells = graph.columns(marked if preparation.impute else table, positions)
            steps = dict(part.steps) if isinstance(part, Pipeline) else {}
            parts.append(
                _part(
                    graph, cells, steps, preparation, is_category=name == "categories"
                )
            )
    if indicated := preparation.indicated():
        lacks = graph.add("IsNaN", graph.columns(marked, indicated))
        parts.append(graph.cast(lacks, TensorProto.DOUBLE))
    return graph.cast(graph.add("Concat", *parts, axis=1), TensorProto.FLOAT)


def _cells(graph: Graph, column: Any) -> str:
    """Return a column as float64: a category as its position, one that is not known as -1, a missing one as NaN."""
    if column.type != "category":
        return str(column.name)
    labels = np.array([*column.categories, column.missing], dtype=object)
    codes = np.append(np.arange(float(len(labels) - 1)), np.nan)
    tensors = {
        "keys_tensor": labels,
        "values_tensor": codes,
        "default_tensor": np.array([-1.0]),
    }
    return graph.ml(
        "LabelEncoder",
        column.name,
        **{key: numpy_helper.from_array(each) for key, each in tensors.items()},
    )


def _part(
    graph: Graph,
    cells: str,
    steps: dict[str, Any],
    preparation: Preparation,
    is_category: bool,
) -> str:
    """Return the columns of one kind, imputed, scaled or encoded."""
    if imputer := steps.get("impute"):
        cells = graph.add(
            "Where", graph.add("IsNaN", cells), imputer.statistics_, cells
        )
    if is_category:
        return _encoded(graph, cells, preparation)
    return (
        _scaled(graph, cells, preparation.scale, steps["scale"])
        if "scale" in steps
        else cells
    )


def _encoded(graph: Graph, cells: str, preparation: Preparation) -> str:
    codes = preparation.codes()
    if preparation.encode == "ordinal":
        return graph.add("Where", graph.add("IsNaN", cells), -1.0, cells)
    # A missing category that is one of its own comes last.
    last = np.array(
        [len(each) - 1.0 if np.isnan(each).any() else -1.0 for each in codes]
    )
    cells = graph.add("Where", graph.add("IsNaN", cells), last, cells)
    repeated = graph.columns(
        cells, np.repeat(np.arange(len(codes)), list(map(len, codes)))
    )
    is_it = graph.add(
        "Equal",
        repeated,
        np.concatenate([np.arange(float(len(each))) for each in codes]),
    )
    return graph.cast(is_it, TensorProto.DOUBLE)


def _scaled(graph: Graph, x: str, name: str, fitted: Any) -> str:
    if name == "quantile":
        return add_normal(graph, x, fitted)
    if name == "minmax":
        return graph.add("Add", graph.add("Mul", x, fitted.scale_), fitted.min_)
    center = fitted.mean_ if name == "standard" else fitted.center_
    z = graph.add("Div", graph.add("Sub", x, center), fitted.scale_)
    if name != "robust_clipped":
        return z
    part = graph.add("Div", z, CLIPPED_AT)
    return graph.add(
        "Div", z, graph.add("Sqrt", graph.add("Add", graph.add("Mul", part, part), 1.0))
    )
