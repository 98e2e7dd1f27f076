"""The set of labels of each row that can't be excluded with a given probability."""

import numpy as np
import pandas as pd

from gridstage.common import UserError
from gridstage.export.card import Card

# Between the labels of a set.
_BETWEEN = "|"


def refuse_sets(card: Card, level: str) -> None:
    """Raise `UserError` if a model has no sets of labels of this level, such as 0.9."""
    if not card.classes:
        raise UserError(
            f"--sets is for classes, but {card.called} predicts a number, {card.target}. Leave --sets out."
        )
    if not card.sets:
        finding = f"{card.called} has no sets of labels, because it has no probabilities, or is of an earlier version"
        raise UserError(f"{finding}. Run `dvc repro evaluate`, or leave --sets out.")
    if _key(level) not in card.sets:
        lowest, *_, highest = sorted(card.sets)
        raise UserError(
            f"--sets is {level}, but should be from {lowest} to {highest}, in hundredths, such as 0.9."
        )


def _key(level: str) -> str:
    try:
        number = float(level)
    except ValueError:
        return ""
    return f"{number:.2f}" if number == round(number, 2) else ""


def sets_of(table: pd.DataFrame, card: Card, level: str) -> list[str]:
    """Return for each row of the table, as `predict` returns it, the labels that can't be excluded.

    With the probability `level`, which `refuse_sets` has checked, the true label is one of them. They stand in the
    order of the classes, with `|` between them; the likeliest is always one, so no set is empty.
    """
    probabilities = table.iloc[:, 1:].to_numpy(float)
    if len(card.classes) == 2:
        probabilities = np.column_stack([1 - probabilities[:, 0], probabilities])
    held = probabilities >= card.sets[_key(level)]
    held[np.arange(len(held)), probabilities.argmax(axis=1)] = True
    labels = np.array(card.classes, dtype=object)
    return [_BETWEEN.join(labels[each]) for each in held]
