"""The cells of a column as its type says, and what is wrong with them."""

import re
import warnings
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from stages.lib.common import UserError, in_params
from stages.lib.config import Column, Data
from stages.lib.data import texts as text
from stages.lib.data.csv_text import short
from stages.lib.data.faults import Fault, at, line_to_add, plain

# Nets compute in float32, where larger numbers are infinite.
_LARGEST = float(np.finfo(np.float32).max)
_SMALLER = "fix it, or write the column in a larger unit"
_NAMES = {"number": "a number", "boolean": "a boolean: yes or no, true or false, t or f, 1 or 0", "date": "a date"}
# The most characters of a category's name; longer ones are free text, or a quotation mark is missing.
_LONGEST_NAME = 1000


def as_feature(series: pd.Series, spec: Data, may_lack: bool, if_missing: str = "") -> tuple[Any, list[Fault]]:
    """Return a column as its type in `spec` says, and its faults.

    `series` is of float64, or a `category` of texts, as `CsvText.table` returns it. Numbers become float64, with
    booleans as 0 and 1 and dates as days since 1970; categories become a Series of `category`, sorted. A missing cell
    is NaN, and a fault unless the column `may_lack` cells. For rows to predict, `if_missing` says why cells must not be
    missing; faults then come without advice on params.yaml.
    """
    name, column = str(series.name), spec.column(str(series.name))
    values: Any
    faults: list[Fault]
    if not isinstance(series.dtype, pd.CategoricalDtype):
        values, missing, faults = series.to_numpy(), series.isna().to_numpy(), []
    elif column.type == "category":
        values = text.as_category(series, spec.na_values)
        missing, faults = values.isna().to_numpy(), _too_long(values, spec)
    else:
        values, missing, faults = _by_meaning(series, spec, may_lack)
    if column.type == "number":
        faults += out_of_range(values, name, column)
    if if_missing:
        faults = [replace(each, remedy=if_missing * _is_blank(series.iloc[each.rows[0]])) for each in faults]
    elif column.type == "category" and 1 < len(values.cat.categories) == len(values):
        remedy = f"is it an id? Then {line_to_add(name, 'use: false', spec)}"
        faults.append(Fault(name, f"has as many categories as rows, {len(values):,}", remedy))
    if may_lack:
        return values, faults
    remedy = if_missing or f"if that may be, {line_to_add(name, 'missing: allowed', spec)}"
    if missing.all() and not if_missing:
        remedy = _if_empty(name, spec)
    return values, at(missing, name, "the cell is missing", remedy) + faults


def as_role(series: pd.Series, role: str, spec: Data) -> tuple[Any, list[Fault]]:
    """Return the column of `cv.groups` as a `category`, or that of `cv.order` as float64, and its faults.

    A warning says how dates are read of which day and month could change places.
    """
    name, column = str(series.name), spec.column(str(series.name))
    faults: list[Fault] = []
    if role == "cv.groups":
        reading = text.read(series, ["", *spec.na_values], partial(text.numbers, decimal=spec.decimal))
        values = reading.cells
        if not reading.blanks and not reading.words:  # 1 and 1.0 are one group
            values = pd.Series(reading.values, name=name).astype("category")
        missing = values.isna().to_numpy()
    elif column.type in {"number", "date"}:
        values, faults = as_feature(series, spec, may_lack=True)
        days = text.as_category(series, spec.na_values).cat.categories.tolist() if column.type == "date" else []
        if note := text.day_or_month(days):
            warnings.warn(f"column {name}: {note}", stacklevel=2)
        missing = np.isnan(values)
        missing[[row for fault in faults for row in fault.rows]] = False
    else:
        raise UserError(in_params("cv.order", f"is {name}, a {column.type}", "rows are ordered by a number or a date"))
    return values, faults + at(
        missing, name, f"the cell, which {role} needs, is missing", "fill it in, or remove such rows"
    )


def _is_blank(cell: object) -> bool:
    return isinstance(cell, str) and cell.strip() in text.MISSING


def _if_empty(name: str, spec: Data) -> str:
    return f"the column has no value at all, so {line_to_add(name, 'use: false', spec)}"


def _if_missing(cells: Sequence[str], name: str, spec: Data) -> str:
    """Say what to do if cells of a column mean a missing value."""
    allowed = "" if spec.column(name).missing else f", and {line_to_add(name, 'missing: allowed', spec)}"
    return f"if it is missing, add {', '.join(map(short, cells))} to data.na_values{allowed}"


