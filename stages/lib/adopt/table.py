"""Finds how a CSV is written, and reads it: numbers where all cells are numbers, text elsewhere. Parquet says which.

Python's `csv.Sniffer` takes the comma of `7,4;0,7` for the separator, and finds headers in tables without one.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages.lib.common import UserError, did_you_mean
from stages.lib.config import is_parquet
from stages.lib.data.checked_file import parquet_pieces
from stages.lib.data.csv_text import SEPARATORS, CsvText
from stages.lib.data.encoding import likely_encoding, utf8_blocks
from stages.lib.data.texts import MISSING, as_category, numbers, read

# The first records decide; their number, and the share of them that must agree on the number of cells.
_MOST_RECORDS, _AGREE = 2000, 0.9


@dataclass(frozen=True)
class Table:
    """The cells of a file, and how it is written; the `na_values` of `rows` are the cells that mean "missing".

    Columns of `frame` are of float64 or of stripped text, with NaN where a cell is missing. Its index has the numbers
    of its rows in the file, of which `n_left_out` others have no target. `labels` are the cells of the target as they
    are written, of which `1.00` is the number 1.
    """

    rows: CsvText
    frame: pd.DataFrame
    labels: pd.Series | None = None
    n_left_out: int = 0

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
    in_parquet = is_parquet(str(path))  # where missing cells have no text
    missing = MISSING[:1] if in_parquet else MISSING
    csv = (
        next(parquet_pieces(BytesIO(content), str(path)))
        if in_parquet
        else _form(content, path, target)
    )
    _, first = next(csv.records())
    names = csv.names([f"column_{i}" for i in range(1, len(first) + 1)])
    if target is not None and target not in names:
        hint = did_you_mean(target, names) or "."
        header = (
            ""
            if csv.header
            else " Line 1 looks like a row; if it is a header, write names in it, not numbers."
        )
        raise UserError(
            f"{path} has no column {target!r}{hint} It has: {', '.join(names)}.{header}"
        )
    frame = csv.table(names, {*csv.texts} | ({target} if target else set()))
    columns = {
        name: cells
        for name, cells in frame.items()
        if isinstance(cells.dtype, pd.CategoricalDtype)
    }
    texts = {str(name): as_category(cells) for name, cells in columns.items()}
    tokens = set(missing).intersection(
        chain(*(cells.cat.categories for cells in texts.values()))
    )
    for name, cells in texts.items():
        reading = read(cells, tokens, partial(numbers, decimal=csv.decimal))
        all_numbers = (
            name not in csv.texts and not reading.words and reading.cells.notna().any()
        )
        frame[name] = reading.values if all_numbers else reading.cells.astype("str")
    csv = replace(csv, na_values=tuple(cell for cell in missing if cell in tokens))
    lacks = frame[[target] if target else []].isna().any(axis=1)
    return Table(
        csv, frame[~lacks], texts[target] if target else None, int(lacks.sum())
    )


def _form(content: bytes, path: str | Path, target: str | None) -> CsvText:
    """Find how a CSV is written: encoding, separator, decimal sign, and whether its first line names the columns."""
    encoding = likely_encoding(content)
    text = next(utf8_blocks(BytesIO(content), encoding or "utf-8", str(path)))
    if encoding is None:
        raise UserError(f"{path} is not text. Is it the right file?")
    csv = CsvText(str(path), text, encoding)
    # The separator on which the lines agree, and of several the one that leaves most numbers.
    tables, agreeing = {}, {}
    for sign in SEPARATORS:
        records = [
            cells
            for _, cells in islice(
                replace(csv, separator=sign).records(), _MOST_RECORDS
            )
            if cells
        ]
        (width, count), *_ = Counter(map(len, records)).most_common(1)
        if width > 1 and count >= _AGREE * len(records):
            n_numbers = {
                decimal: _are_numbers(list(chain(*records)), decimal).sum()
                for decimal in ".,"
            }
            agreeing[sign] = (
                len(records[0]) == width,
                max(n_numbers.values()) / sum(map(len, records)),
                width,
            )
            tables[sign] = (
                records,
                "," if sign != "," and n_numbers[","] > n_numbers["."] else ".",
            )
    if not agreeing:
        raise UserError(
            f"{path} is not a table of two or more columns: its lines don't agree on the number of cells, whether "
            "commas, semicolons or tabs separate them. Is it the right file?"
        )
    separator = max(agreeing, key=lambda sign: agreeing[sign])
    (first, *rows), decimal = tables[separator]
    rows = [row for row in rows if len(row) == len(first)]
    header = target in {cell.strip() for cell in first} or _has_header(
        first, rows, decimal
    )
    return replace(csv, separator=separator, decimal=decimal, header=header)


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
            if name:  # an empty cell may be the missing name of a column of row numbers
                votes += (
                    -1 if name in MISSING or _are_numbers([name], decimal)[0] else 1
                )
        elif len(set(below)) <= len(below) / 2:
            texts += -1 if name in below else 1
    return votes > 0 if votes else texts >= 0
