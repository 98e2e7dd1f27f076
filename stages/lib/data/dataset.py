"""The arrays that a search trains on."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from stages.lib.common import UserError
from stages.lib.config import Data
from stages.lib.data.csv_file import is_feature, read_csv
from stages.lib.data.target import class_labels


@dataclass(frozen=True)
class Dataset:
    """The table that nets train on.

    Parameters
    ----------
    X : DataFrame, shape (n_rows, n_features)
        The features as they are in the file, with NaN where a cell is missing: numbers as float64, booleans as float64
        0 and 1, categories as pandas' `category`, whose categories are sorted and those of the whole table. The index
        is 0, 1, … Zeros that mean a missing value are zeros here.
    y : array of float64, shape (n_rows,)
        The target; classes are 0, 1 and so on.
    classes : tuple of str
        The label of each class; empty for a regression.
    types : dict of str
        `number`, `boolean` or `category` by feature.
    lacking : tuple of str
        The features with missing cells in the whole table, of which `data.sample` may take a part.
    zeros : tuple of str
        The features of which zeros mean a missing value (`zero_is_missing`) and that contain such zeros.
    groups : array of int, shape (n_rows,), or None
        The group of each row, from `cv.groups`.
    """

    X: pd.DataFrame
    y: np.ndarray
    features: tuple[str, ...]
    classes: tuple[str, ...]
    types: dict[str, str] = field(default_factory=dict)
    lacking: tuple[str, ...] = ()
    zeros: tuple[str, ...] = ()
    groups: np.ndarray | None = None

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return len(self.classes)


def load_dataset(spec: Data, classify: bool, seed: int, groups: str | None = None, order: str | None = None) -> Dataset:
    """Read and check `spec.path` as `read_csv` does, and keep the fraction `spec.sample` of its rows, drawn by class.

    Rows are in the order of the file or, with `order`, in that of this column; rows with the same value keep theirs.
    Raises `UserError` also if the sample has too few rows.
    """
    table = read_csv(spec.path, spec, classify, groups=groups, order=order)
    if order:
        table = table.sort_values(order, kind="stable", ignore_index=True)
    features = tuple(key for key in map(str, table) if is_feature(key, spec, groups))
    types: dict[str, str] = {key: spec.column(key).type for key in features}
    lacking = tuple(key for key in features if table[key].isna().any())
    zeros = tuple(key for key in features if spec.column(key).zero_is_missing and (table[key] == 0).any())
    classes = class_labels(table[spec.target].to_numpy(), spec) if classify else ()
    if spec.sample < 1:
        rows = _sample(table[spec.target].to_numpy(), spec.sample, classes, seed)
        table = table.iloc[rows].reset_index(drop=True)
    grouped = table[groups].cat.codes.to_numpy(dtype=np.int64) if groups else None
    return Dataset(
        table[list(features)], table[spec.target].to_numpy(), features, classes, types, lacking, zeros, grouped
    )


def _sample(y: np.ndarray, share: float, classes: tuple[str, ...], seed: int) -> np.ndarray:
    """Return the rows of a sample in their order, with the shares of the classes if there are some.

    Raises `UserError` if the sample, or what it leaves out, has fewer rows than there are classes.
    """
    from sklearn.model_selection import train_test_split

    n_rows, fewest = len(y), max(len(classes), 1)
    taken = int(share * n_rows)
    place = f"params.yaml: data.sample is {share:g}, which"
    if taken < fewest:
        least = f"; set it to {np.ceil(1000 * fewest / n_rows) / 1000:g} or more" if fewest < n_rows else ""
        what = f"fewer than the {fewest} classes" if classes else "so nothing is left"
        raise UserError(f"{place} takes {taken} of {n_rows:,} rows, {what}{least}, or to 1.0 for all rows.")
    if n_rows - taken < fewest:
        raise UserError(
            f"{place} leaves out {n_rows - taken} of {n_rows:,} rows, fewer than the {fewest} classes. "
            "Set it to 1.0, which takes all rows."
        )
    if classes and (counts := np.bincount(y.astype(int))).min() < 2:
        raise UserError(
            f"{place} can't be drawn by class: {classes[int(counts.argmin())]} has one row only. "
            "Set it to 1.0, or remove this class."
        )
    stratify = y if classes else None
    rows, _ = train_test_split(np.arange(n_rows), train_size=share, stratify=stratify, random_state=seed)
    return np.sort(rows)
