"""Which inputs move a prediction most: what changes if one at a time has its typical value instead."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy.special import logit

from stages.lib.common import UserError
from stages.lib.export.card import Card, Input
from stages.lib.handover.notices import is_missing

# How many inputs are named for each row.
_MOST = 3
# Smaller changes count as none: of a probability or log-odds, and as a share of a predicted number, for its rounding.
_LEAST, _LEAST_SHARE = 1e-4, 1e-5
# The nearest to 0 and 1 that a probability counts, because log-odds are infinite there.
_CERTAIN = np.finfo(float).eps


def because(
    predict: Callable[[pd.DataFrame], pd.DataFrame],
    card: Card,
    X: pd.DataFrame,
    table: pd.DataFrame,
    after_each: Callable[[], object] = lambda: None,
) -> list[str]:
    """Name for each row the three inputs that move its prediction most, such as `glucose 183: +0.31; age 50: +0.05`.

    A change is the prediction less what it is with the typical value of this input in the row: of the number, of the
    probability of the second of two classes, or of that of the class that is predicted; of a linear model with classes,
    of log-odds, where it is exactly what the input adds to the sum. Inputs that change nothing are left out.

    `predict` returns predictions as the function `predict` does, and `table` are those of `X`; `after_each` runs after
    each input. Raises `UserError` if the card has no typical inputs, or the table no probabilities.
    """
    if all(each.typical is None for each in card.inputs):
        raise UserError(
            "The model was saved without typical inputs, which --explain needs. Run `dvc repro evaluate`."
        )
    labels = (
        pd.Index(card.classes).get_indexer(pd.Index(table[card.target]))
        if card.classes
        else np.zeros(len(table))
    )
    before, changes = _moved(card, table, labels), np.zeros((len(X), len(card.inputs)))
    for place, each in enumerate(card.inputs):
        cells = X[each.name]
        differs = np.asarray(
            cells.notna()
            if each.typical is None
            else cells.astype(object) != each.typical
        )
        if differs.any():
            typical = predict(X[differs].assign(**{each.name: each.typical}))
            changes[differs, place] = before[differs] - _moved(
                card, typical, labels[differs]
            )
        after_each()
    least = _LEAST if card.classes else _LEAST_SHARE * np.abs(before)[:, None]
    changes[np.abs(changes) < least] = 0
    return _texts(card.inputs, X, changes)


def _moved(card: Card, table: pd.DataFrame, labels: np.ndarray) -> np.ndarray:
    """Return what the inputs move in each row, shape (n_rows,); `labels` are the places of the classes in question."""
    if not card.classes:
        return table[card.target].to_numpy()
    names = [f"{card.target}={label}" for label in card.classes][
        1 if len(card.classes) == 2 else 0 :
    ]
    if names[0] not in table:
        raise UserError(
            "The model has no probabilities of classes, which --explain compares. Predict without it."
        )
    numbers = table[names].to_numpy()
    if card.kind == "linear":
        numbers = numbers.clip(_CERTAIN, 1 - _CERTAIN)
        numbers = (
            logit(numbers)
            if len(names) == 1
            else np.log(numbers) - np.log(numbers).mean(axis=1, keepdims=True)
        )
    return (
        numbers[:, 0] if len(names) == 1 else numbers[np.arange(len(numbers)), labels]
    )


def _texts(inputs: Sequence[Input], X: pd.DataFrame, changes: np.ndarray) -> list[str]:
    """Return the inputs with the largest changes, shape (n_rows, n_inputs), of each row."""
    # Rounded, so that changes which differ by the rounding of predictions alone are equal.
    largest = np.maximum(
        np.abs(changes).max(axis=1, keepdims=True), np.finfo(float).tiny
    )
    order = np.argsort(-np.abs(changes / largest).round(5), axis=1, kind="stable")[
        :, :_MOST
    ]
    named = np.full(order.shape, "", dtype=object)
    for place, each in enumerate(inputs):
        rows, ranks = np.nonzero((order == place) & (changes[:, [place]] != 0))
        cells = _cells(each, X[each.name].iloc[rows])
        named[rows, ranks] = [
            f"{each.name} {cell}: {float(f'{change:.2g}'):+.7g}"  # 12000, not 1.2e+04
            for cell, change in zip(cells, changes[rows, place], strict=True)
        ]
    return ["; ".join(filter(None, row)) for row in named.tolist()]


def _cells(each: Input, cells: pd.Series) -> np.ndarray:
    if each.type == "category":
        texts = cells.astype(object).to_numpy(copy=True)
    elif each.type == "boolean":
        texts = np.where(cells == 1, "yes", "no").astype(object)
    else:
        texts = np.array([f"{number:.7g}" for number in cells], dtype=object)
    texts[is_missing(each, cells)] = "missing"
    return texts
