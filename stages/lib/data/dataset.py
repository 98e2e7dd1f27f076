"""The arrays that a search trains on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stages.lib.common import UserError
from stages.lib.config import Data
from stages.lib.data.csv_file import read_csv


@dataclass(frozen=True)
class Dataset:
    """The data that nets train on.

    Parameters
    ----------
    X : array of float32, shape (n_rows, n_inputs)
        The inputs, unscaled.
    y : array of float64, shape (n_rows,)
        The target; classes are 0, 1 and so on.
    features : tuple of str
        The names of X's columns.
    classes : tuple of str
        The label of each class; empty for a regression.
    """

    X: np.ndarray
    y: np.ndarray
    features: tuple[str, ...]
    classes: tuple[str, ...]

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return len(self.classes)


def load_dataset(spec: Data, classify: bool, seed: int) -> Dataset:
    """Read and check `spec.path`, and keep the fraction `spec.sample` of its rows, stratified by class, in file order.

    Raises
    ------
    UserError
        As in `read_csv`, or if the sample has too few rows.
    """
    table = read_csv(spec.path, spec, classify)
    inputs = table.drop(columns=spec.target)
    X, y = inputs.to_numpy(dtype=np.float32, copy=True), table[spec.target].to_numpy()
    classes = class_labels(y, spec) if classify else ()
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
    return Dataset(X, y, features=tuple(inputs.columns), classes=classes)


def class_labels(y: np.ndarray, spec: Data) -> tuple[str, ...]:
    """Return the label of each class 0, 1, …: the one in params.yaml, or the number."""
    return spec.labels or tuple(str(number) for number in range(int(y.max()) + 1))


def check_folds(y: np.ndarray, n_splits: int, classes: Sequence[str]) -> None:
    """Raise `UserError` if there are fewer rows, or fewer rows of a class, than `cv.n_splits`."""
    counts = {f" of class {label}": int((y == number).sum()) for number, label in enumerate(classes)}
    for what, count in (counts or {"": len(y)}).items():
        if count < n_splits:
            raise UserError(
                f"The data has {count} rows{what}, fewer than the {n_splits} folds of cv.n_splits. "
                "Lower cv.n_splits in params.yaml, or use more rows."
            )
