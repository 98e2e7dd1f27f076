"""Tables of text: printed on the terminal, and written as Markdown; a macro of the report puts them into a page."""

import re
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rich.console import Console
from rich.table import Table

# A table of more rows than these is cut to the first few of them.
MOST_ROWS, _FIRST_FEW = 50, 20
# On the terminal, rows with these marks begin with a star, and rows with those have a style of rich.
_STARRED = {"answer", "best"}
_STYLES = {"answer": "bold", "best": "bold", "target": "bold", "unused": "dim"}


@dataclass(frozen=True)
class TextTable:
    """Text by column and row.

    `marks` has what rows are by place: `answer`, `kept`, both with a blank between them, `best`, `target` or `unused`.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    marks: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def of_columns(
        cls,
        columns: Mapping[str, Sequence[str]],
        marks: Mapping[int, str] | None = None,
    ) -> "TextTable":
        """Return a table from its columns by heading."""
        rows = [list(row) for row in zip(*columns.values(), strict=True)]
        return cls([*columns], rows, marks or {})

    def show(
        self,
        title: str = "",
        left: Collection[str] = ("setting", "params", "model"),
        *,
        file: str = "",
    ) -> None:
        """Print it, with the columns `left` aligned to the left; the answer, or the best row, has a star and is bold.

        Of more than `MOST_ROWS` rows, the first 20 and those with a star are printed, and a line says that the `file`
        has all; without a file, all are printed. Such a table should begin with its best rows.
        """
        if title:
            print(title)
        starred = self._places_of(_STARRED)
        places: Sequence[int] = range(len(self.rows))
        is_long = bool(file) and len(self.rows) > MOST_ROWS
        if is_long:
            places = [each for each in places if each < _FIRST_FEW or each in starred]
        table = Table(box=None, pad_edge=False)
        if starred:
            table.add_column("")
        for heading in self.headings:
            side: Literal["left", "right"] = "left" if heading in left else "right"
            table.add_column(heading, justify=side, overflow="fold")
        for place in places:
            cells = [*self.rows[place]]
            if starred:
                cells.insert(0, "*" if place in starred else "")
            style = _STYLES.get(self.marks.get(place, "").partition(" ")[0])
            table.add_row(*cells, style=style)
        Console().print(table)
        if is_long:
            n_left_out, n = len(self.rows) - len(places), len(self.rows)
            print(f"… and {n_left_out:,} more; {file} has all {n:,}")

    def markdown(self, most: int = sys.maxsize) -> str:
        """Return it as Markdown, of many rows the first."""
        line = ["---"] * len(self.headings)
        rows = [self.headings, line, *self.rows[:most]]
        return "\n".join(f"| {' | '.join(map(cell, row))} |" for row in rows)

    def _places_of(self, marks: set[str]) -> set[int]:
        return {
            place for place, mark in self.marks.items() if marks & {*mark.split(" ")}
        }


def cell(text: str) -> str:
    """Write a text, or one that was written so, to stay inside one cell of a Markdown table."""
    return re.sub(r"(?<!\\)\|", r"\\|", text).replace("\n", " ")


def code(text: str) -> str:
    """Write a text as Markdown code in a table cell."""
    inside = cell(text).replace("`", "'")
    return f"`{inside}`"
