"""Builds the estimator that a search tunes: a skorch net as params.yaml describes it, after an optional scaler."""

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

from stages.lib.common import UserError
from stages.lib.data import Dataset
from stages.lib.lockstep import FiniteOrUnfit

_FOR_CLASSES = (nn.BCELoss, nn.BCEWithLogitsLoss, nn.CrossEntropyLoss, nn.NLLLoss)


class _ProjectNet(FiniteOrUnfit):
    """What the project adds to a skorch wrapper."""

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities of shape (n, n_classes); skorch leaves them (n, 2, 1) for outputs of shape (n, 1)."""
        proba: np.ndarray = super().predict_proba(X)  # type: ignore[misc]
        return proba.squeeze(-1) if proba.ndim == 3 else proba


@cache
def finite_or_unfit(wrapper: type[NeuralNet]) -> type[NeuralNet]:
    """Return a skorch wrapper whose fit ends without an exception if it leaves the finite numbers."""
    return type(wrapper.__name__, (_ProjectNet, wrapper), {})


def is_classifier(wrapper: type[NeuralNet]) -> bool:
    """Whether a skorch wrapper predicts classes."""
    return issubclass(wrapper, ClassifierMixin)


def parameters(function: Callable[..., object]) -> dict[str, inspect.Parameter]:
    """Return the parameters of a class or function, by name."""
    return dict(inspect.signature(function).parameters)


def check_device(device: str) -> None:
    """Raise `UserError` if torch does not know the device or this machine does not have it."""
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
        Gives the module its `n_inputs` and `n_outputs`, if it takes them and `settings` does not set them.
    scale : 'standard' or None
        With 'standard', return a Pipeline with a StandardScaler before the step `net`.

    Raises
    ------
    UserError
        If the device is not available, or the criterion does not fit the target.
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
            f"params.yaml: {criterion.__name__} is a loss for classes, but {wrapper.__name__} predicts a number. "
            "Set model.criterion to a loss such as MSELoss, or model.wrapper to a classifier."
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
    """Return `y` in the shape and type that the criterion expects.

    Classes, int64 of shape (n,), for CrossEntropyLoss; else float32, of shape (n,) for a NeuralNetBinaryClassifier,
    which flattens the output itself, and of shape (n, 1) for the others.
    """
    if issubclass(criterion, nn.CrossEntropyLoss):
        return y.astype(np.int64)
    flat = y.astype(np.float32)
    return flat if issubclass(wrapper, NeuralNetBinaryClassifier) else flat.reshape(-1, 1)
