"""The cells of a column as its type says, and what is wrong with them."""

import warnings
from collections.abc import Sequence
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
_SMALLER = "; mend it, or write the column in a larger unit"
_NO_NUMBER = "{cell} is not a number"
# The most characters of a category's name; longer ones are free text, or a quotation mark is missing.
_LONGEST_NAME = 1000


def as_feature(
    series: pd.Series, kind: str, column: Column, spec: Data, if_missing: str | None = None
) -> tuple[Any, list[Fault]]:
    """Return a column as its type says, and its faults.

    Parameters
    ----------
    series : Series of float64, or `category` of texts
        As `parse` returns it.
    kind : 'number', 'category', 'boolean' or 'date'
    column : Column
        Whether cells may be missing, and the limits of numbers.
    spec : Data
    if_missing : str, optional
        For rows to predict: why cells must not be missing. Faults then come without advice on params.yaml.

    Returns
    -------
    values : array of float64, or Series of `category` with sorted categories
        With NaN where a cell is missing; booleans are 0 and 1, dates days since 1970.
    faults : list of Fault
    """
    faults: list[Fault]
    if kind == "number":
        values, missing, faults = _as_numbers(series, column, spec)
        faults = faults + out_of_range(values, str(series.name), column)
    else:
        values, missing, faults = _as_texts(series, kind, spec)
    if if_missing is not None:
        faults = [replace(fault, advice="") for fault in faults]
    if column.missing is None and missing.any():
        told = f"; if that may be, {line_to_add(str(series.name), 'missing: allowed', spec)}"
        if missing.all():
            told = advice.if_empty(str(series.name), spec)
        faults.insert(0, Fault(str(series.name), np.flatnonzero(missing), "the cell is missing", if_missing or told))
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
        by_category = text.numbers(values.cat.categories.tolist(), spec.decimal)
        if not np.isnan(by_category).any():  # 1 and 1.0 are one group
            values = pd.Series(text.values_of(values, by_category), name=name).astype("category")
        faults = twins(values)
    elif column.type in {"number", "date"}:
        values, faults = as_feature(series, column.type, column.model_copy(update={"missing": "allowed"}), spec)
        if column.type == "date":
            known = text.as_category(series, spec.na_values).cat.categories.tolist()
            if told := text.day_or_month(known):
                warnings.warn(f"column {name}: {told}", stacklevel=2)
        missing = np.isnan(values) & ~np.isin(np.arange(len(values)), [row for fault in faults for row in fault.rows])
    else:
        raise UserError(f"params.yaml: cv.order is {name}, a {column.type}; rows are ordered by a number or a date.")
    if missing.any():
        told = f"the cell, which {role} needs, is missing"
        faults.append(Fault(name, np.flatnonzero(missing), told, "; fill it in, or remove such rows"))
    return values, faults


def _as_numbers(series: pd.Series, column: Column, spec: Data) -> tuple[np.ndarray, np.ndarray, list[Fault]]:
    name = str(series.name)
    if isinstance(series.dtype, pd.CategoricalDtype):
        cells = text.as_category(series, spec.na_values)
        known = list(cells.cat.categories)
        by_category = text.numbers(known, spec.decimal)
        values = text.values_of(cells, by_category)
        # pandas compares numbers, so a cell 999.0 is missing if na_values lists 999.
        missing = cells.isna().to_numpy() | np.isin(values, _finite(text.numbers(spec.na_values, spec.decimal)))
        values[missing] = np.nan
        no_number = [known[i] for i in np.flatnonzero(np.isnan(by_category))]
        blank = [cell for cell in no_number if cell.lower() in advice.BLANKS]
        if words := [cell for cell in no_number if cell not in blank]:
            # One sentence says all that the column needs.
            lacks = bool(missing.any()) and not column.missing
            told = advice.on_words(words, len(known) - len(no_number), lacks, name, spec)
            return values, np.zeros_like(missing), where(cells, words, _NO_NUMBER, told)
        told = advice.if_missing(no_number, name, spec)
        if len(blank) == len(known) and not missing.any():
            told = advice.if_empty(name, spec)
        return values, missing, where(cells, no_number, _NO_NUMBER, told)
    values = series.to_numpy()
    return values, np.isnan(values), []


