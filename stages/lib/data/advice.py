"""What to do about cells that are no numbers where numbers should be."""

import re
from collections.abc import Sequence

from stages.lib.config import Data
from stages.lib.data import texts as text
from stages.lib.data.faults import line_to_add, short

# What people write into a cell that is missing, in lower case.
BLANKS = {"", "?", "-", ".", "na", "n/a", "#n/a", "nan", "null", "none", "missing"}
# Of so many different texts among numbers, each may mean a missing cell.
_MOST_TOKENS = 3


def if_missing(bad: Sequence[str], name: str, spec: Data) -> str:
    """Advise on cells that look as if a value were missing; "" if others are among them."""
    blanks = [cell for cell in bad if cell.lower() in BLANKS]
    return f"; if it is missing, {_as_missing(blanks, name, spec)}" if blanks and len(blanks) == len(bad) else ""


def if_empty(name: str, spec: Data) -> str:
    """Advise on a column without a value."""
    return f"; the column has no value at all, so {line_to_add(name, 'use: false', spec)}"


def on_words(words: Sequence[str], n_numbers: int, lacks: bool, name: str, spec: Data) -> str:
    """Advise on cells that are no numbers and do not look missing either.

    Parameters
    ----------
    words : sequence of str
        The different cells.
    n_numbers : int
        How many different cells of the column are numbers.
    lacks : bool
        Whether other cells are missing, which the column does not allow yet.
    name : str
        The column's.
    spec : Data
    """
    kind = "category" if n_numbers else text.likely_type(words)
    as_type = f"if the column is no number, {line_to_add(name, f'type: {kind}' + ', missing: allowed' * lacks, spec)}"
    if kind != "category":
        return f"; {as_type}"
    other = "," if spec.decimal == "." else "."
    if all(
        re.fullmatch(rf"[-+]?\d{{1,3}}({re.escape(other)}\d{{3}})+({re.escape(spec.decimal)}\d+)?", cell)
        for cell in words
    ):
        return f"; if {other!r} separates thousands, remove it" + _decimal_sign(other, words, spec)
    if all(re.fullmatch(rf"[-+]?\d*[{other}]\d+", cell) for cell in words):
        return _decimal_sign(other, words, spec)
    if all(text.NUMBER_WITH_SIGNS.fullmatch(cell) for cell in words):
        return f"; if it is a number, write it in digits alone, as in 1234{spec.decimal}5; {as_type}"
    if n_numbers > len(words) and len(words) <= _MOST_TOKENS:
        return f"; {as_type}; if it means a missing cell, {_as_missing(words, name, spec)}"
    return f"; {as_type}"


def _decimal_sign(sign: str, words: Sequence[str], spec: Data) -> str:
    if any(cell.count(sign) > 1 for cell in words):
        return ""
    if sign == spec.separator:
        return f"; if {sign!r} is its decimal sign, write a point instead, as {sign!r} separates the cells too"
    return f"; if {sign!r} is its decimal sign, set data.decimal in params.yaml to {sign!r}"


def _as_missing(cells: Sequence[str], name: str, spec: Data) -> str:
    allowed = "" if spec.column(name).missing else f", and {line_to_add(name, 'missing: allowed', spec)}"
    return f"add {', '.join(map(short, cells))} to data.na_values{allowed}"
