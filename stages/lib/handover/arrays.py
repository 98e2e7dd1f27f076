"""Models without a net as arrays: what all of them have, and those of a few numbers, a linear model and a constant."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.pipeline import Pipeline

Tensors = dict[str, torch.Tensor]


def named(arrays: Mapping[str, np.ndarray], prefix: str = "") -> Tensors:
    """Return arrays as tensors whose names begin with a prefix."""
    return {f"{prefix}{name}": torch.from_numpy(np.ascontiguousarray(values)) for name, values in arrays.items()}


def part(tensors: Tensors, prefix: str) -> Tensors:
    """Return the tensors whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


@dataclass(frozen=True)
class ArrayModel(ABC):
    """A model whose fields are the arrays of its file."""

    # Whether its outputs are log-odds, which become shares of classes; otherwise they are these shares.
    log_odds: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def of(cls, fitted: Any) -> Self:
        """Return what an estimator of scikit-learn has learned."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Take the arrays of a file; raises `KeyError` if one is missing."""
        return cls(**{field.name: arrays[field.name] for field in fields(cls)})

    @abstractmethod
    def outputs(self, X: np.ndarray) -> np.ndarray:
        """Return what the model computes for prepared rows, shape (n_rows, n_outputs).

        That is the number that a regression predicts; a share for each class; or its log-odds, of two classes those of
        the second one alone.
        """


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

    def outputs(self, X: np.ndarray) -> np.ndarray:
        """Return a number for each row, or log-odds for each class; of two, those of the second one."""
        scaled = X.astype(self.coef.dtype)  # a copy
        scaled -= self.mean.astype(scaled.dtype)
        scaled /= self.scale.astype(scaled.dtype)
        return np.reshape(scaled @ self.coef.T + self.intercept, (len(X), -1))


@dataclass(frozen=True)
class Constant(ArrayModel):
    """A DummyClassifier of the strategy `prior`, or a DummyRegressor: the share of each class, or the mean."""

    values: np.ndarray

    @classmethod
    def of(cls, fitted: DummyClassifier | DummyRegressor) -> "Constant":
        """Return the shares of the classes, or the mean."""
        return cls(fitted.class_prior_ if isinstance(fitted, DummyClassifier) else fitted.constant_.ravel())

    def outputs(self, X: np.ndarray) -> np.ndarray:
        """Return the same for each row."""
        return np.tile(self.values, (len(X), 1))
