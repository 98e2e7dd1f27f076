"""A linear model as arrays: inputs standardized, times coefficients."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from sklearn.pipeline import Pipeline
from sklearn.utils.extmath import softmax

from stages.lib.handover.arrays import finite

_FLOATS = ("float64", "float32")


@dataclass(frozen=True)
class Linear:
    """A StandardScaler and a LogisticRegression or LinearRegression.

    Each result is scikit-learn's, bit by bit, for rows that lie in memory in the same way: rounding depends on that.

    Parameters
    ----------
    mean, scale : arrays of float64, shape (n_columns,)
        Of the inputs.
    coef : array of shape (n_columns,), or of shape (1, n_columns) or (n_classes, n_columns) for classes
        Its type is that in which scikit-learn computes: float32 where the inputs are not prepared.
    intercept : array of shape (1,) or (n_classes,)
    """

    mean: np.ndarray
    scale: np.ndarray
    coef: np.ndarray
    intercept: np.ndarray

    @classmethod
    def of(cls, fitted: Pipeline) -> "Linear":
        """Return what a pipeline has learned that ends with a scaler and the model."""
        scaler, model = fitted[-2], fitted[-1]
        return cls(scaler.mean_, scaler.scale_, model.coef_, np.atleast_1d(model.intercept_))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], n_columns: int, n_classes: int) -> "Linear":
        """Check and take arrays of a file; raises `ValueError` with a sentence if they don't fit."""
        rows = (1 if n_classes == 2 else n_classes,) if n_classes else ()
        return cls(
            finite(arrays, "mean", "float64", n_columns),
            finite(arrays, "scale", "float64", n_columns),
            finite(arrays, "coef", _FLOATS, *rows, n_columns),
            finite(arrays, "intercept", _FLOATS, *(rows or (1,))),
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all of it by name."""
        return {"mean": self.mean, "scale": self.scale, "coef": self.coef, "intercept": self.intercept}

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probabilities of classes, shape (n_rows, n_classes)."""
        scores = self._scores(X)
        if scores.shape[1] > 1:
            return np.asarray(softmax(scores))
        second = expit(scores[:, 0])
        return np.stack([1 - second, second], axis=1)

    def predict_class(self, X: np.ndarray) -> np.ndarray:
        """Return the numbers of classes, shape (n_rows,)."""
        scores = self._scores(X)
        return scores.argmax(axis=1) if scores.shape[1] > 1 else (scores[:, 0] > 0).astype(int)

    def predict_number(self, X: np.ndarray) -> np.ndarray:
        """Return the numbers that a regression predicts, shape (n_rows,)."""
        return self._scores(X)

    def _scores(self, X: np.ndarray) -> np.ndarray:
        scaled = X.astype(self.coef.dtype)  # a copy
        scaled -= self.mean.astype(scaled.dtype)
        scaled /= self.scale.astype(scaled.dtype)
        return scaled @ self.coef.T + self.intercept
