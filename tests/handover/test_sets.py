"""The sets of labels that can't be excluded, and what a card takes of errors."""

from typing import Any

import pandas as pd
import pytest

from stages.lib.common import UserError
from stages.lib.config import Prepare
from stages.lib.handover import Card, refuse_sets, sets_of

LEVELS = {f"{percent / 100:.2f}": 0.3 for percent in range(50, 100)}


def card_of(classes: list[str], **known: Any) -> Card:
    inputs = [{"name": "a", "type": "number"}]
    card = Card.model_validate(
        {"kind": "linear", "name": "linear", "target": "y", "classes": classes, "inputs": inputs, "prepare": Prepare()}
    )
    return card.knowing(known)


def test_a_set_has_every_class_that_is_as_probable_and_the_likeliest() -> None:
    card = card_of(["no", "yes"], sets=LEVELS | {"0.50": 0.9})
    table = pd.DataFrame({"y": ["no", "no", "yes"], "y=yes": [0.1, 0.4, 0.7]})
    assert sets_of(table, card, "0.9") == ["no", "no|yes", "no|yes"]
    assert sets_of(table, card, "0.5") == ["no", "no", "yes"]  # no class is as probable as 0.9
    several = card_of(["a", "b", "c"], sets=LEVELS)
    table = pd.DataFrame([["a", 0.5, 0.3, 0.2], ["c", 0.0, 0.0, 1.0]], columns=["y", "y=a", "y=b", "y=c"])
    assert sets_of(table, several, "0.90") == ["a|b", "c"]
    assert sets_of(table[:0], several, "0.90") == []


@pytest.mark.parametrize("level", ["0.5", "0.90", ".99", "9e-1"])
def test_levels_in_hundredths_are_fine(level: str) -> None:
    refuse_sets(card_of(["no", "yes"], sets=LEVELS), level)


@pytest.mark.parametrize("level", ["0.995", "1", "0.49", "90", "-0.9", "nan", "inf", "high", ""])
def test_other_levels_are_refused(level: str) -> None:
    with pytest.raises(
        UserError, match=r"^--sets is .*, but should be from 0.50 to 0.99, in hundredths, such as 0.9.$"
    ):
        refuse_sets(card_of(["no", "yes"], sets=LEVELS), level)


def test_models_without_sets_are_refused() -> None:
    with pytest.raises(UserError, match=r"--sets is for classes, but linear predicts a number, y. Leave --sets out"):
        refuse_sets(card_of([]), "0.9")
    with pytest.raises(UserError, match=r"linear has no sets of labels, because .* Run `dvc repro evaluate`"):
        refuse_sets(card_of(["no", "yes"]), "0.9")


def test_a_card_keeps_what_is_known() -> None:
    known = {"errors": {"median": 1.0, "most": 2.0}, "interval": {"level": 0.9, "edges": [1.0], "half_widths": [1, 2]}}
    card = card_of([], **known)
    assert card.model_validate_json(card.text) == card
    assert card.knowing({}) == card


@pytest.mark.parametrize(
    "known",
    [
        {"interval": {"level": 0.9, "edges": [2.0, 1.0], "half_widths": [1, 1, 1]}},
        {"interval": {"level": 0.9, "edges": [], "half_widths": [float("inf")]}},
        {"errors": {"median": -1.0, "most": 2.0}},
        {"sets": {"0.90": 1.5}},
    ],
)
def test_a_card_takes_no_other_numbers(known: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        card_of(["no", "yes"], **known)
