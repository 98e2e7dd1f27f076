"""What is wrong with the cells of a column: one sentence for each column and kind of fault."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stages.lib.config import Data, yaml12
from stages.lib.data.csv_text import LONGEST, CsvText, more_such, short

# The most sentences of a message with the same fault, and the most places in one.
_MOST_ALIKE = 3


@dataclass(frozen=True)
class Fault:
    """Cells of one column with the same fault, or a fault of the whole column.

    The problem is said as in `{cell} is not a number` or, without quotation marks, `{number} is below 0`; the advice
    says what to do about it, and follows the number of such cells. Row 0 is the first one after the header; there are
    no rows if the fault is the whole column's.
    """

    column: str
    problem: str
    advice: str = ""
    rows: Sequence[int] | np.ndarray = ()


def at(rows: np.ndarray, column: str, problem: str, advice: str = "") -> list[Fault]:
    """Return a fault at the rows where a mask is true, if there are some."""
    return [Fault(column, problem, advice, np.flatnonzero(rows))] if rows.any() else []


def refuse_faults(faults: list[Fault], csv: CsvText, names: list[str]) -> None:
    """Raise `UserError` with a sentence for each fault, which names the first cell, its line and its column.

    `names` are the columns in file order.
    """
    if not faults:
        return
    firsts = csv.rows({int(fault.rows[0]) for fault in faults if len(fault.rows)})
    problems: list[str] = []
    places: dict[str, list[str]] = {}  # of faults that are alike
    for fault in faults:
        place, cell = f"column {plain(fault.column)}", ""
        if len(fault.rows) and (record := firsts.get(int(fault.rows[0]))):
            line, cells = record
            place, cell = f"line {line}, {place}:", cells[names.index(fault.column)].strip()
        alike = places.setdefault(fault.problem, [])
        alike.append(place.removesuffix(":"))
        if len(alike) <= _MOST_ALIKE:
            problem = fault.problem.replace("{cell}", short(cell)).replace("{number}", cell[:LONGEST])
            problems.append(f"{place} {problem}{more_such(len(fault.rows) - 1, 'cell')}{fault.advice}")
    for alike in places.values():
        if further := alike[_MOST_ALIKE:]:
            more = "; …" if len(further) > _MOST_ALIKE else ""
            problems.append(f"{len(further):,} more like {alike[0]}: {'; '.join(further[:_MOST_ALIKE])}{more}")
    csv.refuse(*problems)


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
    return f"add `{as_yaml(column)}: {{{entry}}}` to data.columns in params.yaml"


def as_yaml(text: str) -> str:
    """Return a text as YAML has it within `{}` or `[]`: in quotation marks if it needs some."""
    if not text.isprintable():
        return json.dumps(text)
    try:
        unquoted = yaml12.load(f"{{{text}: [{text}]}}") == {text: [text]}
    except (yaml12.NotYAMLError, TypeError):
        unquoted = False
    return text if unquoted else "'" + text.replace("'", "''") + "'"
