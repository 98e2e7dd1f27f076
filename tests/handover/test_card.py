"""What a card says of the inputs. Oracles: the functions of Python's `statistics`."""

from collections import Counter
from dataclasses import replace
from statistics import median_low
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.lib.config import Prepare
from stages.lib.handover import Card
from tests.passengers import LABELS, passengers

IMPUTED, AS_THEY_ARE = Prepare(impute="median"), Prepare()


def card_of(prepare: Prepare, **columns: Any) -> Card:
    data = passengers()
    return Card.of("linear", "", prepare, replace(data, X=data.X.assign(**columns)), "y")


@pytest.mark.parametrize("prepare", [IMPUTED, AS_THEY_ARE])
def test_typical_inputs_are_medians_and_the_most_frequent_values(prepare: Prepare) -> None:
    X = passengers().X
    typical = {each.name: each.typical for each in card_of(prepare).inputs}
    assert typical["age"] == median_low(X["age"].dropna())
    assert typical["fare"] == median_low(X["fare"][X["fare"] > 0])  # 0 means that the cell is missing
    for name in ("port", "deck", "adult"):
        ((most_frequent, _),) = Counter(X[name].dropna()).most_common(1)
        assert typical[name] == most_frequent


def test_the_first_of_several_that_are_as_frequent_is_typical() -> None:
    labels = LABELS["deck"]
    X = passengers().X
    cells = pd.Categorical(np.resize([labels[2], labels[1]], len(X)), categories=labels)
    inputs = {each.name: each for each in card_of(IMPUTED, deck=cells, adult=np.arange(len(X)) % 2.0).inputs}
    assert inputs["deck"].typical == labels[1]
    assert inputs["adult"].typical == 0.0


def test_typical_values_are_kept_in_the_file_with_their_types() -> None:
    card = card_of(IMPUTED)
    assert Card.model_validate_json(card.model_dump_json()) == card
    assert [type(each.typical) for each in card.inputs] == [str, float, str, float, float]


def test_a_column_without_a_cell_has_no_typical_value() -> None:
    X = passengers().X
    nothing = {name: X[name].mask(np.ones(len(X), dtype=bool)) for name in ("port", "age", "adult")}
    inputs = {each.name: each for each in card_of(IMPUTED, fare=np.zeros(len(X)), **nothing).inputs}
    assert [inputs[name].typical for name in ("port", "age", "adult", "fare")] == [None] * 4
    assert "typical" not in inputs["age"].model_dump()
    assert (inputs["age"].limits, inputs["fare"].limits) == (None, (0.0, 0.0))
