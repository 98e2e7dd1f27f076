"""The columns of a table, and their preparation, as the first part of a graph.

It mirrors `Columns.as_array` and `Preparation`, step by step.
"""

from typing import Any

import numpy as np
from onnx import TensorProto, numpy_helper
from sklearn.pipeline import Pipeline

from gridstage.export.card import Card, Input
from gridstage.export.graph import Graph, Value
from gridstage.export.quantiles import add_normal
from gridstage.model.preparation import CLIPPED_AT, Preparation


def add_rows(graph: Graph, card: Card, preparation: Preparation | None) -> Value:
    """Return the rows that the model takes, float32 of shape (n_rows, n_features)."""
    cells = [_cells(graph, each) for each in card.inputs]
    table = graph.add("Concat", *cells, axis=1)
    if preparation is None:
        return table.cast(TensorProto.FLOAT)
    marked = _marked(table, preparation)
    source = marked if preparation.impute else table
    parts = []
    for name, part, positions in preparation.parts_.transformers_:
        if name == "remainder":
            continue
        columns = source.columns(positions)
        steps = dict(part.steps) if isinstance(part, Pipeline) else {}
        parts.append(_part(columns, steps, preparation, name == "categories"))
    if indicated := preparation.indicated():
        lacks = marked.columns(indicated).apply("IsNaN")
        parts.append(lacks.cast(TensorProto.DOUBLE))
    return graph.add("Concat", *parts, axis=1).cast(TensorProto.FLOAT)


def _marked(table: Value, preparation: Preparation) -> Value:
    """Return the table with NaN for zeros that mean a missing value."""
    columns = preparation.columns
    if not columns.zeros:
        return table
    positions = columns.positions(columns.zeros)
    of_zeros = np.isin(np.arange(len(columns.types)), positions)
    lacks = table.apply("Equal", 0.0).apply("And", of_zeros[None])
    return table.where(lacks, np.nan)


def _cells(graph: Graph, column: Input) -> Value:
    """Return a column as float64: a category as its position, one that is not known as -1, a missing one as NaN."""
    cells = graph.value(column.name)
    if column.type != "category":
        return cells
    labels = np.array([*column.categories, column.missing], dtype=object)
    codes = np.append(np.arange(float(len(labels) - 1)), np.nan)
    return graph.ml(
        "LabelEncoder",
        cells,
        keys_tensor=numpy_helper.from_array(labels),
        values_tensor=numpy_helper.from_array(codes),
        default_tensor=numpy_helper.from_array(np.array([-1.0])),
    )


def _part(
    cells: Value, steps: dict[str, Any], preparation: Preparation, is_category: bool
) -> Value:
    """Return the columns of one kind, imputed, scaled or encoded."""
    if imputer := steps.get("impute"):
        cells = cells.where(cells.apply("IsNaN"), imputer.statistics_)
    if is_category:
        return _encoded(cells, preparation)
    if scaler := steps.get("scale"):
        return _scaled(cells, preparation.scale, scaler)
    return cells


def _encoded(cells: Value, preparation: Preparation) -> Value:
    is_missing = cells.apply("IsNaN")
    if preparation.encode == "ordinal":
        return cells.where(is_missing, -1.0)
    codes = preparation.codes()
    n_codes = [len(each) for each in codes]
    # A missing category that is one of its own comes last.
    is_own = np.array([np.isnan(each).any() for each in codes])
    last = np.where(is_own, np.array(n_codes) - 1.0, -1.0)
    filled = cells.where(is_missing, last)
    repeated = filled.columns(np.repeat(np.arange(len(codes)), n_codes))
    numbers = [np.arange(float(n)) for n in n_codes]
    is_it = repeated.apply("Equal", np.concatenate(numbers))
    return is_it.cast(TensorProto.DOUBLE)


def _scaled(x: Value, name: str, fitted: Any) -> Value:
    if name == "quantile":
        return add_normal(x, fitted)
    if name == "minmax":
        return x * fitted.scale_ + fitted.min_
    center = fitted.mean_ if name == "standard" else fitted.center_
    z = (x - center) / fitted.scale_
    if name != "robust_clipped":
        return z
    part = z / CLIPPED_AT
    return z / (part * part + 1.0).apply("Sqrt")
