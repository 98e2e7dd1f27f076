"""Finds how a CSV is written: encoding, separator, decimal sign, and whether its first line names the columns.

Python's `csv.Sniffer` is not used: it takes the comma of `7,4;0,7` for the separator, and finds headers in tables
without one. Counting cells, as below, decides these cases.
"""

import csv
import re
import shlex
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from stages.lib.common import UserError
from stages.lib.data.encoding import as_utf8, likely_encoding
from stages.lib.data.formats import refuse_other_formats
from stages.lib.data.header import other_separator

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
# Cells that mean "missing" wherever they stand.
MISSING = ("", "?", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null")

# The beginning of a file, in characters, that decides.
_SAMPLE = 1 << 20
_MOST_LINES = 2000
# The lines that may be the header.
_FIRST_LINES = 20
# The share of lines that must agree on the number of cells.
_AGREE = 0.9

_NUMBER = {
    ".": re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"),
    ",": re.compile(r"[+-]?([0-9]+,?[0-9]*|,[0-9]+)([eE][+-]?[0-9]+)?"),
}


@dataclass(frozen=True)
class Form:
    """How a CSV is written.

    Parameters
    ----------
    encoding, separator, decimal : str
        As in `data` of params.yaml.
    header : bool
        Whether the first line has the names of the columns.
    names : tuple of str
        The names in the header; `column_1`, … without one. The name of an unnamed column is that of pandas,
        `Unnamed: 0`.
    """

    encoding: str
    separator: str
    decimal: str
    header: bool
    names: tuple[str, ...]


def look_at(path: str | Path, target: str | None = None) -> Form:
    """Find how a CSV is written.

    Parameters
    ----------
    path : path
    target : str, optional
        The name of a column: a first line that contains it is a header, whatever else it looks like.

    Raises
    ------
    UserError
        If the file is missing, empty, no text, or no table of two or more columns.
    """
    text, encoding = _decode(path)
    if text[0] in "\r\n":
        raise UserError(f"{path}: line 1 is empty. Remove it.")
    sample = text[:_SAMPLE]
    if sample.partition("\n")[0].count('"') % 2:
        raise UserError(
            f"{path}: line 1 ends inside of quotation marks. Is a mark missing, or does a name in the header have a "
            "line break? Write each name in one line."
        )
    if target and (line := _line_of(target, sample)) > 1:
        raise UserError(f"{path}: {target!r} is not in line 1, but in line {line}. Remove the lines above the header.")
    try:
        tables = {sign: _records(sample, sign, len(text) > len(sample)) for sign in SEPARATORS}
    except csv.Error as error:
        raise UserError(f"{path} is not a CSV: {error}. Is it the right file?") from None
    separator = _separator(tables)
    if separator is None:
        raise UserError(f"{path} {_another_form(sample, str(path), encoding)}")
    records = tables[separator]
    decimal = "," if separator != "," and _n_numbers(records, ",") > _n_numbers(records, ".") else "."
    if len(records) > 1 and not records[0][-1].strip() and len(records[1]) == len(records[0]) - 1:
        records[0].pop()  # some exports end the header, and no other line, with a separator
    width = len(records[0])
    rows = [row for row in records[1:] if len(row) == width]
    header = target in {cell.strip() for cell in records[0]} or _has_header(records[0], rows, decimal)
    if header and len(records) < 2:
        raise UserError(f"{path} has a header, but no rows. Is it the right file?")
    if header:
        names = tuple(cell.strip() or f"Unnamed: {i}" for i, cell in enumerate(records[0]))
    else:
        names = tuple(f"column_{i}" for i in range(1, width + 1))
    if twins := [name for name, count in Counter(names).items() if count > 1]:
        raise UserError(f"{path}: the header has {twins[0]!r} {names.count(twins[0])} times. Rename one of them.")
    return Form(encoding, separator, decimal, header, names)


def is_number(cell: str, decimal: str) -> bool:
    """Whether a cell is a number with this decimal sign."""
    return _NUMBER[decimal].fullmatch(cell.strip()) is not None


def _decode(path: str | Path) -> tuple[str, str]:
    """Return the text of a file, without a byte-order mark, and its encoding."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}. Name a CSV file.") from None
    refuse_other_formats(content, str(path))
    encoding = likely_encoding(content)
    if encoding is None:
        as_utf8(content, "utf-8", str(path))  # says why not
        raise UserError(f"{path} is not text. Is it the right file?")
    text = as_utf8(content, encoding, str(path)).decode()
    if not text.strip():
        raise UserError(f"{path} is empty. Is it the right file?")
    return text, encoding


def _line_of(name: str, sample: str) -> int:
    """Return the first of some lines that has this name as one cell of several; 0 if none has."""
    for number, line in enumerate(sample.splitlines()[:_FIRST_LINES], start=1):
        for sign in SEPARATORS:
            cells = [cell.strip(' "') for cell in line.split(sign)]
            if len(cells) > 1 and name in cells:
                return number
    return 0


def _records(sample: str, separator: str, cut: bool) -> list[list[str]]:
    """Split the first lines into cells; the last line of a sample that was cut is incomplete."""
    lines = sample.splitlines(keepends=True)
    if cut and len(lines) > 1:
        lines.pop()
    reader = csv.reader(lines[:_MOST_LINES], delimiter=separator, skipinitialspace=True)
    return [row for row in reader if row]


def _separator(tables: dict[str, list[list[str]]]) -> str | None:
    """Return the separator on which the lines agree, and of several the one that leaves most numbers."""
    agreeing = {}
    for sign, records in tables.items():
        (width, count), *_ = Counter(map(len, records)).most_common(1)
        if width > 1 and count >= _AGREE * len(records):
            cells = sum(map(len, records))
            numbers = max(_n_numbers(records, decimal) for decimal in _NUMBER)
            agreeing[sign] = (len(records[0]) == width, numbers / cells, width)
    return max(agreeing, key=lambda sign: agreeing[sign]) if agreeing else None


def _n_numbers(records: list[list[str]], decimal: str) -> int:
    return sum(is_number(cell, decimal) for row in records for cell in row)


def _another_form(sample: str, path: str, encoding: str) -> str:
    if found := other_separator(sample):
        pattern, what = found
        cells = "header=None, dtype=str, keep_default_na=False"
        code = f'import pandas; pandas.read_csv("{path}", sep=r"{pattern}", encoding="{encoding}", {cells})'
        code += f'.to_csv("{path}", encoding="{encoding}", index=False, header=False)'
        return f"has {what} between its cells. Save it with commas: python -c {shlex.quote(code)}"
    return (
        "is not a table: its lines don't agree on the number of cells, whether commas, semicolons or tabs separate "
        f"them. Line 1 is {sample.splitlines()[0][:60]!r}. Is it the right file?"
    )


def _has_header(first: list[str], rows: list[list[str]], decimal: str) -> bool:
    """Whether the first line differs from the others as names differ from values.

    Where a column has numbers, its name is none. In a column of text whose values repeat, a first cell that does not
    occur again is a name. Without evidence, it is a header.
    """
    votes = 0
    texts = 0
    for i, cell in enumerate(first):
        below = [row[i].strip() for row in rows if row[i].strip() not in MISSING]
        if not below:
            continue
        if sum(is_number(value, decimal) for value in below) >= _AGREE * len(below):
            # An empty cell may be the missing name of a column of row numbers.
            data_like = is_number(cell, decimal) or (cell.strip() in MISSING and cell.strip() != "")
            votes += -1 if data_like else bool(cell.strip())
        elif len(set(below)) <= len(below) / 2:
            texts += -1 if cell.strip() in below else 1
    return votes > 0 if votes else texts >= 0
