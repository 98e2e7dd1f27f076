"""The cells of a column as its type says, and what is wrong with them."""

import warnings
from collections.abc import Collection
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from stages.lib.common import UserError
from stages.lib.config import Column, Data
from stages.lib.data import advice, alike
from stages.lib.data import texts as text
from stages.lib.data.faults import Fault, at, line_to_add, plain

# Nets compute in float32, where larger numbers are infinite.
_LARGEST = float(np.finfo(np.float32).max)
_SMALLER = "; fix it, or write the column in a larger unit"
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
        missing, faults = values.isna().to_numpy(), _too_long(values, spec) + twins(values)
    else:
        values, missing, faults = _by_meaning(series, spec, may_lack)
    if column.type == "number":
        faults += out_of_range(values, name, column)
    if if_missing:
        firsts = ((fault, series.iloc[fault.rows[0]]) for fault in faults)
        faults = [replace(fault, advice=advice.for_new(cell, spec, if_missing)) for fault, cell in firsts]
    elif column.type == "category" and 1 < len(values.cat.categories) == len(values):
        way_out = f"; an id? Then {line_to_add(name, 'use: false', spec)}"
        faults.append(Fault(name, f"has as many categories as rows, {len(values):,}", way_out))
    if may_lack:
        return values, faults
    if if_missing:
        way_out = f"; {if_missing}"
    elif missing.all():
        way_out = advice.if_empty(name, spec)
    else:
        way_out = f"; if that may be, {line_to_add(name, 'missing: allowed', spec)}"
    return values, at(missing, name, "the cell is missing", way_out) + faults


def as_role(series: pd.Series, role: str, spec: Data) -> tuple[Any, list[Fault]]:
    """Return the column of `cv.groups` as a `category`, or that of `cv.order` as float64, and its faults.

    A warning says how dates are read of which day and month could change places.
    """
    name, column = str(series.name), spec.column(str(series.name))
    if role == "cv.groups":
        reading = text.read(series, ["", *spec.na_values], partial(text.numbers, decimal=spec.decimal))
        values = reading.cells
        if not reading.blanks and not reading.words:  # 1 and 1.0 are one group
            values = pd.Series(reading.values, name=name).astype("category")
        missing, faults = values.isna().to_numpy(), twins(values)
    elif column.type in {"number", "date"}:
        values, faults = as_feature(series, spec, may_lack=True)
        days = text.as_category(series, spec.na_values).cat.categories.tolist() if column.type == "date" else []
        if note := text.day_or_month(days):
            warnings.warn(f"column {name}: {note}", stacklevel=2)
        missing = np.isnan(values)
        missing[[row for fault in faults for row in fault.rows]] = False
    else:
        raise UserError(f"params.yaml: cv.order is {name}, a {column.type}; rows are ordered by a number or a date.")
    problem = f"the cell, which {role} needs, is missing"
    return values, faults + at(missing, name, problem, "; fill it in, or remove such rows")


def _too_long(cells: pd.Series, spec: Data) -> list[Fault]:
    labels = [label for label in cells.cat.categories if len(label) > _LONGEST_NAME]
    problem = f"{{cell}} is too long for a category, which has at most {_LONGEST_NAME:,} characters"
    way_out = f"; if the column is free text, {line_to_add(str(cells.name), 'use: false', spec)}"
    return where(cells, labels, problem, way_out)


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
        way_out = advice.on_words(words, reading.n_read, bool(missing.any()) and not may_lack, name, spec)
        return values, np.zeros_like(missing), where(cells, words, problem, way_out)
    way_out = "; fix it, or write dates as in 2020-12-31"
    if kind == "boolean":
        way_out = f"; fix it, or set data.columns.{plain(name)}.type in params.yaml to category"
    if_missing = f"; if it is missing, {advice.if_missing(blanks, name, spec)}"
    if cells.isin(blanks).all():
        if_missing = advice.if_empty(name, spec)
    return values, missing, where(cells, words, problem, way_out) + where(cells, blanks, problem, if_missing)


def where(cells: pd.Series, texts: Collection[str], problem: str, way_out: str = "") -> list[Fault]:
    """Return a fault at the cells that have one of these texts, if there are some."""
    return at(cells.isin(texts).to_numpy(), str(cells.name), problem, way_out)


def twins(cells: pd.Series) -> list[Fault]:
    """Return a fault for each text of a `category` that looks like another one."""
    first: dict[str, str] = {}
    faults = []
    for label in map(str, cells.cat.categories):
        other = first.setdefault(alike.key(label), label)
        if other != label:
            faults += where(cells, [label], "{cell} looks like another text", alike.unlike(label, [other]))
    return faults


def out_of_range(values: np.ndarray, name: str, column: Column) -> list[Fault]:
    """Return the numbers that are outside of the column's limits, or of what a float32 holds."""
    limits = {key: limit for key, limit in {"min": column.min, "max": column.max}.items() if limit is not None}
    low, high = max(limits.get("min", -_LARGEST), -_LARGEST), min(limits.get("max", _LARGEST), _LARGEST)
    below, above = (values < low) & np.isfinite(values), (values > high) & np.isfinite(values)
    places = {f"below {low:g}": below, f"above {high:g}": above}
    if len(limits) == 2:
        places = {f"outside {low:g} to {high:g}": below | above}
    unit = f" ({column.unit})" if column.unit else ""
    limit = f"; fix it, or change {' and '.join(limits)} of data.columns.{plain(name)} in params.yaml"
    problem = f"{{cell}} is infinite or beyond {_LARGEST:g}, the largest number of a float32"
    faults = at(np.isinf(values), name, problem, _SMALLER)
    for place, rows in places.items():
        faults += at(rows, name, f"{{number}} is {place}{unit}", limit if limits else _SMALLER)
    return faults
