"""What is wrong with the cells of a column, one problem for each kind of fault, and with columns that say too much."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridstage.common import Problem, UserError, first_of, join_words
from gridstage.data.csv_text import LONGEST, CsvText, more_such, short

# The most faults that are told, and the most columns in a sentence.
_MOST, _MOST_COLUMNS = 20, 3


@dataclass(frozen=True)
class Fault:
    """Cells of one column with the same fault, or a fault of the whole column.

    What was found is said as in `{cell} is not a number` or, without quotation marks, `{number} is below 0`. Row 0 is
    the first one after the header; there are no rows if the fault is the whole column's. The other fields are those of
    a `Problem`.
    """

    column: str
    finding: str
    remedy: str = ""
    rows: Sequence[int] | np.ndarray = ()


def at(rows: np.ndarray, column: str, finding: str, remedy: str = "") -> list[Fault]:
    """Return a fault at the rows where a mask is true, if there are some."""
    if not rows.any():
        return []
    return [Fault(column, finding, remedy, np.flatnonzero(rows))]


def refuse_faults(faults: list[Fault], rows: CsvText, names: list[str]) -> None:
    """Raise `UserError` with a problem for each fault, which names the first cell, its line or row, and its column.

    `names` are the columns in file order.
    """
    firsts = rows.rows({int(fault.rows[0]) for fault in faults if len(fault.rows)})
    problems = []
    for fault in faults:
        where: dict[str, Any] = {"column": plain(fault.column)}
        finding = fault.finding
        if len(fault.rows):
            number, cells = firsts[int(fault.rows[0])]
            cell = cells[names.index(fault.column)].strip()
            finding = finding.replace("{cell}", short(cell))
            finding = finding.replace("{number}", cell[:LONGEST])
            finding = f": {finding}{more_such(len(fault.rows) - 1, 'cell')}"
            where[rows.unit] = number
        problems.append(Problem(finding, fault.remedy, rows.name, **where))
    if (more := len(problems) - _MOST) > 0:
        problems[_MOST:] = [Problem(f": and {more:,} more", file=rows.name)]
    if problems:
        raise UserError(*problems)


def plain(text: str) -> str:
    """Return a name or a label for a message: as it is, or escaped and in quotation marks if it has line ends."""
    return text if text.isprintable() else repr(text)


def line_to_add(column: str, entry: str) -> str:
    """Return what to add to `data.columns`."""
    return f"add `{entry}` to data.columns.{plain(column)} in params.yaml"


def given_away_told(
    found: dict[tuple[str, ...], float], target: str, classes: bool
) -> str:
    """Return sentences on columns as `given_away` returns them or, without one, on a score that is nearly perfect."""
    remedy = f"Leave out what is not known when {target} is to be predicted: `use: false` in data.columns."
    if not found:
        return f"Such a score is rare: is a column made from {target}? {remedy}"
    columns, *others = found
    percent = f"{int(1e4 * found[columns] + 1e-6) / 100:g} %"
    what = f"{percent} of it is explained"
    if classes:
        what = f"for {percent} of the rows, the class is known"
    also = ""
    if others:
        names = first_of([name for (name,) in others], _MOST_COLUMNS)
        also = f" Also by {names}."
    by = f"{target} is given away by {join_words(columns)} alone"
    return f"{by}: {what}.{also} {remedy}"
