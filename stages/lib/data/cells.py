"""The cells of a column as its type says, and what is wrong with them."""

import warnings
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from stages.lib.common import UserError
from stages.lib.config import Column, Data
from stages.lib.data import advice, alike
from stages.lib.data import texts as text
from stages.lib.data.faults import Fault, line_to_add, plain

# Nets compute in float32, where larger numbers are infinite.
_LARGEST = float(np.finfo(np.float32).max)
_SMALLER = "; fix it, or write the column in a larger unit"
_NAMES = {"number": "a number", "boolean": "a boolean: yes or no, true or false, t or f, 1 or 0", "date": "a date"}
# The most characters of a category's name; longer ones are free text, or a quotation mark is missing.
_LONGEST_NAME = 1000


def as_feature(
    series: pd.Series, kind: str, column: Column, spec: Data, if_missing: str | None = None
) -> tuple[Any, list[Fault]]:
    """Return a column as its type says, and its faults.

    Parameters
    ----------
    series : Series of float64, or `category` of texts
        As `CsvText.table` returns it.
    column : Column
        Whether cells may be missing, and the limits of numbers.
    if_missing : str, optional
        For rows to predict: why cells must not be missing. Faults then come without advice on params.yaml.

    Returns
    -------
    values : array of float64, or Series of `category` with sorted categories
        With NaN where a cell is missing; booleans are 0 and 1, dates days since 1970.
    """
    name = str(series.name)
    values: Any
    faults: list[Fault]
    if not isinstance(series.dtype, pd.CategoricalDtype):
        values, faults = series.to_numpy(), []
        missing = np.isnan(values)
    elif kind == "category":
        values, faults = _as_categories(series, spec)
        missing = values.isna().to_numpy()
    else:
        values, missing, faults = _by_meaning(series, kind, column, spec)
    if kind == "number":
        faults = faults + out_of_range(values, name, column)
    if if_missing is not None:
        ways_out = [advice.for_new(series.iloc[fault.rows[0]], spec, if_missing) for fault in faults]
        faults = [replace(fault, advice=way_out) for fault, way_out in zip(faults, ways_out, strict=True)]
    if column.missing is None and missing.any():
        way_out = f"; if that may be, {line_to_add(name, 'missing: allowed', spec)}"
        if if_missing is not None:
            way_out = f"; {if_missing}"
        elif missing.all():
            way_out = advice.if_empty(name, spec)
        faults.insert(0, Fault(name, np.flatnonzero(missing), "the cell is missing", way_out))
    return values, faults


def as_role(series: pd.Series, role: str, spec: Data) -> tuple[Any, list[Fault]]:
    """Return the column of `cv.groups` as a `category`, or that of `cv.order` as float64, and its faults.

    A warning says how dates are read of which day and month could change places.
    """
    name, column = str(series.name), spec.column(str(series.name))
    faults: list[Fault] = []
    if role == "cv.groups":
        values = text.as_category(series, ["", *spec.na_values])
        missing = values.isna().to_numpy()
        numbers = text.numbers(values.cat.categories.tolist(), spec.decimal)
        if not np.isnan(numbers).any():  # 1 and 1.0 are one group
            values = pd.Series(text.values_of(values, numbers), name=name).astype("category")
        faults = twins(values)
    elif column.type in {"number", "date"}:
        values, faults = as_feature(series, column.type, column.model_copy(update={"missing": "allowed"}), spec)
        if column.type == "date" and (
            note := text.day_or_month(text.as_category(series, spec.na_values).cat.categories.tolist())
        ):
            warnings.warn(f"column {name}: {note}", stacklevel=2)
        missing = np.isnan(values)
        missing[[row for fault in faults for row in fault.rows]] = False
    else:
        raise UserError(f"params.yaml: cv.order is {name}, a {column.type}; rows are ordered by a number or a date.")
    if missing.any():
        problem = f"the cell, which {role} needs, is missing"
        faults.append(Fault(name, np.flatnonzero(missing), problem, "; fill it in, or remove such rows"))
    return values, faults


