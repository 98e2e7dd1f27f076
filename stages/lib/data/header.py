"""The first lines of a CSV: the names of its columns, and how many cells its rows have."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import islice

import numpy as np

from stages.lib.common import UserError, did_you_mean
from stages.lib.config import Data
from stages.lib.data.alike import unlike
from stages.lib.data.faults import plain, refuse, short
from stages.lib.data.records import records
from stages.lib.data.texts import numbers

_SIGNS = {",": ("comma", "commas"), ";": ("semicolon", "semicolons"), "\t": ("tab", "tabs")}
# Patterns of what separates cells in some files, but can't be a `data.separator`.
_OTHER_SIGNS = {r"\|": "vertical bars", ":": "colons", r"\s+": "spaces"}
# The beginning of a text that shows it, and the share of the lines that must agree on how often it occurs.
_SAMPLE, _AGREE = 1 << 20, 0.9
# The lines that may be the header, the most sentences about names that it lacks, and the most names in one.
_FIRST_LINES, _MOST_ALIKE, _MOST_NAMES = 20, 3, 20


def first_rows(
    text: bytes, spec: Data, name: str, wanted: Collection[str], remedy: str, is_new: bool = False
) -> tuple[list[str], list[str]]:
    """Return the names in the header (none without a header), and the cells of the first row.

    A column without a name is called `Unnamed: 0` by its place, as pandas calls it.

    Parameters
    ----------
    text : bytes
        The CSV, in UTF-8.
    spec : Data
    name : str
        The name of the text in messages.
    wanted : collection of str
        Names that a header should have.
    remedy : str
        What to do about a row in the place of the header.
    is_new : bool
        As in `as_utf8`.

    Raises
    ------
    UserError
        If there is no row, if the first line has another separator than `data.separator`, if it is a header where
        there should be none, or no header where there should be one, or if a name occurs twice.
    """
    start = islice(records(text, spec.separator, name), 2)
    _, first = next(start, (1, []))
    if not text:
        raise UserError(f"{name} has no rows: its first line is empty. Is it the right file?")
    if not first:
        raise UserError(f"{name}: line 1 is empty. Remove it.")
    _check_separator(first, text, spec, name, wanted, is_new)
    if not spec.header:
        if _like_a_header(first, spec):
            raise UserError(
                f"{name}: line 1 contains {_no_numbers(first, spec)}, like a header, but data.header in params.yaml is "
                f"false. Remove the line{'' if is_new else ', or set data.header to true'}."
            )
        return [], first
    names = [cell.strip() or f"Unnamed: {place}" for place, cell in enumerate(first)]
    if not set(names) & set(wanted):
        _check_header(names, text, spec, name, wanted, remedy)
    twins = {cell: n for cell, n in Counter(names).items() if n > 1}
    refuse(name, [f"the header has {cell!r} {n} times; rename all but one" for cell, n in twins.items()])
    line, row = next(start, (2, None))
    if row is None:
        raise UserError(f"{name} has no rows after its header. Is it the right file?")
    if not row:
        raise UserError(f"{name}: line {line} is empty. Remove empty lines.")
    if len(row) == len(names) - 1 and not first[-1].strip():
        names.pop()  # some exports end the header, and no other line, with a separator
    return names, row


def _check_header(names: list[str], text: bytes, spec: Data, name: str, wanted: Collection[str], remedy: str) -> None:
    """Refuse a first line without any of the wanted names if it is a row, or if the header stands below it."""
    for line, cells in islice(records(text, spec.separator, name), 1, _FIRST_LINES):
        if {cell.strip() for cell in cells} >= set(wanted):
            raise UserError(f"{name}: the header is line {line}, not line 1. Remove the lines above it.")
    if not np.isnan(numbers(names, spec.decimal)).all():
        raise UserError(
            f"{name}: line 1 is {_listed(names, 4)}, like a row, but data.header in params.yaml is true. {remedy}"
        )


def _no_numbers(first: Sequence[str], spec: Data) -> str:
    return "no number" if np.isnan(numbers(first, spec.decimal)).all() else "the name of a column"


def _check_separator(
    first: list[str], text: bytes, spec: Data, name: str, wanted: Collection[str], is_new: bool
) -> None:
    """Refuse a first line that another separator would cut into what params.yaml expects."""
    if _expected(first, spec, wanted) and len(first) > 1:
        return
    if len(first) == 1 and spec.separator in first[0]:
        raise UserError(
            f"{name}: line 1 is one cell in quotation marks, {short(first[0])}. "
            "Remove the quotation marks around whole lines."
        )
    line = text[: text.find(b"\n") + 1 or None].decode()
    others = [sign for sign in _SIGNS if sign != spec.separator and sign in line]
    alone = len(first) == 1 and not others and not _expected(first, spec, wanted)
    if alone and (found := other_separator(text[:_SAMPLE].decode(errors="ignore"))):
        raise UserError(
            f"{name}: line 1 has one cell, because {found[1]} separate the columns. "
            "Save the file with commas, semicolons or tabs between its cells."
        )
    if not others or (len(first) > 1 and not any(_expected(line.split(sign), spec, wanted) for sign in others)):
        return
    sign = max(others, key=lambda sign: (_expected(line.split(sign), spec, wanted), line.count(sign)))
    width = "one column was found" if len(first) == 1 else f"{len(first)} columns were found"
    count, shown = line.count(sign), '"\\t"' if sign == "\t" else f"'{sign}'"
    remedy = f"set `separator: {shown}` in data of params.yaml"
    if is_new:
        remedy = f"save it with {_SIGNS[spec.separator][1]}, as the training table is"
    raise UserError(f"{name}: {width}, and line 1 holds {count} {_SIGNS[sign][count > 1]}; {remedy}")


def other_separator(sample: str) -> tuple[str, str] | None:
    """Return the pattern and the name of a separator that `data.separator` can't be, if the lines agree on one."""
    lines = [line.strip() for line in sample.splitlines() if line.strip()]
    for pattern, what in _OTHER_SIGNS.items():
        for count, agreeing in Counter(len(re.findall(pattern, line)) for line in lines).most_common(1):
            if count and agreeing >= _AGREE * len(lines):
                return pattern, what
    return None


