"""Builds the estimator that a search tunes: a skorch net as params.yaml describes it, behind what prepares its rows."""

from collections.abc import Iterable, Mapping
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from skorch import NeuralNet, NeuralNetBinaryClassifier
from skorch.callbacks import Callback
from torch import Tensor, nn

from gridstage.common import UserError, in_params
from gridstage.config import Prepare
from gridstage.data import Dataset
from gridstage.engine import FiniteOrUnfit
from gridstage.model.class_weights import OF_NUMBERED, ClassWeights, check_class_weight
from gridstage.model.hold_out import hold_out
from gridstage.model.prepared import (
    check_missing,
    preparation_of,
    prepared,
    without_prefix,
)
from gridstage.model.signatures import parameters

# What may keep nets from diverging.
AGAINST_DIVERGENCE = (
    "Lower lr, scale the inputs with prepare.scale: standard and the target of a regression with prepare.target: "
    "standard, or clip gradients with the callback GradientNormClipping: {gradient_clip_value: 1.0}."
)

# BCELoss and skorch's NLLLoss take probabilities, every other criterion the module's plain output.
_OUTPUTS = {nn.BCELoss: nn.Sigmoid, nn.NLLLoss: partial(nn.Softmax, dim=-1)}


def _softmax(outputs: Tensor) -> Tensor:
    """Do what skorch's does; computed in float64, because the last bits of torch's float32 depend on the processor."""
    return torch.softmax(outputs.double(), dim=-1).to(outputs.dtype)


def _sigmoid_of_pairs(outputs: Tensor) -> Tensor:
    second = torch.sigmoid(outputs.double())
    return torch.stack((1 - second, second), dim=1).to(outputs.dtype)


# What turns the outputs for these criteria into probabilities.
_NONLINEARITIES = {
    nn.CrossEntropyLoss: _softmax,
    nn.BCEWithLogitsLoss: _sigmoid_of_pairs,
}

# Those of skorch's default callbacks that cost little and that others may watch.
_RECORDING = ("train_loss", "valid_loss")


class _ProjectNet(ClassWeights, FiniteOrUnfit):
    """What the project adds to a skorch wrapper."""

    module: type[nn.Module]
    n_features_in_: int

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Fit; a module that takes `n_inputs` gets the width of `X`, which depends on how it was prepared."""
        self.n_features_in_ = X.shape[1]
        return super().fit(X, y, **fit_params)

    def get_params_for(self, prefix: str) -> dict[str, Any]:
        """Return what a part of the net is built with."""
        params: dict[str, Any] = super().get_params_for(prefix)  # type: ignore[misc]
        sized = prefix == "module" and _takes_width(self.module)  # type: ignore[arg-type]
        return {"n_inputs": self.n_features_in_} | params if sized else params

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities of shape (n, n_classes); skorch leaves them (n, 2, 1) for outputs of shape (n, 1)."""
        proba: np.ndarray = super().predict_proba(X)  # type: ignore[misc]
        return proba.squeeze(-1) if proba.ndim == 3 else proba

    def get_default_callbacks(self) -> list[tuple[str, Callback]]:
        """Return those of the default callbacks that record losses, and those that this net is asked for."""
        wanted = {*_RECORDING}
        for key in vars(self):
            owner, *rest = key.split("__")
            if owner == "callbacks":
                wanted.update(rest[:1])
        for monitor in _monitors(vars(self)).values():
            wanted.add(str(monitor).removesuffix("_best"))
        defaults = super().get_default_callbacks()  # type: ignore[misc]
        return [each for each in defaults if each[0] in wanted]


@cache  # each net asks when it is initialised, and a signature takes long
def _takes_width(module: type[nn.Module]) -> bool:
    return "n_inputs" in parameters(module)


@cache
def finite_or_unfit(wrapper: type[NeuralNet]) -> type[NeuralNet]:
    """Return a skorch wrapper whose fit ends without an exception if it leaves the finite numbers."""
    return type(wrapper.__name__, (_ProjectNet, wrapper), {})


def is_classifier(wrapper: type[NeuralNet]) -> bool:
    """Whether a skorch wrapper predicts classes."""
    return issubclass(wrapper, ClassifierMixin)


