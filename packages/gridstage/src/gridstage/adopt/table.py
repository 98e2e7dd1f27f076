"""Finds how a CSV is written, and reads it: numbers where all cells are numbers, text elsewhere. Parquet says which.

Python's `csv.Sniffer` takes the comma of `7,4;0,7` for the separator, and finds headers in tables without one.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridstage.adopt.written import NumbersFound, find_numbers, missing_words
from gridstage.common import UserError, did_you_mean
from gridstage.config import is_parquet
from gridstage.data.checked_file import parquet_rows
from gridstage.data.csv_text import SEPARATORS, CsvText
from gridstage.data.encoding import likely_encoding, utf8_text
from gridstage.data.texts import MISSING, as_category, numbers

# The first records decide; their number, and the share of them that must agree on the number of cells.
_MOST_RECORDS, _AGREE = 2000, 0.9


@dataclass(frozen=True)
class Table:
    """The cells of a file, and how it is written; the `na_values` of `rows` are the cells that mean "missing".

    Columns of `frame` are of float64 or of stripped text, with NaN where a cell is missing. Its index has the numbers
    of its rows in the file, of which `n_left_out` others have no target. `labels` are the cells of the target as they
    are written, of which `1.00` is the number 1. `written` has the form of numbers that are not written plainly, by
    column, and `hints` say which words were taken for missing.
    """

    rows: CsvText
    frame: pd.DataFrame
    labels: pd.Series | None = None
    n_left_out: int = 0
    written: dict[str, str] = field(default_factory=dict)
    hints: tuple[str, ...] = ()

    def place(self, mask: Any) -> str:
        """Return where the first row is at which a mask of the rows of `frame` is true."""
        return self.rows.place(self.frame.index[int(np.argmax(mask))])


def read_table(path: str | Path, target: str | None = None) -> Table:
    """Find how a file is written, and read it; a first line of a CSV that contains the target is a header.

    Raises `UserError` if the file is missing, or no table of two or more columns with rows and such a target.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UserError(
            f"{path} can't be read: {error.strerror}. Name a CSV or Parquet file."
        ) from None
    missing: tuple[str, ...] = MISSING
    if is_parquet(str(path)):
        missing = MISSING[:1]  # others have no text
        csv = parquet_rows(content, str(path))
    else:
        csv = _form(content, path, target)
    _, first = next(csv.records())
    names = csv.names([f"column_{i}" for i in range(1, len(first) + 1)])
    targets = [] if target is None else [target]
    if target is not None and target not in names:
        hint = did_you_mean(target, names) or "."
        header = " Line 1 looks like a row; if it is a header, write names in it, not numbers."
        raise UserError(
            f"{path} has no column {target!r}{hint} It has: {', '.join(names)}."
            f"{'' if csv.header else header}"
        )
    frame = csv.table(names, {*csv.texts, *targets})
    texts = {}
    tokens: set[str] = set()
    for name, cells in frame.items():
        if isinstance(cells.dtype, pd.CategoricalDtype):
            texts[str(name)] = as_category(cells)
            tokens.update(texts[str(name)].cat.categories)
    tokens.intersection_update(missing)
    found: dict[str, NumbersFound] = {}
    for name, cells in texts.items():
        texts[name] = as_category(cells, tokens)
        in_column = find_numbers(texts[name], csv.decimal, name in csv.texts)
        if in_column:
            found[name] = in_column
    words, hints = missing_words(texts, found)
    written = {}
    for name, cells in texts.items():
        if name not in found or not words.issuperset(found[name].words):
            frame[name] = as_category(cells, words).astype("str")
            continue
        frame[name] = found[name].values
        if found[name].written:
            written[name] = found[name].written
    na_values = *(cell for cell in missing if cell in tokens), *sorted(words)
    csv = replace(csv, na_values=na_values)
    lacks = frame[targets].isna().any(axis=1)
    labels = texts[target] if target else None
    n_left_out = int(lacks.sum())
    return Table(csv, frame[~lacks], labels, n_left_out, written, hints)


def _form(content: bytes, path: str | Path, target: str | None) -> CsvText:
    """Find how a CSV is written: encoding, separator, decimal sign, and whether its first line names the columns."""
    encoding = likely_encoding(content)
    text = utf8_text(content, encoding or "utf-8", str(path))
    if encoding is None:
        raise UserError(f"{path} is not text. Is it the right file?")
    csv = CsvText(str(path), text, encoding)
    by_sign = (_Form.of(csv, separator) for separator in SEPARATORS)
    forms = [form for form in by_sign if form]
    if not forms:
        raise UserError(
            f"{path} is not a table of two or more columns: its lines don't agree on the number of cells, whether "
            "commas, semicolons or tabs separate them. Is it the right file?"
        )
    form = max(forms, key=lambda form: form.rank)
    first, *rows = form.records
    rows = [row for row in rows if len(row) == len(first)]
    names = {cell.strip() for cell in first}
    header = target in names or _has_header(first, rows, form.decimal)
    return replace(csv, separator=form.separator, decimal=form.decimal, header=header)


@dataclass(frozen=True)
class _Form:
    """The first records of a CSV by a separator on which its lines agree; the one that ranks highest is taken."""

    separator: str
    decimal: str
    records: list[list[str]]
    rank: tuple[bool, float, int]

    @classmethod
    def of(cls, csv: CsvText, separator: str) -> "_Form | None":
        """Return the form by a separator; None if the lines do not agree on the number of cells, or it is one."""
        lines = islice(replace(csv, separator=separator).records(), _MOST_RECORDS)
        records = [cells for _, cells in lines if cells]
        (width, count), *_ = Counter(map(len, records)).most_common(1)
        if width == 1 or count < _AGREE * len(records):
            return None
        cells = list(chain(*records))
        points, commas = (_are_numbers(cells, sign).sum() for sign in ".,")
        decimal = "," if separator != "," and commas > points else "."
        # Of several separators, the one that leaves most numbers.
        share = max(points, commas) / len(cells)
        rank = len(records[0]) == width, share, width
        return cls(separator, decimal, records, rank)


def _are_numbers(cells: Sequence[str], decimal: str) -> np.ndarray:
    return ~np.isnan(numbers(cells, decimal))


def _has_header(first: list[str], rows: list[list[str]], decimal: str) -> bool:
    """Whether the first line differs from the others as names differ from values.

    Where a column has numbers, its name is not one. In a column of text whose values repeat, a first cell that does not
    occur again is a name. Without evidence, it is a header.
    """
    votes = texts = 0
    for i, name in enumerate(map(str.strip, first)):
        cells = (row[i].strip() for row in rows)
        below = [cell for cell in cells if cell not in MISSING]
        if not below:
            continue
        if _are_numbers(below, decimal).mean() >= _AGREE:
            is_value = name in MISSING or _are_numbers([name], decimal)[0]
            if name:  # an empty cell may be the missing name of a column of row numbers
                votes += -1 if is_value else 1
        elif len(set(below)) <= len(below) / 2:
            texts += -1 if name in below else 1
    return votes > 0 if votes else texts >= 0