def _expected(cells: list[str], spec: Data, wanted: Collection[str]) -> bool:
    """Whether the first line has the columns that it should: some of their names or, without a header, all."""
    if spec.header:
        return any(cell.strip(' \r\n"') in wanted for cell in cells)
    return len(spec.columns) - len(cells) in {0, 1}


def _like_a_header(cells: Sequence[str], spec: Data) -> bool:
    """Whether no cell is a number, nor missing, though numbers are listed, or a cell is the name of its column."""
    stripped = [cell.strip() for cell in cells]
    named = [cell for cell, name in zip(stripped, spec.columns, strict=False) if cell == name]
    target = spec.target in named and spec.target not in spec.labels
    if len(cells) == len(spec.columns) and target and np.isnan(numbers([spec.target], spec.decimal)).all():
        return True
    if len(named) == len(cells) > 1:
        return True
    listed = any(column.type == "number" and not column.classes for column in spec.columns.values() if column.use)
    missing = set(stripped) & set(spec.na_values)
    return listed and not missing and bool(np.isnan(numbers(cells, spec.decimal)).all())


def lacking(header: Sequence[str], wanted: Iterable[str], why: str) -> list[str]:
    """Return a sentence for each name in `wanted` that the header does not have; of many, one for all but the first."""
    wanted, known = list(wanted), set(header)
    others = known - set(wanted)
    missing = [key for key in wanted if key not in known]
    told = []
    for key in missing[:_MOST_ALIKE]:
        hint = unlike(key, others) or did_you_mean(key, others) or f"; it has {_listed(header, _MOST_NAMES)}"
        told.append(f"the header has no {key!r}, {why}{hint}")
    if more := missing[_MOST_ALIKE:]:
        told.append(f"the header lacks {len(more):,} more of these: {_listed(more, _MOST_NAMES)}")
    return told


def _listed(names: Sequence[str], most: int) -> str:
    return ", ".join(map(plain, names[:most])) + (f", … ({len(names):,})" if len(names) > most else "")


def check_width(header: Sequence[str], row: Sequence[str], widths: Sequence[int], name: str, note: str = "") -> None:
    """Raise `UserError` if the first row has none of these numbers of cells; pandas would cut it off."""
    line = 2 if header else 1
    if len(row) not in widths:
        if not row:
            note = "; remove empty lines"
        if header and len(row) == widths[0] + 1:
            note = '; if R wrote its row names, put `"",` before the header for their name'
            if not row[-1].strip():
                note = "; its last cell is empty, so remove the separator at the end of each row"
        if row and len(row) < widths[0] and any(sign in row[-1] for sign in ",;\t\n"):
            note = f"; is a quotation mark missing in {short(row[-1])}?"
        count = f"{len(row)} column{'s' * (len(row) != 1)}"
        refuse(name, [f"line {line} has {count} instead of {widths[0]}{note}"])
