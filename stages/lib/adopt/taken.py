"""The cells of a column of a table, and what the column is taken for."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from stages.lib.adopt.table import Table
from stages.lib.common import first_of
from stages.lib.common.tables import print_rows
from stages.lib.data.texts import numbers

Kind = Literal["number", "category", "boolean", "date", "not used", "target"]

# Whole numbers up to this one are shown with all digits; and the most characters of a value.
_EXACT, _LONGEST = 1e12, 20


@dataclass(frozen=True)
class Taken:
    """What a column is taken for, and why.

    `seen` is the range of its numbers, or some of its values; `missing` is how many of its cells are missing. The hint
    says what only the user can decide; it is empty if there is nothing.
    """

    name: str
    kind: Kind
    seen: str
    missing: int
    why: str
    hint: str = ""

    @property
    def is_feature(self) -> bool:
        """Whether the target is predicted from it."""
        return self.kind in {"number", "category", "boolean"}

    @property
    def entry(self) -> dict[str, Any]:
        """Its entry in `data.columns`, for other columns than the target; empty for numbers that lack nothing."""
        if self.kind == "not used":
            return {"use": False}
        kind = {} if self.kind == "number" else {"type": self.kind}
        return kind | ({"missing": "allowed"} if self.missing else {})


class Cells:
    """The cells of a column, and what the rules look at."""

    def __init__(self, table: Table, name: str) -> None:
        self.table, self.name = table, name
        self.values = table.frame[name].dropna()
        self.missing = len(table.frame) - len(self.values)
        self.are_numbers = pd.api.types.is_numeric_dtype(self.values)
        self.are_whole = self.are_numbers and bool((self.values % 1 == 0).all())
        self.unique = sorted(self.values.unique())
        self.distinct = len(self.unique)

    @cached_property
    def odd(self) -> pd.Series:
        """The cells of a text that are not numbers."""
        is_odd = np.isnan(numbers(self.unique, self.table.csv.decimal))
        return self.values[self.values.isin([text for text, odd in zip(self.unique, is_odd, strict=True) if odd])]

    def taken(self, kind: Kind, why: str, hint: str = "") -> Taken:
        """Take the column for something."""
        return Taken(self.name, kind, values_shown(self.values), self.missing, why, hint)


def values_shown(values: pd.Series) -> str:
    """Return the range of numbers, or the first values of a text."""
    if pd.api.types.is_numeric_dtype(values):
        form = ".0f" if (values % 1 == 0).all() and values.abs().max() < _EXACT else "g"
        return f"{values.min():{form}} to {values.max():{form}}" if len(values) else ""
    return first_of([short(str(value)) for value in sorted(values.unique())], 4)


def short(text: str) -> str:
    """Return a text, or its beginning."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def print_taken(columns: list[Taken]) -> None:
    """Print one row per column: what it is taken for, what is in it, and why."""
    rows = [
        (column.name, column.kind, f"{column.missing:,}" if column.missing else "", column.seen, column.why)
        for column in columns
    ]
    styles = [{"target": "bold", "not used": "dim"}.get(column.kind) for column in columns]
    print_rows(("column", "taken as", "missing", "seen", "why"), rows, numbers=["missing"], styles=styles)
