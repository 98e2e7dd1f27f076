"""What a fitted estimator predicts by its own methods, and whether an exported model predicts the same."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from stages.lib.export.card import Card, Input, without
from stages.lib.export.exported import least_of_second, parts_of
from stages.lib.model.prepared import preparation_of

# How much an exported model may differ: of a probability, or of a number relative to the largest of the table.
TOLERANCE = 1e-6
# How many times the last digit of a net's inputs it may differ, because each of its sums rounds, too.
_UNITS = 8


def outputs_of(
    estimator: BaseEstimator, card: Card, X: pd.DataFrame
) -> list[np.ndarray]:
    """Return what the exported model would: labels and probabilities, or numbers and the ends of their intervals."""
    return _finished(estimator, card, _raw(estimator, card, X))


def _finished(
    estimator: BaseEstimator, card: Card, numbers: np.ndarray
) -> list[np.ndarray]:
    """Return the outputs for what `_raw` returned."""
    if card.classes:
        _, model, _ = parts_of(estimator)
        second = numbers[:, 1] > least_of_second(card, model)
        chosen = (
            second.astype(int) if len(card.classes) == 2 else numbers.argmax(axis=1)
        )
        return [np.asarray(card.classes, dtype=object)[chosen], numbers]
    numbers = _in_own_unit(estimator, numbers)
    if card.interval is None:
        return [numbers]
    half = np.asarray(card.interval.half_widths)[
        np.searchsorted(card.interval.edges, numbers)
    ]
    return [numbers, numbers - half, numbers + half]


def largest_difference(
    estimator: BaseEstimator, card: Card, X: pd.DataFrame, found: list[np.ndarray]
) -> float:
    """Return how far an exported model's outputs are from the fitted one's, in units of the tolerance at that place.

    A number is predicted in the unit in which the target was scaled, so the tolerance is one there: its own unit may
    have places where a small step of the scaled number is a large one. Infinite if labels differ that are not ties.
    """
    raw = _raw(estimator, card, X)
    expected = _finished(estimator, card, raw)
    noise = _noise(estimator, card, X, raw) if card.kind == "net" else 0.0
    if card.classes:
        tolerance = max(TOLERANCE, noise)
        off = np.abs(found[1] - raw).max(axis=1) / tolerance
        ordered = np.sort(raw, axis=1)
        _, model, _ = parts_of(estimator)
        least = least_of_second(card, model)
        gap = (
            np.abs(raw[:, 1] - least)
            if len(card.classes) == 2
            else ordered[:, -1] - ordered[:, -2]
        )
        off = np.where((found[0] != expected[0]) & (gap > tolerance), np.inf, off)
        return float(np.nan_to_num(off, nan=np.inf).max())
    step = np.maximum(TOLERANCE * np.maximum(np.abs(raw), np.abs(raw).max()), noise)
    around = [
        np.abs(_in_own_unit(estimator, raw + side * step) - expected[0])
        for side in (-1, 1)
    ]
    allowed = (
        np.maximum(np.maximum(*around), TOLERANCE * np.abs(expected[0]))
        + np.finfo(float).tiny
    )
    return float(
        np.nan_to_num(np.abs(found[0] - expected[0]) / allowed, nan=np.inf).max()
    )


def odd_rows(card: Card, X: pd.DataFrame) -> pd.DataFrame:
    """Return rows of the table with one odd cell each, and one with all of them.

    An odd cell is missing, a number far outside or zero, or a category that no row has; cells are missing only where
    the model takes that.
    """
    cells = [
        (each.name, cell)
        for each in card.inputs
        for cell in _odd(each, each.name in card.may_lack)
    ]
    rows = (
        X.iloc[np.arange(len(cells) + 1) % len(X)].reset_index(drop=True).astype(object)
    )
    for i, (name, cell) in enumerate(cells):
        rows.loc[i, name] = rows.loc[len(cells), name] = cell
    for each in card.inputs:
        if each.type != "category":
            rows[each.name] = rows[each.name].astype(float)
    return rows


def _odd(column: Input, may_lack: bool) -> Iterator[float | str]:
    if column.range:
        low, high = column.range
        yield from (low - (high - low), high + 2 * (high - low), 0.0)
    if column.type == "category":
        yield without([*column.categories, column.missing], "?")
    if may_lack:
        yield np.nan


def _raw(estimator: BaseEstimator, card: Card, X: pd.DataFrame) -> np.ndarray:
    """Return probabilities of classes, or numbers in the unit in which the model was trained."""
    rows = card.columns.as_array(X, {})
    if preparation_of(estimator) is None:
        rows = rows.astype(np.float32)
    inner = getattr(
        estimator, "regressor_", estimator
    )  # without the scaling of the target
    return np.asarray(
        inner.predict_proba(rows) if card.classes else inner.predict(rows).ravel(),
        dtype=np.float64,
    )


def _noise(
    estimator: BaseEstimator, card: Card, X: pd.DataFrame, raw: np.ndarray
) -> float:
    """Return how far a net's outputs may be off because it computes in float32, which no two programs sum alike.

    It is judged by what the last digit of its inputs changes, which is much if they are not scaled.
    """
    preparation, net, _ = parts_of(estimator)
    rows = card.columns.as_array(X, {})
    rows = np.asarray(
        rows if preparation is None else preparation.transform(rows), dtype=np.float32
    )
    moved = [
        np.nextafter(rows, np.float32(towards)) for towards in (-np.inf, 0, np.inf)
    ]
    outputs = [
        net.predict_proba(each) if card.classes else net.predict(each).ravel()
        for each in moved
    ]
    return _UNITS * max(float(np.abs(each - raw).max()) for each in outputs)


def _in_own_unit(estimator: BaseEstimator, numbers: np.ndarray) -> np.ndarray:
    _, _, target = parts_of(estimator)
    return (
        numbers
        if target is None
        else np.asarray(target.inverse_transform(numbers[:, None]).ravel())
    )