def _on_words(words: Sequence[str], n_numbers: int, name: str, spec: Data) -> str:
    """Say what to do about the different cells of a column that are not numbers and do not look missing either.

    `n_numbers` different cells are numbers.
    """
    other = "," if spec.decimal == "." else "."
    if all(re.fullmatch(rf"[-+]?\d*[{other}]\d+", word) for word in words):
        sign = "write a point instead, because it separates the cells too"
        sign = sign if other == spec.separator else f"set data.decimal in params.yaml to {other!r}"
        return f"if {other!r} is its decimal sign, {sign}"
    types = {} if n_numbers else text.MEANINGS
    kind = next((kind for kind, meaning in types.items() if not np.isnan(meaning(words)).any()), "category")
    as_type = f"if the column is not a number, {line_to_add(name, f'type: {kind}', spec)}"
    if n_numbers > len(words) and len(words) <= text.MOST_TOKENS:
        return f"{as_type}; {_if_missing(words, name, spec)}"
    return as_type


def _too_long(cells: pd.Series, spec: Data) -> list[Fault]:
    labels = [label for label in cells.cat.categories if len(label) > _LONGEST_NAME]
    problem = f"{{cell}} is too long for a category, which has at most {_LONGEST_NAME:,} characters"
    remedy = f"if the column is free text, {line_to_add(str(cells.name), 'use: false', spec)}"
    return where(cells, labels, problem, remedy)


def _by_meaning(series: pd.Series, spec: Data, may_lack: bool) -> tuple[np.ndarray, np.ndarray, list[Fault]]:
    """Return what the texts of a column mean as numbers, booleans or dates, which cells are missing, and the faults."""
    name, kind = str(series.name), spec.column(str(series.name)).type
    as_numbers = partial(text.numbers, decimal=spec.decimal)
    reading = text.read(series, spec.na_values, text.MEANINGS.get(kind, as_numbers))
    cells, blanks, words = reading.cells, reading.blanks, reading.words
    missing, problem = cells.isna().to_numpy(), f"{{cell}} is not {_NAMES[kind]}"
    if kind == "number":
        # pandas compares numbers, so a cell 999.0 is missing if na_values lists 999.
        tokens = as_numbers(spec.na_values)
        missing = missing | np.isin(reading.values, tokens[np.isfinite(tokens)])
    values = np.where(missing, np.nan, reading.values)
    if kind == "number" and words:  # one sentence says all that the column needs
        remedy = _on_words(words, reading.n_read, name, spec)
        return values, np.zeros_like(missing), where(cells, words, problem, remedy)
    remedy = "fix it, or write dates as in 2020-12-31"
    if kind == "boolean":
        remedy = f"fix it, or set data.columns.{plain(name)}.type in params.yaml to category"
    if_blank = _if_empty(name, spec) if cells.isin(blanks).all() else _if_missing(blanks, name, spec)
    return values, missing, where(cells, words, problem, remedy) + where(cells, blanks, problem, if_blank)


def where(cells: pd.Series, texts: Collection[str], finding: str, remedy: str = "") -> list[Fault]:
    """Return a fault at the cells that have one of these texts, if there are some."""
    return at(cells.isin(texts).to_numpy(), str(cells.name), finding, remedy)


def out_of_range(values: np.ndarray, name: str, column: Column) -> list[Fault]:
    """Return the numbers that are outside of the column's limits, or of what a float32 holds."""
    limits = {key: limit for key, limit in {"min": column.min, "max": column.max}.items() if limit is not None}
    low, high = max(limits.get("min", -_LARGEST), -_LARGEST), min(limits.get("max", _LARGEST), _LARGEST)
    below, above = (values < low) & np.isfinite(values), (values > high) & np.isfinite(values)
    places = {f"below {low:g}": below, f"above {high:g}": above}
    if len(limits) == 2:
        places = {f"outside {low:g} to {high:g}": below | above}
    unit = f" ({column.unit})" if column.unit else ""
    change = f"fix it, or change {' and '.join(limits)} of data.columns.{plain(name)} in params.yaml"
    remedy = change if limits else _SMALLER
    finding = f"{{cell}} is infinite or beyond {_LARGEST:g}, the largest number of a float32"
    faults = at(np.isinf(values), name, finding, _SMALLER)
    for place, rows in places.items():
        faults += at(rows, name, f"{{number}} is {place}{unit}", remedy)
    return faults
