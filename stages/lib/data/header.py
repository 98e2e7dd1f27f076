"""The first lines of a CSV: the names of its columns, and how many cells its rows have."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np

from stages.lib.common import UserError, did_you_mean
from stages.lib.config import Data
from stages.lib.data.faults import refuse
from stages.lib.data.records import records
from stages.lib.data.texts import numbers

_SIGNS = {",": ("comma", "commas"), ";": ("semicolon", "semicolons"), "\t": ("tab", "tabs")}
# Patterns of what separates cells in some files, but can't be a `data.separator`.
_OTHER_SIGNS = {r"\|": "vertical bars", ":": "colons", r"\s+": "spaces"}
# The beginning of a text that shows it, and the share of the lines that must agree on how often it occurs.
_SAMPLE, _AGREE = 1 << 20, 0.9


def first_rows(text: bytes, spec: Data, name: str) -> tuple[list[str], list[str]]:
    """Return the names in the header (none without a header), and the cells of the first row.

    A column without a name is called `Unnamed: 0` by its place, as pandas calls it.

    Raises
    ------
    UserError
        If there is no row, if the first line has another separator than `data.separator`, if it is a header where
        there should be none, or if a name occurs twice.
    """
    start = islice(records(text, spec.separator, name), 2)
    _, first = next(start, (1, []))
    if not first:
        raise UserError(f"{name} has no rows: its first line is empty. Is it the right file?")
    _check_separator(first, text, spec, name)
    if not spec.header:
        if _like_a_header(first, spec):
            raise UserError(
                f"{name}: line 1 contains no number, like a header, but data.header in params.yaml is false. "
                "Remove the line, or set data.header to true."
            )
        return [], first
    names = [cell.strip() or f"Unnamed: {place}" for place, cell in enumerate(first)]
    refuse(name, [f"the header has {cell!r} {n} times" for cell, n in Counter(names).items() if n > 1])
    _, row = next(start, (2, []))
    if not row:
        raise UserError(f"{name} has no rows after its header. Is it the right file?")
    if len(row) == len(names) - 1 and not first[-1].strip():
        names.pop()  # some exports end the header, and no other line, with a separator
    return names, row


def _check_separator(first: list[str], text: bytes, spec: Data, name: str) -> None:
    """Refuse a first line that another separator would cut into what params.yaml expects."""
    if _expected(first, spec) and len(first) > 1:
        return
    line = text[: text.find(b"\n") + 1 or None].decode()
    others = [sign for sign in _SIGNS if sign != spec.separator and sign in line]
    alone = len(first) == 1 and not others and not _expected(first, spec)
    if alone and (found := other_separator(text[:_SAMPLE].decode(errors="ignore"))):
        raise UserError(
            f"{name}: line 1 has one cell, because {found[1]} separate the columns. "
            "Save the file with commas, semicolons or tabs between its cells."
        )
    if not others or (len(first) > 1 and not any(_expected(line.split(sign), spec) for sign in others)):
        return
    sign = max(others, key=lambda sign: (_expected(line.split(sign), spec), line.count(sign)))
    width = "one column was found" if len(first) == 1 else f"{len(first)} columns were found"
    count, shown = line.count(sign), '"\\t"' if sign == "\t" else f"'{sign}'"
    raise UserError(
        f"{name}: {width}, and line 1 holds {count} {_SIGNS[sign][count > 1]}; "
        f"set `separator: {shown}` in data of params.yaml"
    )


def other_separator(sample: str) -> tuple[str, str] | None:
    """Return the pattern and the name of a separator that `data.separator` can't be, if the lines agree on one."""
    lines = [line.strip() for line in sample.splitlines() if line.strip()]
    for pattern, what in _OTHER_SIGNS.items():
        for count, agreeing in Counter(len(re.findall(pattern, line)) for line in lines).most_common(1):
            if count and agreeing >= _AGREE * len(lines):
                return pattern, what
    return None


def _expected(cells: list[str], spec: Data) -> bool:
    """Whether the first line has the columns that params.yaml lists: some of their names or, without a header, all."""
    if spec.header:
        return any(cell.strip(' \r\n"') in spec.columns for cell in cells)
    return len(spec.columns) - len(cells) in {0, 1}


def _like_a_header(cells: Sequence[str], spec: Data) -> bool:
    """Whether no cell is a number, nor missing, though columns of numbers are listed."""
    listed = any(column.type == "number" and not column.classes for column in spec.columns.values() if column.use)
    missing = {cell.strip() for cell in cells} & set(spec.na_values)
    return listed and not missing and bool(np.isnan(numbers(cells, spec.decimal)).all())


def lacking(header: Sequence[str], wanted: Iterable[str], why: str) -> list[str]:
    """Return a sentence for each name in `wanted` that the header does not have."""
    wanted, known = list(wanted), set(header)
    others = known - set(wanted)
    return [
        f"the header has no {key!r}, {why}{did_you_mean(key, others) or '; it has ' + ', '.join(header)}"
        for key in wanted
        if key not in known
    ]


def check_width(header: Sequence[str], row: Sequence[str], widths: Sequence[int], name: str, note: str = "") -> None:
    """Raise `UserError` if the first row has none of these numbers of cells; pandas would cut it off."""
    if len(row) not in widths:
        if header and len(row) == widths[0] + 1:
            note = '; if R wrote its row names, put `"",` before the header for their name'
        count = f"{len(row)} column{'s' * (len(row) != 1)}"
        refuse(name, [f"line {2 if header else 1} has {count} instead of {widths[0]}{note}"])
