"""The cells of a column as its type says, of a role, or of the target, and what is wrong with them."""

import re
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from gridstage.common import UserError, first_of, in_params
from gridstage.config import Column, Data
from gridstage.data import texts as text
from gridstage.data.aside.faults import Fault, at, line_to_add, plain
from gridstage.data.written import meaning_of

# Nets compute in float32, where larger numbers are infinite.
_LARGEST = float(np.finfo(np.float32).max)
_NAMES = {
    "number": "a number",
    "boolean": "a boolean: yes or no, true or false, t or f, 1 or 0",
    "date": "a date",
}
# The most characters of a category's name; longer ones are free text, or a quotation mark is missing.
_LONGEST_NAME = 1000
# The most missing classes, and the most labels, that a message lists.
_MOST = 20
_REGRESSION = "If it is a number to predict, set model.wrapper to NeuralNetRegressor."


def as_feature(
    series: pd.Series, spec: Data, may_lack: bool, if_missing: str = ""
) -> tuple[Any, list[Fault]]:
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
        missing = values.isna().to_numpy()
        faults = _no_categories(values, is_new=bool(if_missing))
    else:
        values, missing, faults = _by_meaning(series, spec)
    if column.type == "number":
        faults += out_of_range(values, name, column)
    if if_missing:
        faults = [replace(each, remedy="") for each in faults]
    if may_lack:
        return values, faults
    remedy = if_missing or f"if that may be, {line_to_add(name, 'missing: allowed')}"
    lacking = at(missing, name, "the cell is missing", remedy)
    return values, lacking + faults


def as_role(series: pd.Series, role: str, spec: Data) -> tuple[Any, list[Fault]]:
    """Return the column of `cv.groups` as a `category`, or that of `cv.order` as float64, and its faults."""
    name, column = str(series.name), spec.column(str(series.name))
    faults: list[Fault] = []
    if role == "cv.groups":
        as_numbers = meaning_of(Column(written=column.written), spec.decimal)
        reading = text.read(series, ["", *spec.na_values], as_numbers)
        values = reading.cells
        if not reading.words:  # 1 and 1.0 are one group
            values = pd.Series(reading.values, name=name).astype("category")
        missing = values.isna().to_numpy()
    elif column.type in {"number", "date"}:
        values, faults = as_feature(series, spec, may_lack=True)
        missing = np.isnan(values)
        missing[[row for fault in faults for row in fault.rows]] = False
    else:
        remedy = "rows are ordered by a number or a date"
        raise UserError(in_params("cv.order", f"is {name}, a {column.type}", remedy))
    finding = f"the cell, which {role} needs, is missing"
    remedy = "fill it in, or remove such rows"
    return values, faults + at(missing, name, finding, remedy)


def _no_categories(cells: pd.Series, is_new: bool) -> list[Fault]:
    """Return why texts are no categories: free text, or ids; rows to predict may be few, and differ in all cells."""
    name, labels = str(cells.name), cells.cat.categories
    remedy = line_to_add(name, "use: false")
    long = [label for label in labels if len(label) > _LONGEST_NAME]
    finding = f"{{cell}} is too long for a category, which has at most {_LONGEST_NAME:,} characters"
    advice = f"if the column is free text, {remedy}"
    faults = at(cells.isin(long).to_numpy(), name, finding, advice)
    if not is_new and 1 < len(labels) == len(cells):
        finding, advice = (
            f"has as many categories as rows, {len(cells):,}",
            f"is it an id? Then {remedy}",
        )
        faults.append(Fault(name, finding, advice))
    return faults


def _by_meaning(
    series: pd.Series, spec: Data
) -> tuple[np.ndarray, np.ndarray, list[Fault]]:
    """Return what the texts of a column mean as numbers, booleans or dates, which cells are missing, and the faults."""
    name, column = str(series.name), spec.column(str(series.name))
    kind, meaning = column.type, meaning_of(column, spec.decimal)
    reading = text.read(series, spec.na_values, meaning)
    missing = reading.cells.isna().to_numpy()
    remedy = f"write dates as in {column.written or '2020-12-31 or 31.12.2020'}"
    if kind != "date":
        remedy = f"fix it, add it to data.na_values if it is missing, or {line_to_add(name, 'type: category')}"
    if kind == "number":
        # pandas compares numbers, so a cell 999.0 is missing if na_values lists 999.
        tokens = meaning(spec.na_values)
        missing = missing | np.isin(reading.values, tokens[np.isfinite(tokens)])
        other = "," if spec.decimal == "." else "."
        if column.written:
            remedy = "fix it, or add it to data.na_values if it is missing"
        elif all(
            re.fullmatch(rf"[-+]?\d*[{other}]\d+", word) for word in reading.words
        ):
            remedy = f"if {other!r} is the decimal sign, set data.decimal in params.yaml to it"
    wrong = reading.cells.isin(reading.words).to_numpy()
    finding = f"{{cell}} is not {_NAMES[kind]}{_as_in(column)}"
    faults = at(wrong, name, finding, remedy)
    return np.where(missing, np.nan, reading.values), missing, faults


