"""What a fitted estimator predicts by its own methods, and whether an exported model predicts the same."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from onnx import TensorProto
from sklearn.base import BaseEstimator

from gridstage.export.card import Card, Input, without
from gridstage.export.exported import parts_of
from gridstage.export.graph import Graph
from gridstage.export.outputs import add_outputs
from gridstage.handover.runtime import session_of
from gridstage.model.prepared import preparation_of

# How much an exported model may differ: of a probability, or of a number relative to the largest of the table.
TOLERANCE = 1e-6
# How many times the last digit of a net's inputs it may differ, because each of its sums rounds, too.
_UNITS = 8
_NUMBERS = "numbers"


def outputs_of(
    estimator: BaseEstimator, card: Card, X: pd.DataFrame
) -> list[np.ndarray]:
    """Return what the exported model would: labels and probabilities, or numbers and the ends of their intervals."""
    numbers = _raw(estimator, card, X)
    if not card.classes:
        numbers = _in_own_unit(estimator, numbers)[:, None]
    graph = Graph([_NUMBERS])
    _, model, _ = parts_of(estimator)
    outputs = add_outputs(graph.value(_NUMBERS), card, model)
    inputs, width = {_NUMBERS: TensorProto.DOUBLE}, numbers.shape[1]
    rules = graph.model(inputs, outputs, "", width).SerializeToString()
    return list(session_of(rules).run(None, {_NUMBERS: numbers}))


def largest_difference(
    estimator: BaseEstimator, card: Card, X: pd.DataFrame, found: list[np.ndarray]
) -> float:
    """Return how far an exported model's outputs are from the fitted one's, in units of the tolerance at that place.

    A number is predicted in the unit in which the target was scaled, so the tolerance is one there: its own unit may
    have places where a small step of the scaled number is a large one. Labels follow from probabilities by the same
    rules, `add_outputs`, and so do intervals from numbers.
    """
    raw = _raw(estimator, card, X)
    noise = _noise(estimator, card, X, raw) if card.kind == "net" else 0.0
    if card.classes:
        off, allowed = np.abs(found[1] - raw), np.maximum(TOLERANCE, noise)
    else:
        expected = _in_own_unit(estimator, raw)
        off, allowed = np.abs(found[0] - expected), TOLERANCE * np.abs(expected)
        sizes = np.abs(raw)
        step = np.maximum(TOLERANCE * np.maximum(sizes, sizes.max()), noise)
        for near in (raw - step, raw + step):
            moved = np.abs(_in_own_unit(estimator, near) - expected)
            allowed = np.maximum(allowed, moved)
        allowed += np.finfo(float).tiny
    return float(np.nan_to_num(off / allowed, nan=np.inf).max())


def odd_rows(card: Card, X: pd.DataFrame) -> pd.DataFrame:
    """Return rows of the table with one odd cell each, and one with all of them.

    An odd cell is missing, a number far outside or zero, or a category that no row has; cells are missing only where
    the model takes that.
    """
    cells = [(each.name, cell) for each in card.inputs for cell in _odd(each, card)]
    last = len(cells)
    places = np.arange(last + 1) % len(X)
    rows = X.iloc[places].reset_index(drop=True).astype(object)
    for i, (name, cell) in enumerate(cells):
        rows.loc[[i, last], name] = cell
    for each in card.inputs:
        if each.type != "category":
            rows[each.name] = rows[each.name].astype(float)
    return rows


def _odd(column: Input, card: Card) -> Iterator[float | str]:
    if column.range:
        low, high = column.range
        width = high - low
        yield from (low - width, high + 2 * width, 0.0)
    if column.type == "category":
        yield without([*column.categories, column.missing], "?")
    if column.name in card.may_lack:
        yield np.nan


def _raw(estimator: BaseEstimator, card: Card, X: pd.DataFrame) -> np.ndarray:
    """Return probabilities of classes, or numbers in the unit in which the model was trained."""
    rows = card.columns.as_array(X)
    if preparation_of(estimator) is None:
        rows = rows.astype(np.float32)
    # Without the scaling of the target.
    inner = getattr(estimator, "regressor_", estimator)
    return np.asarray(_predicted(inner, card, rows), dtype=np.float64)


def _predicted(model: BaseEstimator, card: Card, rows: np.ndarray) -> np.ndarray:
    if card.classes:
        return np.asarray(model.predict_proba(rows))
    return np.asarray(model.predict(rows)).ravel()


def _noise(
    estimator: BaseEstimator, card: Card, X: pd.DataFrame, raw: np.ndarray
) -> float:
    """Return how far a net's outputs may be off because it computes in float32, which no two programs sum alike.

    It is judged by what the last digit of its inputs changes, which is much if they are not scaled.
    """
    preparation, net, _ = parts_of(estimator)
    rows = card.columns.as_array(X)
    if preparation is not None:
        rows = preparation.transform(rows)
    rows = rows.astype(np.float32)
    largest = 0.0
    for towards in (-np.inf, 0, np.inf):
        moved = np.nextafter(rows, np.float32(towards))
        change = np.abs(_predicted(net, card, moved) - raw).max()
        largest = max(largest, float(change))
    return _UNITS * largest


def _in_own_unit(estimator: BaseEstimator, numbers: np.ndarray) -> np.ndarray:
    _, _, target = parts_of(estimator)
    if target is None:
        return numbers
    return np.asarray(target.inverse_transform(numbers[:, None]).ravel())
