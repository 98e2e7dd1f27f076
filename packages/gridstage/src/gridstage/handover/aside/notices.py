"""Notes on rows that differ from those that a model was fitted on: one for each row, and how many there are."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from gridstage.common import counted
from gridstage.data.csv_text import CsvText
from gridstage.export.card import Card, Input

# What a note says of an input, and what is said of all rows with such a note.
_IN_ALL = {
    "far outside": "numbers far outside of what the model was trained on",
    "unknown": "categories that the model was not trained on, which count as none",
    "missing": "missing cells",
}


def notices(card: Card, rows: CsvText, X: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return a note on each row, such as `age far outside; plan unknown; bmi missing`, or "", and sentences on all.

    `rows` are those of `X` as they are in the file. Inputs are in the order of the table. For each kind of note, a
    sentence says how many rows have one, and where the first is.
    """
    notes, by_kind = np.full(len(X), "", dtype=object), dict[str, np.ndarray]()
    for each in card.inputs:
        for kind, odd in _oddities(each, X[each.name]):
            if odd.any():
                note = f"{each.name} {kind}"
                notes[odd] += np.where(notes[odd] == "", note, f"; {note}")
                by_kind[kind] = by_kind.get(kind, False) | odd
    sentences = []
    for kind, what in _IN_ALL.items():
        if kind in by_kind:
            odd = by_kind[kind]
            rows_in_words = counted(int(odd.sum()), "row")
            where = rows.place(int(odd.argmax()))
            sentences.append(f"{rows_in_words} with {what}: first in {where}")
    return list(notes), sentences


def is_missing(each: Input, cells: pd.Series) -> np.ndarray:
    """Return which cells of an input are missing, shape (n_rows,); zeros that mean so are."""
    return np.asarray(cells.isna() | (cells == 0) if each.zeros else cells.isna())


def _oddities(each: Input, cells: pd.Series) -> Iterator[tuple[str, np.ndarray]]:
    """Yield what a note may say of an input, and of which rows, shape (n_rows,)."""
    if each.limits is not None:
        low, high = each.limits
        yield "far outside", np.asarray((cells < low) | (cells > high))
    if each.type == "category":
        yield "unknown", np.asarray(cells.notna() & ~cells.isin(each.categories))
    yield "missing", is_missing(each, cells)
