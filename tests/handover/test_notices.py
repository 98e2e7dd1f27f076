"""Notes on rows that differ from those in training. Oracle: each cell, looked at by itself."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from stages.lib.config import Data, Prepare
from stages.lib.data import read_features
from stages.lib.handover import Card, Notices
from tests.passengers import LABELS, TYPES, passengers

COLUMNS = {
    "port": {"type": "category", "missing": "allowed"},
    "age": {"missing": "allowed"},
    "deck": {"type": "category"},
    "adult": {"type": "boolean", "missing": "allowed"},
    "fare": {"zero_is_missing": True},
    "survived": {"classes": ["no", "yes"]},
}
SPEC = Data.model_validate(
    {"path": "a.csv", "header": True, "target": "survived", "na_values": [""], "columns": COLUMNS}
)
AGES = passengers().X["age"].min(), passengers().X["age"].max()
LOW, HIGH = 2 * AGES[0] - AGES[1], 2 * AGES[1] - AGES[0]


def card_of(prepare: Prepare) -> Card:
    return Card.of("linear", "", prepare, passengers(), "survived")


def odd_rows(n: int) -> list[dict[str, str]]:
    """Return rows of which many have cells that are missing, unknown or far outside."""
    rng = np.random.default_rng(2)
    cells = {
        "port": ["C", "S", "Halifax", ""],
        "age": ["30", "", f"{LOW - 1:.3f}", f"{LOW + 1:.3f}", f"{HIGH + 1:.3f}", f"{HIGH - 1:.3f}"],
        "deck": ["A", "B", "Ö", "a"],
        "adult": ["yes", "no", ""],
        "fare": ["20", "0", "1e6"],
    }
    return [{name: str(rng.choice(texts)) for name, texts in cells.items()} for _ in range(n)]


def expected(row: dict[str, str], zero_is_missing: bool) -> Iterator[str]:
    for name, cell in row.items():
        if not cell or (name == "fare" and cell == "0" and zero_is_missing):
            yield f"{name} missing"
        elif name in LABELS and cell not in LABELS[name]:
            yield f"{name} unknown"
        elif (name == "age" and not LOW <= float(cell) <= HIGH) or (name == "fare" and float(cell) > 1e5):
            yield f"{name} far outside"


def noted(rows: list[dict[str, str]], card: Card, n_bytes: int = -1) -> tuple[list[str], list[str]]:
    """Return the notes on rows of a CSV, and what is said of all."""
    text = "\n".join([",".join(TYPES), *(",".join(row.values()) for row in rows)])
    notices, notes = Notices(card), list[str]()
    for piece, X in read_features(io.BytesIO(text.encode()), TYPES, SPEC, "rows", set(TYPES), n_bytes):
        notes += notices.of(piece, X)
    return notes, list(notices.sentences())


@pytest.mark.parametrize("n_bytes", [-1, 100, 1])
@pytest.mark.parametrize("impute", ["median", None])
def test_a_row_has_a_note_on_each_input_that_is_odd(impute: Any, n_bytes: int) -> None:
    rows = odd_rows(60)
    notes, sentences = noted(rows, card_of(Prepare(impute=impute)), n_bytes)
    assert notes == ["; ".join(expected(row, zero_is_missing=impute is not None)) for row in rows]
    assert "" in notes
    told = {
        "far outside": "numbers far outside of what the model was trained on",
        "unknown": "categories that the model was not trained on, which count as none",
        "missing": "missing cells",
    }
    of_a_kind = {kind: [i for i, note in enumerate(notes) if kind in note] for kind in told}
    assert sentences == [
        f"{len(of_a_kind[kind])} rows with {what}: first in line {of_a_kind[kind][0] + 2}"
        for kind, what in told.items()
    ]


def test_nothing_is_said_of_rows_as_in_training() -> None:
    row = {"port": "C", "age": str(AGES[0]), "deck": "A", "adult": "no", "fare": "20"}
    assert noted([row, row], card_of(Prepare())) == (["", ""], [])
    assert noted([row, row | {"deck": "Z"}], card_of(Prepare()))[1] == [
        "1 row with categories that the model was not trained on, which count as none: first in line 3"
    ]
