"""Converts a CSV to numbers, and checks every cell against `data.columns` in params.yaml."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from stages.lib.common import UserError, did_you_mean
from stages.lib.config import Column, Data

# Nets compute in float32, where larger numbers are infinite.
_LARGEST = float(np.finfo(np.float32).max)

# The most missing classes, and the most problems, that a message lists.
_MOST = 5
_MOST_PROBLEMS = 20


def read_csv(path: str | Path, spec: Data, classify: bool, name: str = "") -> pd.DataFrame:
    """Read the CSV and check its content.

    Parameters
    ----------
    path : path
        The file to read; `spec.path`, or a download that will replace it.
    spec : Data
        The expected content. With a header, columns may be in any order, and further columns may have any numbers.
    classify : bool
        Whether the target is a class (a label, or 0, 1, …) or, for a regression, any number.
    name : str
        The name of the file in messages; `path` if empty.

    Returns
    -------
    DataFrame of float64, shape (n_rows, n_columns)
        The columns in file order; labels of the target as 0, 1, …

    Raises
    ------
    UserError
        It lists the first problems with column and row, where row 1 is the first row after the header.
    """
    if spec.labels and not classify:
        raise UserError(
            f"params.yaml: data.columns.{spec.target}.classes are labels, but a regressor predicts a number. "
            "Remove them, or set model.wrapper to NeuralNetClassifier."
        )
    name = name or str(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{name} is missing. Run `dvc repro fetch`, or set data.path in params.yaml.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{name} is not text: byte {error.start} is not UTF-8. Is it the right file?") from None
    names, rows = _split(text, spec.header, name)
    if spec.header:
        _refuse(name, _lacking(names, spec.columns, "which data.columns in params.yaml lists"))
        if len(names) < 2:
            raise UserError(f"{name}: the header has only the target; a net needs a column to predict it from.")
    else:
        names = list(spec.columns)
    _refuse(name, _ragged(rows, len(names)))
    table, problems = _numbers(rows, names, names, spec)
    if classify:
        problems += _bad_classes(table[spec.target], spec.labels)
    _refuse(name, problems)
    return table


def read_features(text: str, features: Sequence[str], spec: Data, name: str) -> np.ndarray:
    """Read rows to predict, and check their cells as `read_csv` does.

    Parameters
    ----------
    text : str
        The CSV, with a header if `spec.header` is true. It may include the target. With a header, the features may be
        in any order, and other columns are ignored.
    features : sequence of str
        The columns to return, in this order.
    spec : Data
        Their allowed values.
    name : str
        The name of the text in messages.

    Returns
    -------
    array of float32, shape (n_rows, n_features)

    Raises
    ------
    UserError
        It lists the first problems with column and row, where row 1 is the first row after the header.
    """
    names, rows = _split(text, spec.header, name)
    if spec.header:
        _refuse(name, _lacking(names, features, "which the net predicts from"))
    else:
        names = list(features)
        if len(rows[0]) == len(features) + 1:
            names.insert(list(spec.columns).index(spec.target), spec.target)
        elif len(rows[0]) != len(features):
            _refuse(name, _ragged(rows[:1], len(names), f", or {len(names) + 1} with {spec.target}"))
    _refuse(name, _ragged(rows, len(names)))
    table, problems = _numbers(rows, names, list(features), spec)
    _refuse(name, problems)
    return table.to_numpy(dtype=np.float32, copy=True)


def _split(text: str, header: bool, name: str) -> tuple[list[str], list[list[str]]]:
    """Return the names in the header (none without a header), and the cells of each row."""
    try:
        # Spreadsheets put a byte order mark before UTF-8 text.
        rows = list(csv.reader(text.removeprefix("\ufeff").rstrip().splitlines()))
    except csv.Error as error:
        raise UserError(f"{name} is not a CSV: {error}. Is it the right file?") from None
    if rows and len(rows[0]) == 1 and (separator := next((sign for sign in ";\t" if sign in rows[0][0]), None)):
        raise UserError(f"{name} has {separator!r} between its cells. Save it with commas.")
    names: list[str] = []
    if not header and rows and rows[0] and pd.to_numeric(pd.Series(rows[0]), errors="coerce").isna().all():
        raise UserError(
            f"{name}: row 1 contains no number, like a header, but data.header in params.yaml is false. "
            "Remove the row, or set data.header to true."
        )
    if header and rows:
        names = [cell.strip() for cell in rows.pop(0)]
        _refuse(name, [f"column {i} of the header has no name" for i, cell in enumerate(names, start=1) if not cell])
        _refuse(name, [f"the header has {cell!r} {n} times" for cell, n in Counter(names).items() if n > 1])
    if not rows:
        raise UserError(f"{name} has no rows. Is it the right file?")
    return names, rows


def _lacking(header: list[str], wanted: Iterable[str], why: str) -> list[str]:
    wanted = list(wanted)
    others = [name for name in header if name not in wanted]
    return [
        f"the header has no {key!r}, {why}{did_you_mean(key, others) or '; it has ' + ', '.join(header)}"
        for key in wanted
        if key not in header
    ]


def _ragged(rows: list[list[str]], width: int, otherwise: str = "") -> list[str]:
    return [
        f"row {number} has {len(row)} column{'s' * (len(row) != 1)} instead of {width}{otherwise}"
        for number, row in enumerate(rows, start=1)
        if len(row) != width
    ]


def _numbers(rows: list[list[str]], names: list[str], wanted: list[str], spec: Data) -> tuple[pd.DataFrame, list[str]]:
    """Return the columns `wanted` as float64, labels as 0, 1, …, and what is wrong with their cells."""
    text = pd.DataFrame(rows, columns=names)
    table: dict[str, pd.Series] = {}
    problems: list[str] = []
    for key in wanted:
        column = spec.columns.get(key, Column())
        if column.classes:
            codes = {label: code for code, label in enumerate(column.classes)}
            table[key] = text[key].str.strip().map(codes).astype("float64")
            problems += _bad_labels(text[key], table[key], column.classes)
        else:
            table[key] = pd.to_numeric(text[key], errors="coerce").astype("float64")
            problems += _bad_cells(text[key], table[key], column)
    return pd.DataFrame(table), problems


def _bad_cells(text: pd.Series, numbers: pd.Series, column: Column) -> Iterator[str]:
    low = -_LARGEST if column.min is None else column.min
    high = _LARGEST if column.max is None else column.max
    between = f"is outside {low:g} to {high:g}" if None not in (column.min, column.max) else None
    unit = f" ({column.unit})" if column.unit else ""
    for i in np.flatnonzero(~np.isfinite(numbers) | ~numbers.between(low, high)):
        place = f"row {i + 1}, column {text.name}"
        if np.isfinite(numbers[i]):
            fault = between or (f"is below {low:g}" if numbers[i] < low else f"is above {high:g}")
            yield f"{place}: {text[i].strip()} {fault}{unit}"
        else:
            yield f"{place}: {text[i]!r} is not a number"


def _bad_labels(text: pd.Series, codes: pd.Series, labels: list[str]) -> Iterator[str]:
    for i in np.flatnonzero(codes.isna()):
        hint = did_you_mean(text[i].strip(), labels) or f"; they are {', '.join(labels)}"
        yield f"row {i + 1}, column {text.name}: {text[i]!r} is not one of its classes{hint}"


def _bad_classes(target: pd.Series, labels: Sequence[str]) -> Iterator[str]:
    whole = target[np.isfinite(target)]
    for i in whole.index[(whole % 1 != 0) | (whole < 0)]:
        yield f"row {i + 1}, column {target.name}: {target[i]:g} is not a class; classes are 0, 1, …"
    classes = sorted(whole.unique())
    count = len(labels) or int(max(classes, default=-1)) + 1

    def shown(number: float) -> str:
        return labels[int(number)] if labels else f"{number:g}"

    if len(classes) == 1:
        yield f"column {target.name} contains only one class, {shown(classes[0])}; a classifier needs two or more"
    elif missing := list(islice((number for number in range(count) if number not in classes), _MOST)):
        more = count - len(classes) - len(missing)
        others = f" and {more} more" if more > 0 else ""
        hint = "" if labels else "; is it a number to predict? Then set model.wrapper to NeuralNetRegressor"
        yield f"column {target.name} has no row of class {', '.join(map(shown, missing))}{others}{hint}"


def _refuse(name: str, problems: list[str]) -> None:
    if problems:
        shown = [f"{name}: {problem}" for problem in problems[:_MOST_PROBLEMS]]
        if more := len(problems) - len(shown):
            shown.append(f"{name}: and {more:,} more")
        raise UserError("\n".join(shown))
