"""What a card says of inputs and errors, and notes on rows. Oracles: Python's `statistics`, and each cell by itself."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from statistics import median_low
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gridstage.config import Data, Prepare
from gridstage.data import read_features
from gridstage.handover import Card, notices, refuse_sets, sets_of
from packages.gridstage.tests.passengers import LABELS, TYPES, passengers
from packages.gridstage.tests.refusals import refused

IMPUTED, AS_THEY_ARE = Prepare(impute="median"), Prepare()


def card_of(prepare: Prepare, **columns: Any) -> Card:
    data = passengers()
    return Card.of(
        "linear", "", prepare, replace(data, X=data.X.assign(**columns)), "y"
    )


@pytest.mark.parametrize("prepare", [IMPUTED, AS_THEY_ARE])
def test_typical_inputs_are_medians_and_the_most_frequent_values(
    prepare: Prepare,
) -> None:
    X = passengers().X
    typical = {each.name: each.typical for each in card_of(prepare).inputs}
    assert typical["age"] == median_low(X["age"].dropna())
    assert typical["fare"] == median_low(
        X["fare"][X["fare"] > 0]
    )  # 0 means that the cell is missing
    for name in ("port", "deck", "adult"):
        ((most_frequent, _),) = Counter(X[name].dropna()).most_common(1)
        assert typical[name] == most_frequent


def test_the_first_of_several_that_are_as_frequent_is_typical() -> None:
    labels = LABELS["deck"]
    n_rows = len(passengers().X)
    cells = pd.Categorical(np.resize([labels[2], labels[1]], n_rows), categories=labels)
    _, _, deck, adult, _ = card_of(
        IMPUTED, deck=cells, adult=np.arange(n_rows) % 2.0
    ).inputs
    assert (deck.typical, adult.typical) == (labels[1], 0.0)


def test_a_column_without_a_cell_has_no_typical_value() -> None:
    X = passengers().X
    n_rows = len(X)
    nothing = {
        name: X[name].mask(np.ones(n_rows, dtype=bool))
        for name in ("port", "age", "adult")
    }
    port, age, _, adult, fare = card_of(
        IMPUTED, fare=np.zeros(n_rows), **nothing
    ).inputs
    assert {each.typical for each in (port, age, adult, fare)} == {None}
    assert "typical" not in age.model_dump()
    assert (age.limits, fare.limits) == (None, (0.0, 0.0))


LEVELS = {f"{percent / 100:.2f}": 0.3 for percent in range(50, 100)}


def card_knowing(classes: list[str], **known: Any) -> Card:
    inputs = [{"name": "a", "type": "number"}]
    card = Card.model_validate(
        {
            "kind": "linear",
            "name": "linear",
            "target": "y",
            "classes": classes,
            "inputs": inputs,
            "prepare": Prepare(),
        }
    )
    return card.knowing(known)


def test_a_set_has_every_class_that_is_as_probable_and_the_likeliest() -> None:
    card = card_knowing(["no", "yes"], sets=LEVELS | {"0.50": 0.9})
    table = pd.DataFrame({"y": ["no", "no", "yes"], "y=yes": [0.1, 0.4, 0.7]})
    assert sets_of(table, card, "0.9") == ["no", "no|yes", "no|yes"]
    assert sets_of(table, card, "0.5") == [
        "no",
        "no",
        "yes",
    ]  # no class is as probable as 0.9
    several = card_knowing(["a", "b", "c"], sets=LEVELS)
    table = pd.DataFrame(
        [["a", 0.5, 0.3, 0.2], ["c", 0.0, 0.0, 1.0]], columns=["y", "y=a", "y=b", "y=c"]
    )
    assert sets_of(table, several, "0.90") == ["a|b", "c"]
    assert sets_of(table[:0], several, "0.90") == []


@pytest.mark.parametrize("level", ["0.5", "0.90", ".99", "9e-1"])
def test_levels_in_hundredths_are_fine(level: str) -> None:
    refuse_sets(card_knowing(["no", "yes"], sets=LEVELS), level)


OTHER = "--sets is .*, but should be from 0.50 to 0.99, in hundredths, such as 0.9.$"
LABELLED = card_knowing(["no", "yes"], sets=LEVELS)


@pytest.mark.parametrize(
    ("card", "level", "sentence"),
    [
        *(
            (LABELLED, level, OTHER)
            for level in "0.995 1 0.49 90 -0.9 nan inf high".split(" ")
        ),
        (LABELLED, "", OTHER),
        (
            card_knowing([]),
            "0.9",
            "--sets is for classes, but linear predicts a number, y. Leave --sets out",
        ),
        (
            card_knowing(["no", "yes"]),
            "0.9",
            "linear has no sets of labels, because .* Run `dvc repro evaluate`",
        ),
    ],
)
def test_other_levels_and_models_without_sets_are_refused(
    card: Card, level: str, sentence: str
) -> None:
    with refused(f"^{sentence}"):
        refuse_sets(card, level)


KNOWN = {
    "errors": {"median": 1.0, "most": 2.0},
    "interval": {"level": 0.9, "edges": [1.0], "half_widths": [1, 2]},
}


@pytest.mark.parametrize("card", [card_knowing([], **KNOWN), card_of(IMPUTED)])
def test_a_card_is_read_as_it_was_written(card: Card) -> None:
    again = Card.model_validate_json(card.text)
    assert again == card.knowing({}) == card
    types = [type(each.typical) for each in card.inputs]
    assert [type(each.typical) for each in again.inputs] == types


def test_a_card_takes_no_other_numbers() -> None:
    with pytest.raises(ValueError, match="validation error"):
        card_knowing(["no", "yes"], sets={"0.90": 1.5})


COLUMNS = {
    "port": {"type": "category", "missing": "allowed"},
    "age": {"missing": "allowed"},
    "deck": {"type": "category"},
    "adult": {"type": "boolean", "missing": "allowed"},
    "fare": {"zero_is_missing": True},
    "survived": {"classes": ["no", "yes"]},
}
SPEC = Data.model_validate(
    {
        "path": "a.csv",
        "header": True,
        "target": "survived",
        "na_values": [""],
        "columns": COLUMNS,
    }
)
AGES = passengers().X["age"].min(), passengers().X["age"].max()
LOW, HIGH = 2 * AGES[0] - AGES[1], 2 * AGES[1] - AGES[0]


def card_with(prepare: Prepare) -> Card:
    return Card.of("linear", "", prepare, passengers(), "survived")


def odd_rows(n: int) -> list[dict[str, str]]:
    """Return rows of which many have cells that are missing, unknown or far outside."""
    rng = np.random.default_rng(2)
    cells = {
        "port": ["C", "S", "Halifax", ""],
        "age": [
            "30",
            "",
            f"{LOW - 1:.3f}",
            f"{LOW + 1:.3f}",
            f"{HIGH + 1:.3f}",
            f"{HIGH - 1:.3f}",
        ],
        "deck": ["A", "B", "Ö", "a"],
        "adult": ["yes", "no", ""],
        "fare": ["20", "0", "1e6"],
    }
    return [
        {name: str(rng.choice(texts)) for name, texts in cells.items()}
        for _ in range(n)
    ]


def expected(row: dict[str, str], zero_is_missing: bool) -> Iterator[str]:
    for name, cell in row.items():
        if not cell or (name == "fare" and cell == "0" and zero_is_missing):
            yield f"{name} missing"
        elif name in LABELS and cell not in LABELS[name]:
            yield f"{name} unknown"
        elif (name == "age" and not LOW <= float(cell) <= HIGH) or (
            name == "fare" and float(cell) > 1e5
        ):
            yield f"{name} far outside"


def noted(rows: list[dict[str, str]], card: Card) -> tuple[list[str], list[str]]:
    """Return the notes on rows of a CSV, and what is said of all."""
    text = "\n".join([",".join(TYPES), *(",".join(row.values()) for row in rows)])
    return notices(card, *read_features(text.encode(), TYPES, SPEC, "rows", set(TYPES)))


@pytest.mark.parametrize("impute", ["median", None])
def test_a_row_has_a_note_on_each_input_that_is_odd(impute: Any) -> None:
    rows = odd_rows(60)
    notes, sentences = noted(rows, card_with(Prepare(impute=impute)))
    assert notes == [
        "; ".join(expected(row, zero_is_missing=impute is not None)) for row in rows
    ]
    assert "" in notes
    told = {
        "far outside": "numbers far outside of what the model was trained on",
        "unknown": "categories that the model was not trained on, which count as none",
        "missing": "missing cells",
    }
    of_a_kind = {
        kind: [i for i, note in enumerate(notes) if kind in note] for kind in told
    }
    assert sentences == [
        f"{len(of_a_kind[kind])} rows with {what}: first in line {of_a_kind[kind][0] + 2}"
        for kind, what in told.items()
    ]


def test_nothing_is_said_of_rows_as_in_training() -> None:
    row = {"port": "C", "age": str(AGES[0]), "deck": "A", "adult": "no", "fare": "20"}
    assert noted([row, row], card_with(Prepare())) == (["", ""], [])
    assert noted([row, row | {"deck": "Z"}], card_with(Prepare()))[1] == [
        "1 row with categories that the model was not trained on, which count as none: first in line 3"
    ]