def build_estimator(
    settings: dict[str, Any], data: Dataset, prepare: Prepare, uses: Iterable[str] = ()
) -> BaseEstimator:
    """Build the net, unfitted, behind what prepares its rows; see `prepared`.

    `settings` are skorch's parameters with names resolved, and such as `prepare__scale`; `uses` has the keys of the
    grid that is searched. The data gives the module its `n_inputs`, `n_outputs` and `n_numbers`, if it takes them and
    they are not set. Raises `UserError` if the criterion is for classes and the target is none, cells are missing that
    nothing replaces, or the weights of the classes do not fit.
    """
    prepare = prepare.under(settings)
    check_missing(data, prepare.impute)
    settings = without_prefix(settings)
    wrapper, criterion = settings.pop("wrapper"), settings["criterion"]
    classify = is_classifier(wrapper)
    taken = parameters(settings["module"])
    takes_outputs = "n_outputs" in taken
    is_given = takes_outputs and "module__n_outputs" not in settings
    _check_criterion(criterion, wrapper, data.n_classes if is_given else 0)
    defaults: dict[str, Any] = {}
    if takes_outputs:
        is_numbered = issubclass(criterion, OF_NUMBERED)
        defaults["module__n_outputs"] = data.n_classes if is_numbered else 1
    if "output" in taken:
        defaults["module__output"] = _for_loss(criterion, _OUTPUTS, nn.Identity)
    if classify:
        known = _for_loss(criterion, _NONLINEARITIES, "auto")
        defaults["predict_nonlinearity"] = known
    check_class_weight(settings, data.n_classes)
    in_skorchs_terms = {
        "verbose": settings.get("verbose", 0),
        # Without callbacks, nets of a search that differ in `max_epochs` alone are one training.
        "callbacks": settings.get("callbacks") or "disable",
        "n_classes": data.n_classes,
        "train_split": hold_out(settings["train_split"], None, classify),
    }
    net = finite_or_unfit(wrapper)(**defaults | settings | in_skorchs_terms)
    estimator = prepared(net, data, prepare, uses)
    preparation = preparation_of(estimator)
    if "n_numbers" in taken and "module__n_numbers" not in settings:
        n_numbers = data.columns.n_first_numbers(preparation is not None)
        net.set_params(module__n_numbers=n_numbers)
    net.n_features_in_ = len(data.features)
    if preparation is not None:
        net.n_features_in_ = preparation.n_features_out
    return estimator


def _check_criterion(
    criterion: type[nn.Module], wrapper: type[NeuralNet], n_classes: int
) -> None:
    """Refuse a criterion that is not for this wrapper, or not for so many classes; 0 if the module chooses itself."""
    of_classes, remedy = (nn.BCELoss, nn.BCEWithLogitsLoss, *OF_NUMBERED), ""
    if not is_classifier(wrapper) and issubclass(criterion, of_classes):
        problem = f"is for classes, and {wrapper.__name__} predicts numbers"
        remedy = "Set it to MSELoss, or model.wrapper to a classifier."
    elif n_classes > 2 and not issubclass(criterion, OF_NUMBERED):
        problem = f"gets one output of the net, but the data has {n_classes} classes"
        remedy = "Set it to CrossEntropyLoss, from which a criterion of your own is best derived."
    if remedy:
        finding = f": {criterion.__name__} {problem}"
        raise UserError(in_params("model.criterion", finding, remedy))


def _for_loss(criterion: type[nn.Module], known: Mapping[Any, Any], other: Any) -> Any:
    """Return what goes with a criterion, by its class or the one that it is derived from."""
    for loss, value in known.items():
        if issubclass(criterion, loss):
            return value
    return other


def target(
    y: np.ndarray, wrapper: type[NeuralNet], criterion: type[nn.Module]
) -> np.ndarray:
    """Return `y` in the shape and type that the criterion expects.

    Classes, int64 of shape (n,), for CrossEntropyLoss and NLLLoss; otherwise float32, of shape (n,) for a
    NeuralNetBinaryClassifier, which flattens the output itself, and of shape (n, 1) for the others.
    """
    if issubclass(criterion, OF_NUMBERED):
        return y.astype(np.int64)
    flat = y.astype(np.float32)
    if issubclass(wrapper, NeuralNetBinaryClassifier):
        return flat
    return flat.reshape(-1, 1)


def hold_out_watchers(settings: dict[str, Any]) -> list[str]:
    """Return the names of the callbacks that watch the rows held out of a fit, such as EarlyStopping."""
    monitors = _monitors(settings).items()
    return [name for name, monitor in monitors if str(monitor).startswith("valid_")]


def _monitors(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what each callback watches, or what `callbacks__NAME__monitor` says instead, by its name."""
    callbacks = dict(settings.get("callbacks") or [])
    found = {name: getattr(each, "monitor", None) for name, each in callbacks.items()}
    for key, value in settings.items():
        if key.startswith("callbacks__") and key.endswith("__monitor"):
            found[key.split("__")[1]] = value
    return found