def _as_in(column: Column) -> str:
    return f" written as in {column.written}" if column.written else ""


def out_of_range(values: np.ndarray, name: str, column: Column) -> list[Fault]:
    """Return the numbers that are outside of the column's limits, or of what a float32 holds."""
    bounds = {"min": column.min, "max": column.max}
    limits = {key: limit for key, limit in bounds.items() if limit is not None}
    low = max(limits.get("min", -_LARGEST), -_LARGEST)
    high = min(limits.get("max", _LARGEST), _LARGEST)
    wrong = ((values < low) | (values > high)) & np.isfinite(values)
    unit = f" ({column.unit})" if column.unit else ""
    remedy = "fix it, or write the column in a larger unit"
    finding = "{cell} is infinite, or too large for a float32"
    faults = at(np.isinf(values), name, finding, remedy)
    if limits:
        remedy = f"fix it, or change {' and '.join(limits)} of data.columns.{plain(name)} in params.yaml"
    finding = f"{{number}} is outside {low:g} to {high:g}{unit}"
    return faults + at(wrong, name, finding, remedy)


def lacks_target(series: pd.Series, spec: Data) -> np.ndarray:
    """Return which cells of the target are missing."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = text.as_category(series, ["", *spec.na_values])
    return series.isna().to_numpy()


def as_target(
    series: pd.Series, classify: bool, spec: Data
) -> tuple[np.ndarray, list[Fault]]:
    """Return the target as float64, and its faults.

    A class is the number of its label in `spec` or, if there are no labels, 0, 1, … The cells are texts or, for a
    regression, also numbers.
    """
    name, labels = spec.target, spec.labels
    column = spec.columns[name]
    if not isinstance(series.dtype, pd.CategoricalDtype):
        values = series.to_numpy()
        faults = _no_target(np.isnan(values), name)
        return values, faults + out_of_range(values, name, column)
    number_of = {label: number for number, label in enumerate(labels)}

    def meaning(texts: list[str]) -> np.ndarray:
        if not labels:
            return meaning_of(column, spec.decimal)(texts)
        return np.array([number_of.get(label, np.nan) for label in texts])

    reading = text.read(series, ["", *spec.na_values], meaning)
    cells, values = reading.cells, reading.values
    faults = _no_target(cells.isna().to_numpy(), name)
    wrong = cells.isin(reading.words).to_numpy()
    if labels:
        those = first_of(list(map(plain, labels)), _MOST)
        finding = f"{{cell}} is not one of the classes, {those}"
        remedy = f"fix it, or add it to data.columns.{plain(name)}.classes"
        faults += at(wrong, name, finding, remedy)
    else:
        remedy = f"if these are classes, {line_to_add(name, 'classes: [LABEL, LABEL]')}"
        finding = f"{{cell}} is not a number{_as_in(column)}"
        faults += at(wrong, name, finding, remedy)
        faults += out_of_range(values, name, column)
        odd = np.isfinite(values) & ((values % 1 != 0) | (values < 0))
        if classify:
            finding = "{number} is not a class; classes are 0, 1, …"
            remedy = f"{remedy[0].upper()}{remedy[1:]}. {_REGRESSION}"
            faults += at(odd, name, finding, remedy)
    if classify and not faults:
        faults = _without_rows(values, spec)
    return values, faults


def _without_rows(values: np.ndarray, spec: Data) -> list[Fault]:
    """Return a fault if a class has no row, or all rows are of one."""
    classes = set(np.unique(values[np.isfinite(values)]).astype(int).tolist())

    def label(number: int) -> str:
        return plain(spec.labels[number]) if spec.labels else str(number)

    if len(classes) == 1:
        finding = f"contains only one class, {label(*classes)}; a classifier needs two or more"
        remedy = "add rows, or name another data.target in params.yaml"
        return [Fault(spec.target, finding, remedy)]
    count = len(spec.labels) or max(classes, default=-1) + 1
    # Not all of them: of ids, which are no classes, most are missing.
    missing = (number for number in range(count) if number not in classes)
    names = ", ".join(map(label, islice(missing, _MOST)))
    if not names:
        return []
    remedy = f"Add rows, or fix data.columns.{plain(spec.target)}.classes in params.yaml. {_REGRESSION}"
    return [Fault(spec.target, f"has no row of class {names}", remedy)]


def _no_target(missing: np.ndarray, name: str) -> list[Fault]:
    remedy = f"to leave out such rows, {line_to_add(name, 'missing: left_out')}"
    return at(missing, name, "the target is missing", remedy)
