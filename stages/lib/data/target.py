"""The target: its classes, by label or by number, or the number that a regression predicts."""

from collections.abc import Sequence
from itertools import islice

import numpy as np
import pandas as pd

from stages.lib.common import did_you_mean
from stages.lib.config import Data
from stages.lib.data import alike
from stages.lib.data import texts as text
from stages.lib.data.advice import BLANKS
from stages.lib.data.cells import out_of_range, twins, where
from stages.lib.data.faults import Fault, as_yaml, line_to_add, plain

# The most missing classes, and the most labels, that a message lists.
_MOST, _MOST_LABELS = 5, 20
_NO_ROWS = np.array([], dtype=int)
_MEND = ": mend it, or add it to these classes in params.yaml"
_REGRESSION = "is it a number to predict? Then set model.wrapper to NeuralNetRegressor"


def class_labels(y: np.ndarray, spec: Data) -> tuple[str, ...]:
    """Return the label of each class 0, 1, …: the one in params.yaml, or the number."""
    return spec.labels or tuple(str(number) for number in range(int(y.max()) + 1))


def as_target(series: pd.Series, classify: bool, spec: Data) -> tuple[np.ndarray, list[Fault]]:
    """Return the target as float64, and its faults.

    Parameters
    ----------
    series : Series
        Texts, or also numbers for a regression.
    classify : bool
        Whether it is a class: the number of its label in `spec` or, if there are no labels, 0, 1, …
    spec : Data
    """
    if not isinstance(series.dtype, pd.CategoricalDtype):
        values = series.to_numpy()
        faults = _no_target(np.isnan(values), spec.target)
        return values, faults + out_of_range(values, spec.target, spec.columns[spec.target])
    cells = text.as_category(series, spec.na_values)
    if spec.labels:
        return _as_labels(cells, spec)
    values, faults = _as_numbers(cells, classify, spec)
    return values, faults + (_of_classes(values, cells, spec) if classify else [])


def _as_labels(cells: pd.Series, spec: Data) -> tuple[np.ndarray, list[Fault]]:
    labels = spec.labels
    known = list(cells.cat.categories)
    blank = [label for label in known if label not in labels and label.lower() in BLANKS]
    faults = _no_target(cells.isna().to_numpy() | cells.isin(blank).to_numpy(), spec.target)
    wrong = [label for label in known if label not in labels and label not in blank]
    listed = ", ".join(map(plain, labels[:_MOST_LABELS])) + (", …" if len(labels) > _MOST_LABELS else "")
    for label in cells[cells.isin(wrong)].unique().tolist():
        hint = alike.unlike(label, labels) or did_you_mean(label, labels) or f"; they are {listed}{_MEND}"
        faults += where(cells, [label], "{cell} is not one of its classes", hint)
    values = text.values_of(cells, [float(labels.index(label)) if label in labels else np.nan for label in known])
    if wrong:
        return values, faults  # which may be why a class has no row
    return values, faults + twins(cells) + _without_rows(values, spec)


def _as_numbers(cells: pd.Series, classify: bool, spec: Data) -> tuple[np.ndarray, list[Fault]]:
    name, known = spec.target, list(cells.cat.categories)
    by_category = text.numbers(known, spec.decimal)
    no_number = [known[i] for i in np.flatnonzero(np.isnan(by_category))]
    blank = [label for label in no_number if label.lower() in BLANKS]
    words = [label for label in no_number if label not in blank]
    values = text.values_of(cells, by_category)
    faults = _no_target(cells.isna().to_numpy() | cells.isin(blank).to_numpy(), name)
    advice = "; mend it, or name another data.target in params.yaml"
    if 2 <= len(words) <= _MOST_LABELS and len(words) + len(blank) == len(known):
        advice = f"; if these are classes, {_line(words, spec)}"
        advice += "" if classify else ", and set model.wrapper to a classifier"
    faults += where(cells, words, "{cell} is not a number", advice)
    return values, faults + out_of_range(values, name, spec.columns[name])


def _of_classes(values: np.ndarray, cells: pd.Series, spec: Data) -> list[Fault]:
    """Return what keeps numbers from being the classes 0, 1, …; cells that are no number are told elsewhere."""
    whole = np.where(np.isfinite(values), values, 0)
    odd = (whole % 1 != 0) | (whole < 0)
    if not odd.any():
        return _without_rows(values, spec, _what_to_set(values, cells, spec))
    told = "{number} is not a class; classes are 0, 1, …"
    return [Fault(spec.target, np.flatnonzero(odd), told, _what_to_set(values, cells, spec))]


def _without_rows(values: np.ndarray, spec: Data, hint: str = "") -> list[Fault]:
    """Return a fault if a class has no row, or all rows are of one."""
    classes = np.unique(values[np.isfinite(values)]).tolist()
    count = len(spec.labels) or int(max(classes, default=-1)) + 1

    def shown(number: float) -> str:
        return plain(spec.labels[int(number)]) if spec.labels else f"{number:g}"

    present = set(classes)
    if len(classes) == 1:
        only = f"contains only one class, {shown(classes[0])}; a classifier needs two or more"
        return [Fault(spec.target, _NO_ROWS, only, ": add rows, or name another data.target in params.yaml")]
    missing = list(islice((number for number in range(count) if number not in present), _MOST))
    if not missing:
        return []
    more = count - len(classes) - len(missing)
    others = f" and {more} more" if more > 0 else ""
    hint = hint or f"; add rows, or remove it from data.columns.{spec.target}.classes in params.yaml"
    return [Fault(spec.target, _NO_ROWS, f"has no row of class {', '.join(map(shown, missing))}{others}", hint)]


def _what_to_set(values: np.ndarray, cells: pd.Series, spec: Data) -> str:
    """Advise on numbers other than 0, 1, …: they are labels if each occurs often, or the target is no class."""
    rows = pd.Series(values).groupby(values).size()
    if not 2 <= len(rows) <= _MOST_LABELS or rows.min() < 2:
        return f"; {_REGRESSION}"
    written = pd.Series(cells.astype(object)).groupby(values).unique()
    for texts in written:
        if len(texts) > 1:
            return f"; if these are classes, write {texts[0]!r} and {texts[1]!r} in one way; {_REGRESSION}"
    return f"; if these are classes, {_line([texts[0] for texts in written], spec)}; {_REGRESSION}"


def _line(labels: Sequence[str], spec: Data) -> str:
    return line_to_add(spec.target, f"classes: [{', '.join(map(as_label, labels))}]", spec)


def as_label(label: str) -> str:
    """Return a label as YAML has it within `[]`; whole numbers need no quotation marks."""
    whole = label.removeprefix("-").isdecimal() and str(int(label)) == label
    return label if whole else as_yaml(label)


def _no_target(missing: np.ndarray, name: str) -> list[Fault]:
    return (
        [Fault(name, np.flatnonzero(missing), "the target is missing", "; remove such rows")] if missing.any() else []
    )
