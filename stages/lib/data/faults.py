"""What is wrong with the cells of a column: one problem for each column and kind of fault."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stages.lib.common import Problem, UserError
from stages.lib.config import Data
from stages.lib.data.csv_text import LONGEST, CsvText, more_such, short

# The most columns that are named with the same fault, and the most faults.
_MOST_ALIKE, _MOST = 3, 20


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
    return [Fault(column, finding, remedy, np.flatnonzero(rows))] if rows.any() else []


def refuse_faults(faults: list[Fault], csv: CsvText, names: list[str]) -> None:
    """Raise `UserError` with a problem for each fault, which names the first cell, its line and its column.

    `names` are the columns in file order.
    """
    if not faults:
        return
    firsts = csv.rows({int(fault.rows[0]) for fault in faults if len(fault.rows)})
    alike: dict[str, list[Fault]] = {}
    for fault in faults:
        alike.setdefault(fault.finding, []).append(fault)
    problems = []
    for same in alike.values():
        further = [plain(fault.column) for fault in same[_MOST_ALIKE:]]
        others = f" (as in {len(further):,} more columns: {first_words(further, _MOST_ALIKE)})" if further else ""
        for fault in same[:_MOST_ALIKE]:
            line, finding = 0, fault.finding
            if len(fault.rows):
                line, cells = firsts[int(fault.rows[0])]
                cell = cells[names.index(fault.column)].strip()
                finding = ": " + finding.replace("{cell}", short(cell)).replace("{number}", cell[:LONGEST])
            count = more_such(len(fault.rows) - 1, "cell") + others
            see = f"data.columns.{fault.column}" if fault.remedy and not csv.is_new else ""
            problems.append(Problem(finding, fault.remedy, csv.name, "", line, plain(fault.column), count, see))
    if (more := len(problems) - _MOST) > 0:
        problems[_MOST:] = [Problem(f": and {more:,} more", file=csv.name)]
    raise UserError(*problems)


def plain(text: str) -> str:
    """Return a name or a label for a message: as it is, or escaped and in quotation marks if it has line ends."""
    return text if text.isprintable() else repr(text)


def first_words(words: Sequence[str], most: int) -> str:
    """Return up to `most` words, and how many there are if these are not all."""
    return ", ".join(words[:most]) + (f", … ({len(words):,})" if len(words) > most else "")


def line_to_add(column: str, entry: str, spec: Data) -> str:
    """Return what to add to `data.columns`: a whole line, or a key to the one that is there."""
    if column in spec.columns:
        return f"add `{entry}` to data.columns.{plain(column)} in params.yaml"
    return f"add `{json.dumps(column, ensure_ascii=False)}: {{{entry}}}` to data.columns in params.yaml"