def _as_texts(series: pd.Series, kind: str, spec: Data) -> tuple[Any, np.ndarray, list[Fault]]:
    name = str(series.name)
    cells = text.as_category(series, spec.na_values)
    missing, known = cells.isna().to_numpy(), list(cells.cat.categories)
    if kind == "category":
        long = [label for label in known if len(label) > _LONGEST_NAME]
        told = f"{{cell}} is too long for a category, which has at most {_LONGEST_NAME:,} characters"
        way_out = f"; if the column is free text, {line_to_add(name, 'use: false', spec)}"
        return cells, missing, where(cells, long, told, way_out) + twins(cells)
    by_category = text.booleans(known) if kind == "boolean" else text.dates(known)
    bad = [known[i] for i in np.flatnonzero(np.isnan(by_category))]
    what = "a boolean: yes or no, true or false, t or f, 1 or 0" if kind == "boolean" else "a date"
    way_out = "; mend it, or write dates as in 2020-12-31"
    if kind == "boolean":
        way_out = f"; mend it, or set data.columns.{plain(name)}.type in params.yaml to category"
    faults = where(cells, bad, f"{{cell}} is not {what}", advice.if_missing(bad, name, spec) or way_out)
    return text.values_of(cells, by_category), missing, faults


def id_like(cells: Any, spec: Data) -> list[Fault]:
    """Return a fault if a column is a `category` and each row has another one."""
    count = len(cells.cat.categories) if isinstance(cells, pd.Series) else 0
    if count < len(cells) or count < 2:
        return []
    name = str(cells.name)
    way_out = f"; an id? Then {line_to_add(name, 'use: false', spec)}"
    return [Fault(name, np.array([], dtype=int), f"has as many categories as rows, {count:,}", way_out)]


def _finite(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]


def where(cells: pd.Series, listed: Sequence[str], found: str, way_out: str = "") -> list[Fault]:
    """Return a fault at the cells that have one of these texts, if there are some."""
    rows = np.flatnonzero(cells.isin(listed).to_numpy()) if len(listed) else np.array([], dtype=int)
    return [Fault(str(cells.name), rows, found, way_out)] if len(rows) else []


def twins(cells: pd.Series) -> list[Fault]:
    """Return a fault for each text of a `category` that looks like another one."""
    known = [str(text) for text in cells.cat.categories]
    first: dict[str, str] = {}
    faults = []
    for label in known:
        other = first.setdefault(alike.key(label), label)
        if other != label:
            faults += where(cells, [label], "{cell} looks like another text", alike.unlike(label, [other]))
    return faults


def out_of_range(values: np.ndarray, name: str, column: Column) -> list[Fault]:
    """Return the numbers that are outside of the column's limits, or of what a float32 holds."""
    low = -_LARGEST if column.min is None else max(column.min, -_LARGEST)
    high = _LARGEST if column.max is None else min(column.max, _LARGEST)
    unit = f" ({column.unit})" if column.unit else ""
    infinite = np.isinf(values)
    below, above = (values < low) & ~infinite, (values > high) & ~infinite
    told = f"{{cell}} is infinite or beyond {_LARGEST:g}, the largest number of a float32"
    limits = " and ".join(key for key in ("min", "max") if getattr(column, key) is not None)
    way_out = f"; mend it, or change {limits} of data.columns.{plain(name)} in params.yaml" if limits else _SMALLER
    found = [(infinite, told, _SMALLER)]
    if None in (column.min, column.max):
        found += [(below, f"{{number}} is below {low:g}{unit}", way_out)]
        found += [(above, f"{{number}} is above {high:g}{unit}", way_out)]
    else:
        found += [(below | above, f"{{number}} is outside {low:g} to {high:g}{unit}", way_out)]
    return [Fault(name, np.flatnonzero(rows), sentence, advised) for rows, sentence, advised in found if rows.any()]
