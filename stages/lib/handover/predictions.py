"""Predicts rows of a table with a model that was read from a file."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from stages.lib.common import UserError, explained
from stages.lib.handover.card import Card
from stages.lib.handover.plain import PlainModel
from stages.lib.handover.sentences import AGAIN
from stages.lib.model.prepared import preparation_of


def may_lack(card: Card) -> set[str]:
    """Return the features of which the model takes missing cells.

    Those are all of a model that takes missing cells as they are; else those that it imputes, or knows as a category.
    """
    if card.takes_missing:
        return set(card.features)
    impute = card.prepare.impute
    imputed = {key for key, kind in card.types.items() if impute and (kind != "category" or impute == "most_frequent")}
    return imputed | set(card.columns.lacking)


def predict(estimator: BaseEstimator | PlainModel, card: Card, X: pd.DataFrame) -> pd.DataFrame:
    """Predict rows.

    Parameters
    ----------
    estimator, card
        As `load_model` returns them.
    X : DataFrame of shape (n_rows, n_features)
        The columns of `card.features`.

    Returns
    -------
    DataFrame
        For a regression, the number, in a column with the target's name. For classes, the label in a column with the
        target's name, then probabilities: `target=label` of the second of two classes, or of each of several.

    Raises
    ------
    UserError
        If cells are missing that the preparation does not replace.
    """
    missing = {} if card.takes_missing or card.prepare.impute else card.columns.missing(X)
    if missing:
        listed = ", ".join(f"{name} ({count:,})" for name, count in missing.items())
        raise UserError(
            f"Cells are missing in {listed}, and the model was trained with prepare.impute: null. Fill them in, or set "
            "prepare.impute in params.yaml, and run `dvc repro`."
        )
    given = card.columns.as_array(X)
    if not isinstance(estimator, PlainModel) and preparation_of(estimator) is None:
        given = given.astype(np.float32)
    with explained("The saved model can't predict these rows", AGAIN):
        proba = estimator.predict_proba(given) if card.classes else estimator.predict(given).ravel()
        labels = np.asarray(card.classes)[estimator.predict(given)] if card.classes else proba
    finite = np.isfinite(proba).reshape(len(given), -1).all(axis=1)
    if not finite.all():
        raise UserError(
            f"The saved model has no finite prediction for row {int(np.argmin(finite)) + 1} and {(~finite).sum() - 1} "
            "others: their values are too large for it, or its weights are. Correct the values, or train a model on "
            "such rows."
        )
    if not card.classes:
        return pd.DataFrame({card.target: proba})
    first = 1 if len(card.classes) == 2 else 0
    if not np.allclose(proba.sum(axis=1), 1, atol=1e-3):  # a criterion of the user's own may leave other numbers
        return pd.DataFrame({card.target: labels})
    columns = {f"{card.target}={label}": proba[:, number] for number, label in enumerate(card.classes)}
    return pd.DataFrame({card.target: labels} | dict(list(columns.items())[first:]))
