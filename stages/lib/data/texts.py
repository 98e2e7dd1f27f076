"""Cells that are texts: missing cells, categories, numbers, booleans and dates, from their texts to what they mean."""

import re
import warnings
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from unicodedata import normalize

import numpy as np
import pandas as pd
from pandas.tseries.api import guess_datetime_format

# Cells that mean "missing" wherever they stand, and those that do among numbers.
MISSING = ("", "?", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null")
MISSING_AMONG_NUMBERS = ("-", "--", ".", "None", "none", "*", "missing", "unknown", "Unknown")
_MAY_BE_MISSING = {cell.lower() for cell in (*MISSING, *MISSING_AMONG_NUMBERS)}
# Among numbers, so few different texts may each mean a missing cell, whatever they are.
MOST_TOKENS = 3

# A number with more than digits around it or in it: 5 %, $5, 1 000 or 0x1F; a whole number as Python writes it.
NUMBER_WITH_SIGNS = re.compile(r"[^\w\s]{0,3}\s*[-+−]?\s*\d.{0,24}")
WHOLE_NUMBER = re.compile("0|-?[1-9][0-9]*")

_BOOLEANS = {"yes": 1.0, "true": 1.0, "t": 1.0, "1": 1.0, "1.0": 1.0}
_BOOLEANS |= {"no": 0.0, "false": 0.0, "f": 0.0, "0": 0.0, "0.0": 0.0}


@dataclass(frozen=True)
class Reading:
    """The cells of a column of texts as `as_category` returns them, and what each means as float64.

    A value is NaN where the cell is missing or has no meaning. The different texts without a meaning are `blanks`,
    which look as if a value were missing, and `words`, all others.
    """

    cells: pd.Series
    values: np.ndarray
    blanks: list[str]
    words: list[str]

    @property
    def n_read(self) -> int:
        """How many different texts have a meaning."""
        return len(self.cells.cat.categories) - len(self.blanks) - len(self.words)


def read(series: pd.Series, missing: Collection[str], meaning: Callable[[list[str]], np.ndarray]) -> Reading:
    """Read a `category` column of texts by a function such as `booleans`, which returns NaN for those without one."""
    cells = as_category(series, missing)
    texts = cells.cat.categories.tolist()
    meanings = meaning(texts)
    without = [text for text, number in zip(texts, meanings, strict=True) if np.isnan(number)]
    blanks = [text for text in without if text.lower() in _MAY_BE_MISSING]
    # The last entry is for the code -1 of a missing cell.
    values = np.array([*meanings, np.nan], dtype=np.float64)[cells.cat.codes]
    return Reading(cells, values, blanks, [text for text in without if text not in blanks])


def as_category(series: pd.Series, missing: Collection[str] = ()) -> pd.Series:
    """Return texts as pandas' `category`: in one Unicode form, without blanks around, NaN for those in `missing`."""
    texts = [normalize("NFC", str(text).strip()) for text in series.cat.categories]
    kept = sorted(set(texts) - set(missing))
    numbers = {text: number for number, text in enumerate(kept)}
    # The last entry is for the code -1 of a missing cell.
    codes = np.array([numbers.get(text, -1) for text in texts] + [-1])[series.cat.codes]
    return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(kept, dtype="str")), name=series.name)


def numbers(texts: Sequence[str], decimal: str) -> np.ndarray:
    """Return texts as float64 numbers, with NaN for those that are not numbers."""
    if decimal == ",":
        texts = ["" if "." in text else text.replace(",", ".") for text in texts]
    values = pd.to_numeric(pd.Series(texts, dtype="object"), errors="coerce").to_numpy(dtype=np.float64, copy=True)
    for place, text in enumerate(texts):
        if np.isfinite(values[place]):
            values[place] = float(text)  # pandas rounds some long ones to a neighbour of the nearest
    return values


def booleans(texts: Sequence[str]) -> np.ndarray:
    """Return texts as 1 and 0, with NaN for all but yes/no, true/false, t/f and 1/0."""
    return np.array([_BOOLEANS.get(text.lower(), np.nan) for text in texts], dtype=np.float64)


def dates(texts: Sequence[str]) -> np.ndarray:
    """Return texts as days since 1970, with NaN for those that are not dates of ISO 8601 or of one other format.

    The first text shows that format. Where day and month could be meant either way, the reading counts that more texts
    allow; if both fit, the day comes first before a dot, as in 1.2.2020, and the month elsewhere.
    """
    best = min(_readings(texts), key=lambda reading: reading.isna().sum())
    # Microseconds also hold years that nanoseconds do not.
    days = best.dt.as_unit("us").astype("int64").to_numpy() / 86_400e6
    return np.where(best.isna(), np.nan, days)


def day_or_month(texts: Sequence[str]) -> str:
    """Say how dates are read if day and month could change places in all of them; empty if one reading is the only."""
    iso, *others = _readings(texts)
    if len(others) < 2 or iso.notna().all() or any(reading.isna().any() for reading in others):
        return ""
    taken, other = others
    for i in np.flatnonzero(taken != other)[:1]:
        return f"{texts[i]} is read as {taken[i]:%Y-%m-%d}; if it is {other[i]:%Y-%m-%d}, write the dates in this form"
    return ""


def _readings(texts: Sequence[str]) -> list[pd.Series]:
    """Return texts as dates of ISO 8601 and of the formats that the first of them shows, with NaT where that fails."""
    formats = ["ISO8601"]
    if len(texts):
        day_first = re.match(r"\d+\.", texts[0]) is not None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            formats += [guess_datetime_format(texts[0], dayfirst=first) or "" for first in (day_first, not day_first)]
        # Nobody writes 2020-31-12: it is a mistake among dates whose month comes first.
        formats = [form for form in formats if not re.match(r"%Y\W?%d", form)]
    series = pd.Series(texts, dtype="str")
    return [pd.to_datetime(series, format=form, errors="coerce", utc=True) for form in dict.fromkeys(formats) if form]


# How the texts of a column are read by its type; numbers also by the decimal sign.
MEANINGS = {"boolean": booleans, "date": dates}
