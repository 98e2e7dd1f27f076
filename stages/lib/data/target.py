"""The target: its classes, by label or by number, or the number that a regression predicts."""

import json
from itertools import islice

import numpy as np
import pandas as pd

from stages.lib.common import did_you_mean
from stages.lib.config import Data
from stages.lib.data import texts as text
from stages.lib.data.cells import out_of_range, where
from stages.lib.data.faults import Fault, at, line_to_add, plain

# The most missing classes, and the most labels, that a message lists.
_MOST, _MOST_LABELS = 5, 20
_FIX = ": fix it, or add it to these classes in params.yaml"
_NO_CLASSES = "fix it, or name another data.target in params.yaml"
_REGRESSION = "is it a number to predict? Then set model.wrapper to NeuralNetRegressor"


def as_target(series: pd.Series, classify: bool, spec: Data) -> tuple[np.ndarray, list[Fault]]:
    """Return the target as float64, and its faults.

    A class is the number of its label in `spec` or, if there are no labels, 0, 1, … The cells are texts or, for a
    regression, also numbers.
    """
    name, labels = spec.target, spec.labels
    if not isinstance(series.dtype, pd.CategoricalDtype):
        values = series.to_numpy()
        return values, _no_target(np.isnan(values), name) + out_of_range(values, name, spec.columns[name])

    def meaning(texts: list[str]) -> np.ndarray:
        if not labels:
            return text.numbers(texts, spec.decimal)
        return np.array([labels.index(label) if label in labels else np.nan for label in texts])

    reading = text.read(series, spec.na_values, meaning)
    cells, values, words = reading.cells, reading.values, reading.words
    faults = _no_target((cells.isna() | cells.isin(reading.blanks)).to_numpy(), name)
    if not labels:
        advice = _NO_CLASSES if reading.n_read else _if_classes(words, classify, spec)
        faults += where(cells, words, "{cell} is not a number", advice)
        faults += out_of_range(values, name, spec.columns[name])
        return values, faults + (_of_classes(values, cells, spec) if classify else [])
    if not words:  # which may be why a class has no row
        return values, faults + _without_rows(values, spec)
    those = ", ".join(map(plain, labels[:_MOST_LABELS])) + ", …" * (len(labels) > _MOST_LABELS)
    for label in cells[cells.isin(words)].unique().tolist():
        hint = did_you_mean(label, labels).removeprefix("; ") or f"they are {those}{_FIX}"
        faults += where(cells, [label], "{cell} is not one of its classes", hint)
    return values, faults


def _if_classes(words: list[str], classify: bool, spec: Data) -> str:
    if not 2 <= len(words) <= _MOST_LABELS:
        return _NO_CLASSES
    return f"if these are classes, {_line(words, spec)}" + ", and set model.wrapper to a classifier" * (not classify)


def _of_classes(values: np.ndarray, cells: pd.Series, spec: Data) -> list[Fault]:
    """Return what keeps numbers from being classes, which are 0, 1 and so on."""
    whole = np.where(np.isfinite(values), values, 0)
    odd, way_out = (whole % 1 != 0) | (whole < 0), _what_to_set(values, cells, spec)
    if not odd.any():
        return _without_rows(values, spec, way_out)
    return at(odd, spec.target, "{number} is not a class; classes are 0, 1, …", way_out)


def _without_rows(values: np.ndarray, spec: Data, way_out: str = "") -> list[Fault]:
    """Return a fault if a class has no row, or all rows are of one."""
    classes = set(np.unique(values[np.isfinite(values)]).astype(int).tolist())

    def label(number: int) -> str:
        return plain(spec.labels[number]) if spec.labels else str(number)

    if len(classes) == 1:
        problem = f"contains only one class, {label(*classes)}; a classifier needs two or more"
        return [Fault(spec.target, problem, "add rows, or name another data.target in params.yaml")]
    count = len(spec.labels) or max(classes, default=-1) + 1
    missing = list(islice((number for number in range(count) if number not in classes), _MOST))
    if not missing:
        return []
    more = count - len(classes) - len(missing)
    others = f" and {more} more" if more > 0 else ""
    way_out = way_out or f"add rows, or remove it from data.columns.{spec.target}.classes in params.yaml"
    return [Fault(spec.target, f"has no row of class {', '.join(map(label, missing))}{others}", way_out)]


def _what_to_set(values: np.ndarray, cells: pd.Series, spec: Data) -> str:
    """Advise on numbers other than 0, 1, …: they are labels if each occurs often, or the target is no class."""
    rows = pd.Series(values).groupby(values).size()
    if not 2 <= len(rows) <= _MOST_LABELS or rows.min() < 2:
        return _REGRESSION
    written = pd.Series(cells.astype(object)).groupby(values).unique()
    return f"if these are classes, {_line([texts[0] for texts in written], spec)}; {_REGRESSION}"


def _line(labels: list[str], spec: Data) -> str:
    return line_to_add(spec.target, f"classes: {json.dumps(labels, ensure_ascii=False)}", spec)


def _no_target(missing: np.ndarray, name: str) -> list[Fault]:
    return at(missing, name, "the target is missing", "remove such rows")
