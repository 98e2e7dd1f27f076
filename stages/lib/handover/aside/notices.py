"""Notes on rows that differ from those that a model was fitted on: one for each row, and how many there are."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from stages.lib.common import counted
from stages.lib.data.csv_text import CsvText
from stages.lib.export.card import Card, Input

# What a note says of an input, and what is said of all rows with such a note.
_IN_ALL = {
    "far outside": "numbers far outside of what the model was trained on",
    "unknown": "categories that the model was not trained on, which count as none",
    "missing": "missing cells",
}


@dataclass
class Notices:
    """The notes on the rows of a file, in pieces: of each kind, how many rows have one, and where the first is."""

    card: Card
    found: dict[str, tuple[int, str]] = field(default_factory=dict)

    def of(self, rows: CsvText, X: pd.DataFrame) -> list[str]:
        """Return a note on each row of a piece, such as `age far outside; plan unknown; bmi missing`, or "".

        `rows` are those of `X` as they are in the file. Inputs are in the order of the table.
        """
        notes, by_kind = np.full(len(X), "", dtype=object), dict[str, np.ndarray]()
        for each in self.card.inputs:
            for kind, odd in _oddities(each, X[each.name]):
                if odd.any():
                    note = f"{each.name} {kind}"
                    notes[odd] += np.where(notes[odd] == "", note, f"; {note}")
                    by_kind[kind] = by_kind.get(kind, False) | odd
        for kind, odd in by_kind.items():
            count, where = self.found.get(kind) or (0, rows.place(int(odd.argmax())))
            self.found[kind] = count + int(odd.sum()), where
        return list(notes)

    def sentences(self) -> Iterator[str]:
        """Yield for each kind of note how many rows have one, and where the first is."""
        for kind, what in _IN_ALL.items():
            if kind in self.found:
                count, where = self.found[kind]
                yield f"{counted(count, 'row')} with {what}: first in {where}"


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