def _as_categories(series: pd.Series, spec: Data) -> tuple[pd.Series, list[Fault]]:
    cells = text.as_category(series, spec.na_values)
    long = [label for label in cells.cat.categories if len(label) > _LONGEST_NAME]
    problem = f"{{cell}} is too long for a category, which has at most {_LONGEST_NAME:,} characters"
    way_out = f"; if the column is free text, {line_to_add(str(series.name), 'use: false', spec)}"
    return cells, where(cells, long, problem, way_out) + twins(cells)


def _by_meaning(series: pd.Series, kind: str, column: Column, spec: Data) -> tuple[np.ndarray, np.ndarray, list[Fault]]:
    """Return what the texts of a column mean as numbers, booleans or dates, which cells are missing, and the faults."""
    name, problem = str(series.name), f"{{cell}} is not {_NAMES[kind]}"
    cells = text.as_category(series, spec.na_values)
    texts, missing = list(cells.cat.categories), cells.isna().to_numpy()
    if kind == "number":
        meanings = text.numbers(texts, spec.decimal)
        # pandas compares numbers, so a cell 999.0 is missing if na_values lists 999.
        tokens = text.numbers(spec.na_values, spec.decimal)
        missing = missing | np.isin(text.values_of(cells, meanings), tokens[np.isfinite(tokens)])
    else:
        meanings = text.booleans(texts) if kind == "boolean" else text.dates(texts)
    values = np.where(missing, np.nan, text.values_of(cells, meanings))
    blanks, words = text.unread(texts, meanings)
    way_out = "; fix it, or write dates as in 2020-12-31"
    if kind == "boolean":
        way_out = f"; fix it, or set data.columns.{plain(name)}.type in params.yaml to category"
    if kind == "number" and words:  # one sentence says all that the column needs
        lacks = bool(missing.any()) and not column.missing
        way_out = advice.on_words(words, len(texts) - len(blanks) - len(words), lacks, name, spec)
        return values, np.zeros_like(missing), where(cells, words, problem, way_out)
    is_empty = len(blanks) == len(texts) and not missing.any()
    if_missing = advice.if_empty(name, spec) if is_empty else advice.if_missing(blanks, name, spec)
    return values, missing, where(cells, words, problem, way_out) + where(cells, blanks, problem, if_missing)


def id_like(cells: Any, spec: Data) -> list[Fault]:
    """Return a fault if a column is a `category` and each row has another one."""
    count = len(cells.cat.categories) if isinstance(cells, pd.Series) else 0
    if count < len(cells) or count < 2:
        return []
    name = str(cells.name)
    way_out = f"; an id? Then {line_to_add(name, 'use: false', spec)}"
    return [Fault(name, np.array([], dtype=int), f"has as many categories as rows, {count:,}", way_out)]


def where(cells: pd.Series, texts: Collection[str], problem: str, way_out: str = "") -> list[Fault]:
    """Return a fault at the cells that have one of these texts, if there are some."""
    return at(cells.isin(texts).to_numpy(), str(cells.name), problem, way_out)


def at(rows: np.ndarray, name: str, problem: str, way_out: str = "") -> list[Fault]:
    """Return a fault at the rows where a mask is true, if there are some."""
    return [Fault(name, np.flatnonzero(rows), problem, way_out)] if rows.any() else []


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
    low = -_LARGEST if column.min is None else max(column.min, -_LARGEST)
    high = _LARGEST if column.max is None else min(column.max, _LARGEST)
    unit = f" ({column.unit})" if column.unit else ""
    limits = " and ".join(key for key in ("min", "max") if getattr(column, key) is not None)
    way_out = f"; fix it, or change {limits} of data.columns.{plain(name)} in params.yaml" if limits else _SMALLER
    infinite = np.isinf(values)
    below, above = (values < low) & ~infinite, (values > high) & ~infinite
    problem = f"{{cell}} is infinite or beyond {_LARGEST:g}, the largest number of a float32"
    faults = at(infinite, name, problem, _SMALLER)
    if limits == "min and max":
        return faults + at(below | above, name, f"{{number}} is outside {low:g} to {high:g}{unit}", way_out)
    faults += at(below, name, f"{{number}} is below {low:g}{unit}", way_out)
    return faults + at(above, name, f"{{number}} is above {high:g}{unit}", way_out)
