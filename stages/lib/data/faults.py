"""What is wrong with the cells of a column, and how it is told: one sentence for each column and kind of fault."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import yaml

from stages.lib.common import UserError
from stages.lib.config import Data, yaml12
from stages.lib.data.records import places

# The most sentences of a message, and the most characters of a cell in one.
_MOST = 20
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


def refuse_faults(faults: list[Fault], text: bytes, names: list[str], spec: Data, name: str) -> None:
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
    """
    found = places(text, spec, [int(fault.rows[0]) for fault in faults[:_MOST] if len(fault.rows)], name)
    refuse(name, [_sentence(fault, found, names) for fault in faults])


def _sentence(fault: Fault, found: dict[int, tuple[int, list[str]]], names: list[str]) -> str:
    if not len(fault.rows) or int(fault.rows[0]) not in found:
        return f"column {fault.column} {fault.found}{fault.advice}"
    line, cells = found[int(fault.rows[0])]
    cell = cells[names.index(fault.column)].strip()
    told = fault.found.replace("{cell}", short(cell)).replace("{number}", cell[:_LONGEST])
    others = len(fault.rows) - 1
    more = f" ({others:,} more such cell{'s' * (others != 1)})" if others else ""
    return f"line {line}, column {fault.column}: {told}{more}{fault.advice}"


def short(cell: str) -> str:
    """Return a cell in quotation marks, cut if it is long."""
    if len(cell) > _LONGEST:
        return f"{cell[:_LONGEST]!r}… ({len(cell):,} characters)"
    return repr(cell)


def line_to_add(column: str, entry: str, spec: Data) -> str:
    """Return what to add to `data.columns`: a whole line, or a key to the one that is there."""
    if column in spec.columns:
        return f"add `{entry}` to data.columns.{column} in params.yaml"
    return f"add `{as_yaml(column)}: {{{entry}}}` to data.columns in params.yaml"


def as_yaml(text: str) -> str:
    """Return a text as YAML has it within `{}` or `[]`: in quotation marks if it needs some."""
    try:
        plain = yaml12.load(f"{{{text}: [{text}]}}") == {text: [text]}
    except (yaml.YAMLError, TypeError):
        plain = False
    return text if plain else "'" + text.replace("'", "''") + "'"
