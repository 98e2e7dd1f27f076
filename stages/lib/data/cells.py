"""The cells of a column as its type says, and what is wrong with them."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from stages.lib.common import UserError, did_you_mean
from stages.lib.config import Column, Data
from stages.lib.data import texts as text
from stages.lib.data.faults import Fault, as_yaml, line_to_add, short

# Nets compute in float32, where larger numbers are infinite.
_LARGEST = float(np.finfo(np.float32).max)
# What people write into a cell that is missing, in lower case.
_BLANKS = {"", "?", "-", ".", "na", "n/a", "#n/a", "nan", "null", "none", "missing"}
# The most characters of a category's name; longer ones are free text, or a quotation mark is missing.
_LONGEST_NAME = 1000
# The most labels that a message lists.
_MOST_CLASSES = 20


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
        faults = faults + _out_of_range(values, str(series.name), column)
    else:
        values, missing, faults = _as_texts(series, kind, spec)
    if if_missing is not None:
        faults = [replace(fault, advice="") for fault in faults]
    if column.missing is None and missing.any():
        advice = if_missing or f"; if that may be, {line_to_add(str(series.name), 'missing: allowed', spec)}"
        faults.insert(0, Fault(str(series.name), np.flatnonzero(missing), "the cell is missing", advice))
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
        faults.append(Fault(name, np.flatnonzero(missing), f"the cell, which {role} needs, is missing"))
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
        if words := [cell for cell in no_number if cell.lower() not in _BLANKS]:
            # One sentence says all that the column needs.
            more = ", missing: allowed" if missing.any() and not column.missing else ""
            return values, np.zeros_like(missing), _not_numbers(cells, words, more, name, spec)
        faults = _where(cells, no_number, "{cell} is not a number", _if_missing(no_number, name, spec))
        return values, missing, faults
    values = series.to_numpy()
    return values, np.isnan(values), []


def _as_texts(series: pd.Series, kind: str, spec: Data) -> tuple[Any, np.ndarray, list[Fault]]:
    name = str(series.name)
    cells = text.as_category(series, spec.na_values)
    missing, known = cells.isna().to_numpy(), list(cells.cat.categories)
    if kind == "category":
        long = [label for label in known if len(label) > _LONGEST_NAME]
        told = f"{{cell}} is too long for a category, which has at most {_LONGEST_NAME:,} characters"
        advice = f"; if the column is free text, {line_to_add(name, 'use: false', spec)}"
        return cells, missing, _where(cells, long, told, advice)
    by_category = text.booleans(known) if kind == "boolean" else text.dates(known)
    bad = [known[i] for i in np.flatnonzero(np.isnan(by_category))]
    what = "a boolean: yes or no, true or false, t or f, 1 or 0" if kind == "boolean" else "a date"
    faults = _where(cells, bad, f"{{cell}} is not {what}", _if_missing(bad, name, spec))
    return text.values_of(cells, by_category), missing, faults


def as_labels(series: pd.Series, labels: Sequence[str], spec: Data) -> tuple[np.ndarray, list[Fault]]:
    """Return the number of each label of the target, and the labels that are none of `labels`."""
    cells = text.as_category(series, spec.na_values)
    known = list(cells.cat.categories)
    blank = [label for label in known if label not in labels and label.lower() in _BLANKS]
    faults = _no_target(cells.isna().to_numpy() | cells.isin(blank).to_numpy(), str(series.name))
    wrong = [label for label in known if label not in labels and label not in blank]
    for label in cells[cells.isin(wrong)].unique().tolist():
        hint = did_you_mean(label, labels) or f"; they are {', '.join(labels)}"
        faults += _where(cells, [label], "{cell} is not one of its classes", hint)
    numbers = [float(labels.index(label)) if label in labels else np.nan for label in known]
    return text.values_of(cells, numbers), faults


def as_target(series: pd.Series, classify: bool, spec: Data) -> tuple[np.ndarray, list[Fault]]:
    """Return a target of numbers as float64, and its faults."""
    name, column = str(series.name), spec.columns[spec.target]
    if not isinstance(series.dtype, pd.CategoricalDtype):
        values = series.to_numpy()
        return values, _no_target(np.isnan(values), name) + _out_of_range(values, name, column)
    cells = text.as_category(series, spec.na_values)
    known = list(cells.cat.categories)
    by_category = text.numbers(known, spec.decimal)
    no_number = [known[i] for i in np.flatnonzero(np.isnan(by_category))]
    blank = [label for label in no_number if label.lower() in _BLANKS]
    words = [label for label in no_number if label not in blank]
    values = text.values_of(cells, by_category)
    faults = _no_target(cells.isna().to_numpy() | cells.isin(blank).to_numpy(), name)
    advice = ""
    if 2 <= len(words) <= _MOST_CLASSES and len(words) + len(blank) == len(known):
        listed = line_to_add(name, f"classes: [{', '.join(map(as_yaml, words))}]", spec)
        advice = f"; if these are classes, {listed}" + ("" if classify else ", and set model.wrapper to a classifier")
    faults += _where(cells, words, "{cell} is not a number", advice)
    return values, faults + _out_of_range(values, name, column)


def id_like(cells: Any, spec: Data) -> list[Fault]:
    """Return a fault if a column is a `category` and each row has another one."""
    count = len(cells.cat.categories) if isinstance(cells, pd.Series) else 0
    if count < len(cells) or count < 2:
        return []
    name = str(cells.name)
    advice = f"; an id? Then {line_to_add(name, 'use: false', spec)}"
    return [Fault(name, np.array([], dtype=int), f"has as many categories as rows, {count:,}", advice)]


def _finite(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]


def _where(cells: pd.Series, listed: Sequence[str], found: str, advice: str = "") -> list[Fault]:
    rows = np.flatnonzero(cells.isin(listed).to_numpy()) if len(listed) else np.array([], dtype=int)
    return [Fault(str(cells.name), rows, found, advice)] if len(rows) else []


def _no_target(missing: np.ndarray, name: str) -> list[Fault]:
    if not missing.any():
        return []
    return [Fault(name, np.flatnonzero(missing), "the target is missing", "; remove such rows")]


def _if_missing(bad: Sequence[str], name: str, spec: Data) -> str:
    """Advise on cells that look as if a value were missing; "" if others are among them."""
    blanks = [cell for cell in bad if cell.lower() in _BLANKS]
    if not blanks or len(blanks) < len(bad):
        return ""
    listed = ", ".join(map(short, blanks))
    return f"; if it is missing, add {listed} to data.na_values, and {line_to_add(name, 'missing: allowed', spec)}"


def _not_numbers(cells: pd.Series, words: list[str], more: str, name: str, spec: Data) -> list[Fault]:
    other = "," if spec.decimal == "." else "."
    if all(re.fullmatch(rf"[-+]?\d*[{other}]\d+", cell) for cell in words):
        advice = f"; if {other!r} is its decimal sign, set data.decimal in params.yaml to {other!r}"
    else:
        others = [cell for cell in cells.cat.categories if cell not in set(words) and cell.lower() not in _BLANKS]
        kind = "category" if others else text.likely_type(words)
        advice = f"; if the column is no number, {line_to_add(name, f'type: {kind}{more}', spec)}"
    return _where(cells, words, "{cell} is not a number", advice)


def _out_of_range(values: np.ndarray, name: str, column: Column) -> list[Fault]:
    low = -_LARGEST if column.min is None else column.min
    high = _LARGEST if column.max is None else column.max
    unit = f" ({column.unit})" if column.unit else ""
    infinite = np.isinf(values)
    below, above = (values < low) & ~infinite, (values > high) & ~infinite
    told = f"{{cell}} is infinite or beyond {_LARGEST:g}, the largest number of a float32"
    found = [(infinite, told)]
    if None in (column.min, column.max):
        found += [(below, f"{{number}} is below {low:g}{unit}"), (above, f"{{number}} is above {high:g}{unit}")]
    else:
        found += [(below | above, f"{{number}} is outside {low:g} to {high:g}{unit}")]
    return [Fault(name, np.flatnonzero(where), sentence) for where, sentence in found if where.any()]
