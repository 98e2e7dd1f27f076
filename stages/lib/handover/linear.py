"""The models of a few numbers: a linear model, and a constant."""

from dataclasses import dataclass

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.pipeline import Pipeline

from stages.lib.handover.arrays import ArrayModel, Form


@dataclass(frozen=True)
class Linear(ArrayModel):
    """A StandardScaler, with the mean and scale of each input, and a LogisticRegression or LinearRegression.

    Each result is scikit-learn's, bit by bit, for rows that lie in memory in the same way: rounding depends on that.
    The type of `coef` is that in which scikit-learn computes: float32 where the inputs are not prepared.
    """

    mean: np.ndarray
    scale: np.ndarray
    coef: np.ndarray
    intercept: np.ndarray

    log_odds = True

    @classmethod
    def of(cls, fitted: Pipeline) -> "Linear":
        """Return what a pipeline has learned that ends with a scaler and the model."""
        scaler, model = fitted[-2], fitted[-1]
        return cls(scaler.mean_, scaler.scale_, model.coef_, np.atleast_1d(model.intercept_))

    @classmethod
    def forms(cls, n_columns: int, n_classes: int) -> dict[str, Form]:
        """Return the form of each array; for classes, `coef` has a row for each, or one for the second of two."""
        rows = (1 if n_classes == 2 else n_classes,) if n_classes else ()
        return {
            **dict.fromkeys(("mean", "scale"), ("float64", n_columns)),
            "coef": ("float64 float32", *rows, n_columns),
            "intercept": ("float64 float32", *(rows or (1,))),
        }

    def outputs(self, X: np.ndarray) -> np.ndarray:
        """Return a number for each row, or log-odds for each class; of two, those of the second one."""
        scaled = X.astype(self.coef.dtype)  # a copy
        scaled -= self.mean.astype(scaled.dtype)
        scaled /= self.scale.astype(scaled.dtype)
        return np.reshape(scaled @ self.coef.T + self.intercept, (len(X), -1))


@dataclass(frozen=True)
class Constant(ArrayModel):
    """A DummyClassifier of the strategy `prior`, or a DummyRegressor, which ignore the inputs.

    Its values are the share of each class, or the mean.
    """

    values: np.ndarray

    @classmethod
    def of(cls, fitted: DummyClassifier | DummyRegressor) -> "Constant":
        """Return the shares of the classes, or the mean."""
        return cls(fitted.class_prior_ if isinstance(fitted, DummyClassifier) else fitted.constant_.ravel())

    @classmethod
    def forms(cls, n_columns: int, n_classes: int) -> dict[str, Form]:
        """Return the form of the only array."""
        return {"values": ("float64", n_classes or 1)}

    def outputs(self, X: np.ndarray) -> np.ndarray:
        """Return the same for each row."""
        return np.tile(self.values, (len(X), 1))
