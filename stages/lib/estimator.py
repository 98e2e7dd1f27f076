"""The estimator that a search tunes: a skorch net built from params.yaml, behind a scaler where one is asked for."""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNet, NeuralNetBinaryClassifier
from skorch.dataset import ValidSplit
from torch import nn

from stages.lib import numerics  # noqa: F401 (one thread and exact square roots, wherever a net is built)
from stages.lib.dataset import Dataset
from stages.lib.errors import UserError

_FOR_CLASSES = (nn.BCELoss, nn.BCEWithLogitsLoss, nn.CrossEntropyLoss, nn.NLLLoss)


class FiniteOrUnfit:
    """Mixin for a skorch net: a fit that leaves the finite numbers ends there, without an exception.

    Such a net has `diverged_` set, and `ScoreOrNaN` gives it no score. Other failures are raised as ever.
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


class ScoreOrNaN:
    """A scorer, given a fitted estimator, rows and their target of shape (n, 1) or (n,); NaN for a diverged net."""

    def __init__(self, scorer: Callable[..., float]) -> None:
        self.scorer = scorer

    def __call__(self, estimator: BaseEstimator, X: np.ndarray, y: np.ndarray) -> float:
        """Score as the scorer does."""
        return float("nan") if net_of(estimator).diverged_ else self.scorer(estimator, X, y.ravel())


def net_of(estimator: BaseEstimator) -> NeuralNet:
    """Return the skorch net itself: the last step of a pipeline, or the estimator."""
    return estimator[-1] if isinstance(estimator, Pipeline) else estimator


def shallow_copy(net: NeuralNet, **attributes: Any) -> NeuralNet:
    """Return a net that shares every attribute but those given.

    `copy.copy` would have skorch save and load all tensors, and skorch lets no one else set `module_`.
    """
    twin = object.__new__(type(net))
    twin.__dict__.update(net.__dict__ | attributes)
    return twin


def is_classifier(wrapper: type[NeuralNet]) -> bool:
    """Whether a skorch wrapper predicts classes."""
    return issubclass(wrapper, ClassifierMixin)


def parameters(function: Callable[..., object]) -> dict[str, inspect.Parameter]:
    """Return what a class or function can be called with, by name."""
    return dict(inspect.signature(function).parameters)


def check_device(device: str) -> None:
    """Raise `UserError` where torch knows no such device or this machine has none."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"params.yaml: model.device is {device!r}, which can't be used here: {reason}") from None


def build_estimator(settings: dict[str, Any], data: Dataset, scale: str | None) -> BaseEstimator:
    """Build the net, unfitted.

    Parameters
    ----------
    settings : dict
        skorch parameters by name, names resolved; `wrapper` is the class of the net.
    data : Dataset
        Tells the module its `n_inputs` and `n_outputs`, where it takes them and `settings` does not.
    scale : 'standard' or None
        Whether a StandardScaler comes first, as the step before `net` of a Pipeline.

    Raises
    ------
    UserError
        Where `device` is a GPU and there is none.
    """
    settings = dict(settings)
    wrapper, criterion = settings.pop("wrapper"), settings["criterion"]
    check_device(settings["device"])
    classify = is_classifier(wrapper)
    if classify and data.n_classes > 2 and not issubclass(criterion, nn.CrossEntropyLoss):
        raise UserError(
            f"params.yaml: the data has {data.n_classes} classes, which {criterion.__name__} can't tell apart. "
            "Set model.criterion to CrossEntropyLoss."
        )
    if not classify and issubclass(criterion, _FOR_CLASSES):
        raise UserError(
            f"params.yaml: {criterion.__name__} is a loss for classes, and {wrapper.__name__} predicts a number. "
            "Set model.criterion to MSELoss, say, or model.wrapper to a classifier."
        )
    # BCELoss takes probabilities, every other criterion the module's plain output.
    shape = {
        "n_inputs": data.X.shape[1],
        "n_outputs": data.n_classes if issubclass(criterion, nn.CrossEntropyLoss) else 1,
        "output": nn.Sigmoid if issubclass(criterion, nn.BCELoss) else nn.Identity,
    }
    taken = parameters(settings["module"])
    defaults = {f"module__{name}": value for name, value in shape.items() if name in taken}
    if settings["train_split"] is not None:
        settings["train_split"] = ValidSplit(settings["train_split"], stratified=classify)
    net = finite_or_unfit(wrapper)(**{"callbacks": "disable", "verbose": 0} | defaults | settings)
    return Pipeline([("scale", StandardScaler()), ("net", net)]) if scale == "standard" else net


def target(y: np.ndarray, wrapper: type[NeuralNet], criterion: type[nn.Module]) -> np.ndarray:
    """Return `y` in the shape and type that the criterion wants beside the module's output.

    Classes, int64 of shape (n,), for CrossEntropyLoss; else float32, of shape (n,) for a NeuralNetBinaryClassifier,
    which flattens the output itself, and of shape (n, 1) for the others.
    """
    if issubclass(criterion, nn.CrossEntropyLoss):
        return y.astype(np.int64)
    flat = y.astype(np.float32)
    return flat if issubclass(wrapper, NeuralNetBinaryClassifier) else flat.reshape(-1, 1)
