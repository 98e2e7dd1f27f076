"""What is known of a table's columns before any fit: names, types, categories, and which columns lack cells."""

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from stages.lib.data import Dataset

# The most categories that a warning names.
_MOST = 5

# In which a preparation puts the columns, each kind in the order of the table.
ORDER = ("number", "boolean", "category")


@dataclass(frozen=True)
class Columns:
    """The columns that a net predicts from, as they are in the whole table; no values of its rows.

    `types` has `number`, `boolean` or `category` by column, in the order of the table, and `categories` those of each
    column that has some. Columns in `lacking` have missing cells, those in `zeros` have zeros that mean a missing cell.
    """

    types: dict[str, str]
    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lacking: tuple[str, ...] = ()
    zeros: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: Dataset) -> "Columns":
        """Return what is known of the columns of a dataset."""
        types = {name: data.types.get(name, "number") for name in data.features}
        categories = {
            name: tuple(map(str, data.X[name].cat.categories)) for name, kind in types.items() if kind == "category"
        }
        return cls(types, categories, tuple(data.lacking), tuple(data.zeros))

    def __deepcopy__(self, memo: dict[int, Any]) -> "Columns":
        """Return itself, as nothing changes it: scikit-learn copies an estimator's parameters for every fit."""
        return self

    @property
    def lack_nothing(self) -> bool:
        """Whether all are numbers or booleans, without a missing cell, so that a net takes them as they are."""
        return not self.lacking and "category" not in self.types.values()

    def n_first_numbers(self, prepared: bool) -> int:
        """Return how many columns of numbers come first in a net's rows: all if `prepared`, or as in the table."""
        others = self.at("boolean", "category")
        return len(self.at("number")) if prepared or not others else others[0]

    def n_before(self, kind: str) -> int:
        """Return how many columns a preparation puts before those of a type, apart from indicators."""
        return len(self.at(*ORDER[: ORDER.index(kind)]))

    def at(self, *kinds: str) -> list[int]:
        """Return the positions of the columns of some types."""
        return [i for i, kind in enumerate(self.types.values()) if kind in kinds]

    def positions(self, names: tuple[str, ...]) -> list[int]:
        """Return the positions of some columns, in the order of the table."""
        return [i for i, name in enumerate(self.types) if name in names]

    def missing(self, X: pd.DataFrame) -> dict[str, int]:
        """Count the missing cells of each number or boolean column that lacks some."""
        counts = {name: int(X[name].isna().sum()) for name, kind in self.types.items() if kind != "category"}
        return {name: count for name, count in counts.items() if count}

    def as_array(self, X: Any) -> np.ndarray:
        """Return rows as float64 of shape (n_rows, n_columns), which are quicker to split and to prepare than a table.

        A category is its position in `categories`, a missing cell NaN. A category that is not listed is -1, with a
        warning.
        """
        if not isinstance(X, pd.DataFrame):
            return np.asarray(X, dtype=np.float64)
        array = np.empty((len(X), len(self.types)))
        for i, name in enumerate(self.types):
            array[:, i] = self._codes(X[name]) if name in self.categories else X[name]
        return array

    def _codes(self, column: pd.Series) -> np.ndarray:
        labels = pd.Index(self.categories[str(column.name)], dtype=object)
        codes = labels.get_indexer(pd.Index(column, dtype=object)).astype(np.float64)
        codes[column.isna()] = np.nan
        if new := list(dict.fromkeys(map(str, column[codes < 0]))):
            more = f" and {len(new) - _MOST} more" if len(new) > _MOST else ""
            warnings.warn(
                f"column {column.name}: {', '.join(map(repr, new[:_MOST]))}{more} was never seen in training, "
                "so it counts as none of the categories",
                stacklevel=2,
            )
        return codes
