"""Finds skorch nets in pipelines, copies them, and checks them for finite numbers."""

from functools import cache
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from skorch import NeuralNet


def net_of(estimator: BaseEstimator) -> NeuralNet:
    """Return the skorch net itself: the last step of a pipeline, or the estimator."""
    return estimator[-1] if isinstance(estimator, Pipeline) else estimator


def shallow_copy(net: NeuralNet, **attributes: Any) -> NeuralNet:
    """Return a net that shares every attribute but those given.

    `copy.copy` would make skorch save and load all tensors, and skorch does not let other code set `module_`.
    """
    twin = object.__new__(type(net))
    twin.__dict__.update(net.__dict__ | attributes)
    return twin


class FiniteOrUnfit:
    """Mixin for a skorch net: a fit that reaches infinity or NaN ends without an exception.

    Such a net has `diverged_` set, and `ScoreOrNaN` gives it no score. Other failures are raised as usual.
    """

    diverged_: bool

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Fit as the net does; `BCELoss` refuses NaN with a RuntimeError, other criteria train on in silence."""
        self.diverged_ = False
        try:
            super().fit(X, y, **fit_params)  # type: ignore[misc]
        except RuntimeError:
            if is_finite(self, X):
                raise
        self.diverged_ = not is_finite(self, X)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities of shape (n, n_classes); skorch leaves them (n, 2, 1) for outputs of shape (n, 1)."""
        proba: np.ndarray = super().predict_proba(X)  # type: ignore[misc]
        return proba.squeeze(-1) if proba.ndim == 3 else proba


@cache
def finite_or_unfit(wrapper: type[NeuralNet]) -> type[NeuralNet]:
    """Return the skorch wrapper with the mixin in front."""
    return type(wrapper.__name__, (FiniteOrUnfit, wrapper), {})


def is_finite(net: NeuralNet, X: Any) -> bool:
    """Whether the net's parameters and its outputs for the rows `X` are finite numbers, all of them."""
    weights = all(bool(torch.isfinite(weight).all()) for weight in net.module_.parameters())
    return weights and bool(torch.isfinite(torch.as_tensor(net.forward(X))).all())
