"""Finds how a CSV is written: encoding, separator, decimal sign, and whether its first line names the columns.

Python's `csv.Sniffer` is not used: it takes the comma of `7,4;0,7` for the separator, and finds headers in tables
without one. Counting cells, as below, decides these cases.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from stages.lib.common import UserError
from stages.lib.data.csv_text import SEPARATORS, CsvText
from stages.lib.data.encoding import as_utf8, likely_encoding
from stages.lib.data.texts import MISSING, numbers

# The first records decide; their number, and the share of them that must agree on the number of cells.
_MOST_RECORDS, _AGREE = 2000, 0.9


def look_at(path: str | Path, target: str | None = None) -> CsvText:
    """Find how a CSV is written; a first line that contains the target is a header, whatever else it looks like.

    Raises `UserError` if the file is missing, empty, not text, or not a table of two or more columns.
    """
    csv = _decoded(path)
    firsts = {sign: islice(replace(csv, separator=sign).records(), _MOST_RECORDS) for sign in SEPARATORS}
    tables = {sign: [cells for _, cells in records if cells] for sign, records in firsts.items()}
    separator = _separator(tables)
    if separator is None:
        raise UserError(
            f"{path} is not a table of two or more columns: its lines don't agree on the number of cells, whether "
            "commas, semicolons or tabs separate them. Is it the right file?"
        )
    records = tables[separator]
    decimal = "," if separator != "," and _n_numbers(records, ",") > _n_numbers(records, ".") else "."
    first, *rows = records
    if rows and not first[-1].strip() and len(rows[0]) == len(first) - 1:
        first.pop()  # as `column_names` does
    rows = [row for row in rows if len(row) == len(first)]
    header = target in {cell.strip() for cell in first} or _has_header(first, rows, decimal)
    return replace(csv, separator=separator, decimal=decimal, header=header)


def _decoded(path: str | Path) -> CsvText:
    """Return a file with its encoding; how else it is written is still to be found."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}. Name a CSV file.") from None
    encoding = likely_encoding(content)
    text = as_utf8(content, encoding or "utf-8", str(path))
    if encoding is None:
        raise UserError(f"{path} is not text. Is it the right file?")
    return CsvText(str(path), text, encoding)


def _separator(tables: dict[str, list[list[str]]]) -> str | None:
    """Return the separator on which the lines agree, and of several the one that leaves most numbers."""
    agreeing = {}
    for sign, records in tables.items():
        (width, count), *_ = Counter(map(len, records)).most_common(1)
        if width > 1 and count >= _AGREE * len(records):
            share = max(_n_numbers(records, decimal) for decimal in ".,") / sum(map(len, records))
            agreeing[sign] = (len(records[0]) == width, share, width)
    return max(agreeing, key=lambda sign: agreeing[sign]) if agreeing else None


def _n_numbers(records: list[list[str]], decimal: str) -> int:
    return int(_are_numbers([cell for cells in records for cell in cells], decimal).sum())


def _are_numbers(cells: Sequence[str], decimal: str) -> np.ndarray:
    return ~np.isnan(numbers(cells, decimal))


def _has_header(first: list[str], rows: list[list[str]], decimal: str) -> bool:
    """Whether the first line differs from the others as names differ from values.

    Where a column has numbers, its name is not one. In a column of text whose values repeat, a first cell that does not
    occur again is a name. Without evidence, it is a header.
    """
    votes = texts = 0
    for i, name in enumerate(map(str.strip, first)):
        below = [cell for row in rows if (cell := row[i].strip()) not in MISSING]
        if not below:
            continue
        if _are_numbers(below, decimal).mean() >= _AGREE:
            # An empty cell may be the missing name of a column of row numbers.
            is_value = _are_numbers([name], decimal)[0] or (name in MISSING and name)
            votes += -1 if is_value else bool(name)
        elif len(set(below)) <= len(below) / 2:
            texts += -1 if name in below else 1
    return votes > 0 if votes else texts >= 0
