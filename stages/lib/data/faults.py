"""What is wrong with the cells of a column, and how it is told: one sentence for each column and kind of fault."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stages.lib.common import UserError
from stages.lib.config import Data, yaml12
from stages.lib.data.records import places

# The most sentences of a message, and the most with the same fault or places in one.
_MOST, _MOST_ALIKE = 20, 3
# The most characters of a cell in a message.
_LONGEST = 40


@dataclass(frozen=True)
class Fault:
    """Cells of one column with the same fault.

    Parameters
    ----------
    column : str
    rows : array of int
        Their rows, where row 0 is the first one after the header; empty if the fault is the whole column's.
    found : str
        What was found, as in `{cell} is not a number` or, without quotation marks, `{number} is below 0`.
    advice : str
        What to do about it; it follows the number of such cells.
    """

    column: str
    rows: np.ndarray
    found: str
    advice: str = ""


def refuse(name: str, problems: Sequence[str]) -> None:
    """Raise `UserError` with these sentences, if there are any, each after the name of the text."""
    if problems:
        shown = [f"{name}: {problem}" for problem in problems[:_MOST]]
        if more := len(problems) - len(shown):
            shown.append(f"{name}: and {more:,} more")
        raise UserError(*shown)


def refuse_faults(
    faults: list[Fault], text: bytes, names: list[str], spec: Data, name: str, is_new: bool = False
) -> None:
    """Raise `UserError` with a sentence for each fault, which names the first cell, its line and its column.

    Parameters
    ----------
    faults : list of Fault
    text : bytes
        The CSV, in UTF-8.
    names : list of str
        Its columns, in file order.
    spec : Data
    name : str
        The name of the text in messages.
    is_new : bool
        As in `as_utf8`.
    """
    found = places(text, spec, [int(fault.rows[0]) for fault in faults if len(fault.rows)], name)
    problems: list[str] = []
    alike: dict[str, list[str]] = {}
    for fault in faults:
        where = alike.setdefault(fault.found, [])
        where.append(_place(fault, found))
        if len(where) <= _MOST_ALIKE:
            problems.append(_sentence(fault, found, names))
    for where in alike.values():
        if further := where[_MOST_ALIKE:]:
            more = "; …" if len(further) > _MOST_ALIKE else ""
            problems.append(f"{len(further):,} more like {where[0]}: {'; '.join(further[:_MOST_ALIKE])}{more}")
    if text.count(b"\n") > 2 and (line := _only_line(faults, found)):
        header = (
            "" if spec.header or line > 1 or is_new else "; if it is a header, set data.header in params.yaml to true"
        )
        problems[-1] += f"; only line {line} is at fault, so if it is no row but a unit or a total, remove it{header}"
    refuse(name, problems)


def _only_line(faults: list[Fault], found: dict[int, tuple[int, list[str]]]) -> int | None:
    """Return the line that all faults are in, if they are two or more; it may be no row."""
    rows = {int(row) for fault in faults for row in fault.rows[:2]}
    alone = len(rows) == 1 and len(faults) > 1 and all(len(fault.rows) for fault in faults) and rows <= found.keys()
    return found[rows.pop()][0] if alone else None


def _place(fault: Fault, found: dict[int, tuple[int, list[str]]]) -> str:
    where = found.get(int(fault.rows[0])) if len(fault.rows) else None
    return f"line {where[0]}, column {plain(fault.column)}" if where else f"column {plain(fault.column)}"


def _sentence(fault: Fault, found: dict[int, tuple[int, list[str]]], names: list[str]) -> str:
    if not len(fault.rows) or int(fault.rows[0]) not in found:
        return f"column {plain(fault.column)} {fault.found}{fault.advice}"
    _, cells = found[int(fault.rows[0])]
    cell = cells[names.index(fault.column)].strip()
    told = fault.found.replace("{cell}", short(cell)).replace("{number}", cell[:_LONGEST])
    others = len(fault.rows) - 1
    more = f" ({others:,} more such cell{'s' * (others != 1)})" if others else ""
    return f"{_place(fault, found)}: {told}{more}{fault.advice}"


def plain(text: str) -> str:
    """Return a name or a label for a message: as it is, or escaped and in quotation marks if it has line ends."""
    return text if text.isprintable() else repr(text)


def short(cell: str) -> str:
    """Return a cell in quotation marks, cut if it is long."""
    if len(cell) > _LONGEST:
        return f"{cell[:_LONGEST]!r}… ({len(cell):,} characters)"
    return repr(cell)


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
