"""The table that a search trains on: its rows, and what is known of its columns before any fit."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridstage.common import UserError, in_params
from gridstage.config import Data
from gridstage.data.checked_file import read_data


@dataclass(frozen=True)
class Columns:
    """The columns that a net predicts from, as they are in the whole table, sampled or not; no values of its rows.

    `types` has `number`, `boolean` or `category` by column, in the order of the table, and `categories` those of each
    column that has some. Columns in `lacking` have missing cells; those in `zeros` have zeros that mean a missing cell
    (`zero_is_missing`).
    """

    types: dict[str, str]
    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lacking: tuple[str, ...] = ()
    zeros: tuple[str, ...] = ()

    def __deepcopy__(self, memo: dict[int, Any]) -> "Columns":
        """Return itself, because nothing changes it: scikit-learn copies an estimator's parameters for every fit."""
        return self

    @property
    def lack_nothing(self) -> bool:
        """Whether all are numbers or booleans, without a missing cell, so that a net takes them as they are."""
        return not self.lacking and "category" not in self.types.values()

    def n_first_numbers(self, prepared: bool) -> int:
        """Return how many columns of numbers come first in a net's rows: all if `prepared`, or as in the table."""
        others = self.at("boolean", "category")
        return len(self.at("number")) if prepared or not others else others[0]

    def at(self, *kinds: str) -> list[int]:
        """Return the positions of the columns of some types."""
        return [i for i, kind in enumerate(self.types.values()) if kind in kinds]

    def positions(self, names: tuple[str, ...]) -> list[int]:
        """Return the positions of some columns, in the order of the table."""
        return [i for i, name in enumerate(self.types) if name in names]

    def as_array(self, X: Any) -> np.ndarray:
        """Return rows as float64 of shape (n_rows, n_columns), which are quicker to split and to prepare than a table.

        A category is its position in `categories`, or -1 if it is not listed; a missing cell is NaN.
        """
        if not isinstance(X, pd.DataFrame):
            return np.asarray(X, dtype=np.float64)
        array = np.empty((len(X), len(self.types)))
        for i, name in enumerate(self.types):
            cells = X[name]
            array[:, i] = self._codes(cells) if name in self.categories else cells
        return array

    def _codes(self, column: pd.Series) -> np.ndarray:
        labels = pd.Index(self.categories[str(column.name)], dtype=object)
        codes = labels.get_indexer(pd.Index(column, dtype=object)).astype(np.float64)
        codes[column.isna()] = np.nan
        return codes


@dataclass(frozen=True)
class Dataset:
    """The table that nets train on.

    `X`, of shape (n_rows, n_features), has numbers and booleans as float64, and categories as pandas' `category`, whose
    categories are sorted and those of the whole table; NaN is a missing cell. Zeros that mean a missing value are
    zeros here. `y` is float64, with classes as 0, 1 and so on, whose labels are in `classes`. `groups` has the number
    of each row's group, from `cv.groups`.
    """

    X: pd.DataFrame
    y: np.ndarray
    columns: Columns
    classes: tuple[str, ...]
    groups: np.ndarray | None = None

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns of `X`."""
        return tuple(self.columns.types)

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return len(self.classes)


def load_dataset(
    spec: Data,
    classify: bool,
    seed: int,
    groups: str | None = None,
    order: str | None = None,
) -> Dataset:
    """Read and check `spec.path` as `read_data` does, and keep the fraction `spec.sample` of its rows, drawn by class.

    Rows are in the order of the file or, with `order`, in that of this column; rows with the same value keep theirs.
    Raises `UserError` also if the sample has too few rows.
    """
    table, _ = read_data(Path(spec.path), spec, classify, groups=groups, order=order)
    if order:
        table = table.sort_values(order, kind="stable", ignore_index=True)
    columns = _columns(table, spec, groups)
    target = table[spec.target]
    classes = spec.labels_of(int(target.max()) + 1) if classify else ()
    if spec.sample < 1:
        rows = _sample(target.to_numpy(), spec.sample, classes, seed)
        table = table.iloc[rows].reset_index(drop=True)
    grouped = table[groups].cat.codes.to_numpy(dtype=np.int64) if groups else None
    y = table[spec.target].to_numpy()
    return Dataset(table[[*columns.types]], y, columns, classes, grouped)


def _columns(table: pd.DataFrame, spec: Data, groups: str | None) -> Columns:
    types: dict[str, str] = {}
    categories: dict[str, tuple[str, ...]] = {}
    lacking, zeros = [], []
    for key in spec.features(map(str, table), groups):
        cells, column = table[key], spec.column(key)
        types[key] = column.type
        if column.type == "category":
            categories[key] = tuple(cells.cat.categories)
        if cells.isna().any():
            lacking.append(key)
        if column.zero_is_missing and (cells == 0).any():
            zeros.append(key)
    return Columns(types, categories, tuple(lacking), tuple(zeros))


def _sample(
    y: np.ndarray, share: float, classes: tuple[str, ...], seed: int
) -> np.ndarray:
    """Return the rows of a sample in their order, with the shares of the classes if there are some.

    Raises `UserError` if the sample, or what it leaves out, has fewer rows than there are classes.
    """
    from sklearn.model_selection import train_test_split

    stratify = y if classes else None
    try:
        rows, _ = train_test_split(
            np.arange(len(y)), train_size=share, stratify=stratify, random_state=seed
        )
    except ValueError as error:
        finding = f"is {share:g}, which can't be drawn: {str(error).rstrip('.')}"
        raise UserError(
            in_params("data.sample", finding, "Set it to 1.0 for all rows.")
        ) from None
    return np.sort(rows)
