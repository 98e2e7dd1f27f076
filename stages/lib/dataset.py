"""The CSV: its checks, and the arrays that a search trains on."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from stages.lib.errors import UserError
from stages.lib.params import Column, Data


@dataclass(frozen=True)
class Dataset:
    """Inputs `X` of shape (n_rows, n_inputs), float32, unscaled, and the target `y` of shape (n_rows,), float64."""

    X: np.ndarray
    y: np.ndarray

    @property
    def n_classes(self) -> int:
        """The number of classes, where `y` holds 0, 1 and so on."""
        return int(self.y.max()) + 1


def read_csv(path: str | Path, spec: Data, classify: bool, name: str = "") -> pd.DataFrame:
    """Read the CSV and check its content.

    Parameters
    ----------
    path : path
        The file to read; `spec.path`, or a download that is to replace it.
    spec : Data
        What it should hold.
    classify : bool
        Whether the target is a class (0, 1, …) or, for a regression, any number.
    name : str
        What messages call the file; `path` where it is empty.

    Returns
    -------
    DataFrame of float64, shape (n_rows, n_columns)

    Raises
    ------
    UserError
        It names every problem with its row, counted from 1 without the header, and its column.
    """
    name = name or str(path)
    try:
        lines = Path(path).read_text(encoding="utf-8").rstrip().splitlines()
    except FileNotFoundError:
        raise UserError(f"{name} is missing. Run `dvc repro fetch`, or set data.path in params.yaml.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{name} is no text: byte {error.start} is no UTF-8. Is it the right file?") from None
    rows = list(csv.reader(lines))
    names = list(spec.columns)
    if spec.header:
        header = [cell.strip() for cell in rows[0]] if rows else []
        if header != names:
            raise UserError(f"{name}: the header is {header}, and data.columns in params.yaml has {names}.")
        rows = rows[1:]
    if not rows:
        raise UserError(f"{name} has no rows. Is it the right file?")

    ragged = [
        f"row {number} has {len(row)} columns instead of {len(names)}"
        for number, row in enumerate(rows, start=1)
        if len(row) != len(names)
    ]
    _refuse(name, ragged)
    text = pd.DataFrame(rows, columns=names)
    table: pd.DataFrame = text.apply(pd.to_numeric, errors="coerce").astype("float64")
    problems = [p for key, column in spec.columns.items() for p in _bad_cells(text[key], table[key], column)]
    if classify:
        problems += _bad_classes(table[spec.target])
    _refuse(name, problems)
    return table


def load_dataset(spec: Data, classify: bool, seed: int) -> Dataset:
    """Read and check `spec.path`, and take the share `spec.sample` of it: by class, in the file's order.

    Raises
    ------
    UserError
        As `read_csv`, or where the share has too few rows.
    """
    table = read_csv(spec.path, spec, classify)
    X = table.drop(columns=spec.target).to_numpy(dtype=np.float32)
    y = table[spec.target].to_numpy()
    if spec.sample < 1:
        from sklearn.model_selection import train_test_split

        try:
            rows, _ = train_test_split(
                np.arange(len(y)), train_size=spec.sample, stratify=y if classify else None, random_state=seed
            )
        except ValueError as error:
            raise UserError(f"params.yaml: data.sample {spec.sample} of {len(y)} rows: {error}") from None
        rows.sort()
        X, y = X[rows], y[rows]
    return Dataset(X, y)


def check_folds(y: np.ndarray, n_splits: int, classify: bool) -> None:
    """Raise `UserError` where there are fewer rows, or fewer rows of a class, than `cv.n_splits`."""
    counts = {f" of class {int(label)}": int(n) for label, n in zip(*np.unique(y, return_counts=True), strict=True)}
    for what, count in (counts if classify else {"": len(y)}).items():
        if count < n_splits:
            raise UserError(
                f"The data has {count} rows{what}, fewer than the {n_splits} folds of cv.n_splits. "
                "Lower cv.n_splits in params.yaml, or take more rows."
            )


def _bad_cells(text: pd.Series, numbers: pd.Series, column: Column) -> Iterator[str]:
    low = -np.inf if column.min is None else column.min
    high = np.inf if column.max is None else column.max
    for i in np.flatnonzero(~np.isfinite(numbers) | ~numbers.between(low, high)):
        place = f"row {i + 1}, column {text.name}"
        if np.isfinite(numbers[i]):
            yield f"{place}: {text[i].strip()} lies outside {low:g} to {high:g} ({column.unit})"
        else:
            yield f"{place}: {text[i]!r} is no number"


def _bad_classes(target: pd.Series) -> Iterator[str]:
    whole = target[np.isfinite(target)]
    for i in whole.index[(whole % 1 != 0) | (whole < 0)]:
        yield f"row {i + 1}, column {target.name}: {target[i]:g} is no class; classes are 0, 1, …"
    classes = sorted(whole.unique())
    if len(classes) == 1:
        yield f"column {target.name} holds one class only, {classes[0]:g}; a classifier needs two or more"
    elif missing := set(range(int(max(classes, default=0)))) - set(classes):
        yield f"column {target.name} has no row of class {', '.join(map(str, sorted(missing)))}"


def _refuse(name: str, problems: list[str]) -> None:
    if problems:
        raise UserError("\n".join(f"{name}: {problem}" for problem in problems))
