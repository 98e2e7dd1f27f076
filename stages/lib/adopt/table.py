"""Reads a CSV of any kind as pandas finds it: numbers where all cells are numbers, text elsewhere."""

import io
import json
import shlex
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.errors import ParserError

from stages.lib.adopt.file_form import MISSING, Form, is_number
from stages.lib.data.encoding import as_utf8
from stages.lib.data.faults import refuse
from stages.lib.data.header import check_width
from stages.lib.data.parse import is_numeric
from stages.lib.data.records import ragged, records, unreadable

# Cells that mean "missing" only in a column whose other cells are numbers.
_MISSING_AMONG_NUMBERS = ("-", "--", ".", "None", "none", "*", "missing", "unknown", "Unknown")


def command_without(path: str | Path, form: Form, column: str, cells: list[str]) -> str:
    """Return a command that removes the rows with certain cells in a column from a CSV."""
    key = json.dumps(column, ensure_ascii=False) if form.header else str(form.names.index(column))
    file, sign, encoding = (json.dumps(each, ensure_ascii=False) for each in (str(path), form.separator, form.encoding))
    listed = json.dumps(cells, ensure_ascii=False)
    header = "" if form.header else ", header=None"
    code = (
        f"import pandas; t = pandas.read_csv({file}, sep={sign}, encoding={encoding}, dtype=str, "
        f"keep_default_na=False, skipinitialspace=True{header}); t[~t[{key}].str.strip().isin({listed})]"
        f".to_csv({file}, sep={sign}, encoding={encoding}, index=False{', header=False' * (not form.header)})"
    )
    return f"python -c {shlex.quote(code)}"


@dataclass(frozen=True)
class Table:
    """The cells of a CSV.

    Parameters
    ----------
    frame : DataFrame
        Columns of numbers (int64, float64), or of stripped text; NaN where a cell is missing.
    na_values : tuple of str
        The cells that mean "missing", as they are in the file.
    first_line : int
        The line of the first row.
    labels : Series, optional
        The cells of the target as they are written: pandas reads `1.00` as the number 1.
    decimal : str
        The decimal sign of its numbers.
    """

    frame: pd.DataFrame
    na_values: tuple[str, ...]
    first_line: int
    labels: pd.Series | None = None
    decimal: str = "."

    def lines(self, rows: Any) -> list[int]:
        """Return the lines of the first rows where a mask is true."""
        return [int(row) + self.first_line for row in np.flatnonzero(rows)[:3]]


def read_table(path: str | Path, form: Form, target: str | None = None) -> Table:
    """Read a CSV.

    Parameters
    ----------
    path : path
    form : Form
        How it is written.
    target : str, optional
        A column whose labels are no missing cells, even if they look like one, such as `-` beside `+`.

    Raises
    ------
    UserError
        If its lines have different numbers of cells, or it has no rows.
    """
    text = as_utf8(Path(path).read_bytes(), form.encoding, str(path))
    first = [cells for _, cells in islice(records(text, form.separator, str(path)), 2)]
    check_width(form.names if form.header else (), first[form.header], [len(form.names)], str(path))
    options: dict[str, Any] = {
        "sep": form.separator,
        "decimal": form.decimal,
        "header": 0 if form.header else None,
        "names": list(form.names),
        "index_col": False,
        "skip_blank_lines": False,
        "skipinitialspace": True,
        "keep_default_na": False,
    }
    try:
        frame = pd.read_csv(io.BytesIO(text), na_values=list(MISSING), low_memory=False, **options)
    except ParserError as error:
        refuse(str(path), unreadable(error, text, form, len(form.names), str(path)))
    if frame.iloc[:, -1].isna().any():  # pandas fills up short lines
        refuse(str(path), ragged(text, form, len(form.names), str(path)))
    # Text as it is written: pandas would turn True into a boolean.
    texts = [name for name in frame if not is_numeric(frame[name])]
    others = [name for name in frame if name not in texts and (name == target or frame[name].isna().any())]
    written = frame[[]]
    if texts or others:
        written = pd.read_csv(io.BytesIO(text), usecols=[*texts, *others], dtype=str, **options)
    found: set[str] = set()
    for name in written:
        cells = written[name].str.strip()
        found |= set(cells.unique()) & set(MISSING)
        if name in texts:
            frame[name] = cells.mask(cells.isin(MISSING))
    for name in texts:
        if name != target and (tokens := _among_numbers(frame[name], form.decimal)):
            if target in texts and tokens & set(frame[target].dropna().unique()):
                continue
            found |= tokens
    for name in texts:
        frame[name] = _numbers_again(frame[name].mask(frame[name].isin(found)), form.decimal)
    order = [cell for cell in (*MISSING, *_MISSING_AMONG_NUMBERS) if cell in found]
    labels = written[target].str.strip() if target else None
    return Table(frame, tuple(order), 2 if form.header else 1, labels, form.decimal)


def _among_numbers(column: pd.Series, decimal: str) -> set[str]:
    """Return the cells of a column of text that only mean that a number is missing."""
    values = column.dropna()
    others = values[~values.map(lambda cell: is_number(cell, decimal))]
    tokens = set(others.unique())
    return tokens if len(others) < len(values) / 2 and tokens <= set(_MISSING_AMONG_NUMBERS) else set()


def _numbers_again(column: pd.Series, decimal: str) -> pd.Series:
    values = column.dropna()
    if not len(values) or not values.map(lambda cell: is_number(cell, decimal)).all():
        return column
    # Python's float also takes numbers of more digits than an integer may have.
    texts = column.str.replace(",", ".") if decimal == "," else column
    return texts.map(float)
