"""A constant as a model: the shares of the classes, or a mean."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from stages.lib.handover.arrays import finite


@dataclass(frozen=True)
class Constant:
    """A DummyClassifier of the strategy `prior`, or a DummyRegressor, which ignore the inputs.

    Parameters
    ----------
    values : array of float64, shape (n_classes,) or (1,)
        The share of each class, or the mean.
    """

    values: np.ndarray

    @classmethod
    def of(cls, fitted: DummyClassifier | DummyRegressor) -> "Constant":
        """Return what scikit-learn has learned."""
        return cls(fitted.class_prior_ if isinstance(fitted, DummyClassifier) else fitted.constant_.ravel())

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], n_columns: int, n_classes: int) -> "Constant":
        """Check and take arrays of a file; raises `ValueError` with a sentence if they don't fit."""
        values = finite(arrays, "values", "float64", n_classes or 1)
        if n_classes and ((values < 0).any() or not np.isclose(values.sum(), 1)):
            raise ValueError("values are no shares of classes")
        return cls(values)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all of it by name."""
        return {"values": self.values}

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probabilities of classes, shape (n_rows, n_classes)."""
        return np.tile(self.values, (len(X), 1))

    def predict_class(self, X: np.ndarray) -> np.ndarray:
        """Return the numbers of classes, shape (n_rows,)."""
        return np.full(len(X), self.values.argmax())

    def predict_number(self, X: np.ndarray) -> np.ndarray:
        """Return the mean for each row, shape (n_rows,)."""
        return np.full(len(X), self.values[0])
