"""The CSV as pandas reads it: numbers as numbers, everything else as text."""

import io
import warnings
from collections.abc import Collection
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from pandas.errors import ParserError

from stages.lib.config import Data
from stages.lib.data.faults import refuse
from stages.lib.data.records import ragged, unreadable


def parse(text: bytes, names: list[str], as_text: Collection[str], spec: Data, name: str) -> pd.DataFrame:
    """Parse a table.

    Parameters
    ----------
    text : bytes
        The CSV, in UTF-8.
    names : list of str
        Its columns, in file order.
    as_text : collection of str
        The columns that should not be read as numbers.
    spec : Data
        For separator, decimal, header and na_values.
    name : str
        The name of the text in messages.

    Returns
    -------
    DataFrame
        Columns of float64, with NaN where a cell is missing, and `category` columns of texts as they are in the file
        for `as_text` and for each column that contains anything but numbers and missing cells.

    Raises
    ------
    UserError
        If a line has more or fewer cells than there are columns.
    """
    options: dict[str, Any] = {
        "header": 0 if spec.header else None,
        "names": names,
        "index_col": False,
        "sep": spec.separator,
        "decimal": spec.decimal,
        "na_values": spec.na_values,
        "keep_default_na": False,
        "skip_blank_lines": False,
        "skipinitialspace": True,
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)  # such a column is read again, as text
            table = pd.read_csv(io.BytesIO(text), dtype=dict.fromkeys(as_text, "str"), **options)
    except ParserError as error:
        refuse(name, unreadable(error, text, spec, len(names), name))
    # pandas fills up a short line with empty cells, so the last column tells whether there is one.
    if _has_empty(table[names[-1]]):
        refuse(name, ragged(text, spec, len(names), name))
    others = [key for key in names if key not in as_text and not is_numeric(table[key])]
    if others:
        again = pd.read_csv(io.BytesIO(text), dtype=dict.fromkeys(others, "str"), usecols=others, **options)
        table[others] = again[others]
    # pandas would read texts that are all numbers, such as 01 and 1.0, into categories that are numbers.
    return table.astype({key: "float64" if is_numeric(table[key]) else "category" for key in names})


def is_numeric(series: pd.Series) -> bool:
    """Whether pandas took all cells for numbers; booleans are none."""
    return is_numeric_dtype(series) and not is_bool_dtype(series)


def _has_empty(series: pd.Series) -> bool:
    return bool(series.isna().any()) or (not is_numeric(series) and bool((series == "").any()))
