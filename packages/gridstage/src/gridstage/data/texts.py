"""Cells that are texts: missing cells, categories, numbers, booleans and dates, from their texts to what they mean."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from unicodedata import normalize

import numpy as np
import pandas as pd

# Cells that mean "missing" wherever they stand.
MISSING = ("", "?", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null")
# Among numbers, so few different texts may each mean a missing cell, whatever they are.
MOST_TOKENS = 3

# A whole number as Python writes it.
WHOLE_NUMBER = re.compile("0|-?[1-9][0-9]*")

_BOOLEANS = {"yes": 1.0, "true": 1.0, "t": 1.0, "1": 1.0, "1.0": 1.0}
_BOOLEANS |= {"no": 0.0, "false": 0.0, "f": 0.0, "0": 0.0, "0.0": 0.0}


@dataclass(frozen=True)
class Reading:
    """The cells of a column of texts as `as_category` returns them, and what each means as float64.

    A value is NaN where the cell is missing or has no meaning; `words` are the different texts without a meaning.
    """

    cells: pd.Series
    values: np.ndarray
    words: list[str]


def read(
    series: pd.Series,
    missing: Collection[str],
    meaning: Callable[[list[str]], np.ndarray],
) -> Reading:
    """Read a `category` column of texts by a function such as `booleans`, which returns NaN for those without one."""
    cells = as_category(series, missing)
    texts = cells.cat.categories.tolist()
    meanings = meaning(texts)
    words = [
        text for text, number in zip(texts, meanings, strict=True) if np.isnan(number)
    ]
    # The last entry is for the code -1 of a missing cell.
    values = np.array([*meanings, np.nan], dtype=np.float64)[cells.cat.codes]
    return Reading(cells, values, words)


def as_category(series: pd.Series, missing: Collection[str] = ()) -> pd.Series:
    """Return texts as pandas' `category`: in one Unicode form, without blanks around, NaN for those in `missing`."""
    series = series.cat.remove_unused_categories()  # of rows that are left out
    texts = [normalize("NFC", str(text).strip()) for text in series.cat.categories]
    present = sorted(set(texts) - set(missing))
    numbers = {text: number for number, text in enumerate(present)}
    # The last entry is for the code -1 of a missing cell.
    codes = np.array([*(numbers.get(text, -1) for text in texts), -1])
    categories = pd.Index(present, dtype="str")
    cells = pd.Categorical.from_codes(codes[series.cat.codes], categories=categories)
    return pd.Series(cells, name=series.name)


def numbers(texts: Sequence[str], decimal: str) -> np.ndarray:
    """Return texts as float64 numbers, with NaN for those that are not numbers."""
    if decimal == ",":
        texts = list(map(_with_a_point, texts))
    column = pd.to_numeric(pd.Series(texts, dtype="object"), errors="coerce")
    values = column.to_numpy(dtype=np.float64, copy=True)
    # pandas rounds some long ones to a neighbour of the nearest.
    for place in np.flatnonzero(np.isfinite(values)).tolist():
        values[place] = float(texts[place])
    return values


def _with_a_point(text: str) -> str:
    return "" if "." in text else text.replace(",", ".")


def booleans(texts: Sequence[str]) -> np.ndarray:
    """Return texts as 1 and 0, with NaN for all but yes/no, true/false, t/f and 1/0."""
    return np.array(
        [_BOOLEANS.get(text.lower(), np.nan) for text in texts], dtype=np.float64
    )


def dates(
    texts: Sequence[str], forms: Sequence[str] = ("ISO8601", "%d.%m.%Y")
) -> np.ndarray:
    """Return texts as days since 1970, with NaN for those that are not dates as 2020-12-31 (ISO 8601) or 31.12.2020.

    All texts have the form that more of them fit. With dots, the day comes first; 03/04/2020 could be two days, so
    other `forms` are given.
    """
    series = pd.Series(texts, dtype="str")
    readings = [
        pd.to_datetime(series, format=each, errors="coerce", utc=True) for each in forms
    ]
    days = min(readings, key=lambda reading: reading.isna().sum())
    # Microseconds also hold years that nanoseconds do not.
    numbers = days.dt.as_unit("us").astype("int64").to_numpy() / 86_400e6
    return np.where(days.isna(), np.nan, numbers)


# How the texts of a column are read by its type; numbers also by the decimal sign.
MEANINGS = {"boolean": booleans, "date": dates}
