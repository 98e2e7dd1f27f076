"""Predicts rows of a table with a model that was read from a file."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from stages.lib.common import UserError, explained
from stages.lib.handover.card import Card
from stages.lib.handover.plain import PlainModel
from stages.lib.model.prepared import preparation_of


def may_lack(card: Card) -> set[str]:
    """Return the features in which cells may be missing: the model takes, imputes, or knows them as a category."""
    takes_all, impute = card.kind in {"boosting", "constant"}, card.prepare.impute
    imputed = {"number", "boolean"} if impute else set()
    imputed |= {"category"} if impute == "most_frequent" else set()
    return {each.name for each in card.inputs if takes_all or each.lacks or each.type in imputed}


def far_outside(card: Card, X: pd.DataFrame) -> Iterator[tuple[str, int]]:
    """Yield the columns with numbers beyond those that the model was trained on, by more than their whole range.

    Each is a sentence, with the number of such rows, and the first of them; row 0 is the first one of `X`.
    """
    for each in card.inputs:
        if each.range is None:
            continue
        low, high = each.range
        rows = np.flatnonzero((X[each.name] < low - (high - low)) | (X[each.name] > high + (high - low)))
        if len(rows):
            count = f"{len(rows):,} rows are" if len(rows) > 1 else "1 row is"
            trained = f"what the model was trained on ({low:g} to {high:g})"
            yield f"column {each.name}: {count} far outside of {trained}", int(rows[0])


def predict(estimator: BaseEstimator | PlainModel, card: Card, X: pd.DataFrame) -> pd.DataFrame:
    """Predict rows, which have the columns of the card, with a model as `load_model` returns it.

    The table has the predicted number or label in a column with the target's name, and for classes their probabilities:
    `target=label` of the second of two, or of each of several. Raises `UserError` if a prediction is
    not finite. Cells may be missing in the columns of `may_lack` alone; `read_features` refuses others.
    """
    rows = card.columns.as_array(X)
    if not isinstance(estimator, PlainModel) and preparation_of(estimator) is None:
        rows = rows.astype(np.float32)
    with explained("The saved model can't predict these rows", "Run `dvc repro evaluate`."):
        numbers = estimator.predict_proba(rows) if card.classes else estimator.predict(rows).ravel()
        labels = np.asarray(card.classes)[estimator.predict(rows)] if card.classes else numbers
    finite = np.isfinite(numbers).reshape(len(rows), -1).all(axis=1)
    if not finite.all():
        raise UserError(
            f"The saved model has no finite prediction for row {int(np.argmin(finite)) + 1} and {(~finite).sum() - 1} "
            "others: their values are too large for it, or its weights are. Correct the values, or train a model on "
            "such rows."
        )
    table = pd.DataFrame({card.target: labels})
    # A criterion of the user's own may leave other numbers than probabilities.
    if card.classes and np.allclose(numbers.sum(axis=1), 1, atol=1e-3):
        for number, label in list(enumerate(card.classes))[1 if len(card.classes) == 2 else 0 :]:
            table[f"{card.target}={label}"] = numbers[:, number]
    return table
