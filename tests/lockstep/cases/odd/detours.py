"""Nets whose loss, rows or rate follow from their settings by a detour: a base class, a helper, skorch's own names."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import pandas as pd
from skorch import NeuralNet, NeuralNetClassifier
from torch import Tensor

from tests.lockstep.cases import base
from tests.lockstep.cases.base import LABELS, Case, case
from tests.lockstep.cases.odd.own import WarmUp
from tests.lockstep.cases.plain.modules import MLP

Loss = Callable[..., Tensor]


class ByRate(NeuralNetClassifier):
    def get_loss(self, y_pred: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return super().get_loss(y_pred, *args, **kwargs) + self.lr * y_pred.pow(2).mean()


class HalvedByRate(ByRate):
    def get_loss(self, *args: Any, **kwargs: Any) -> Tensor:
        return 0.5 * super().get_loss(*args, **kwargs)


class HalvedWarmUp(WarmUp):
    def get_loss(self, *args: Any, **kwargs: Any) -> Tensor:
        return 0.5 * super().get_loss(*args, **kwargs)


def halved(get_loss: Loss) -> Loss:
    @wraps(get_loss)
    def wrapped(*args: Any, **kwargs: Any) -> Tensor:
        return 0.5 * get_loss(*args, **kwargs)

    return wrapped


class Decorated(NeuralNetClassifier):
    @halved
    def get_loss(self, y_pred: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return super().get_loss(y_pred, *args, **kwargs) + self.lr * y_pred.pow(2).mean()


class ByDecay(NeuralNetClassifier):
    optimizer__weight_decay: float

    def get_loss(self, y_pred: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return super().get_loss(y_pred, *args, **kwargs) + self.optimizer__weight_decay * y_pred.pow(2).mean()


class ByModule(NeuralNetClassifier):
    module__alpha: float

    def get_loss(self, y_pred: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return super().get_loss(y_pred, *args, **kwargs) + self.module__alpha * y_pred.pow(2).mean()


class ByParamsOfModule(NeuralNetClassifier):
    def get_loss(self, y_pred: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        alpha = self.get_params_for("module")["alpha"]
        return super().get_loss(y_pred, *args, **kwargs) + alpha * y_pred.pow(2).mean()


class TakesAlpha(MLP):
    """Leaves its setting to the loss."""

    def __init__(self, alpha: float = 0.0) -> None:
        super().__init__()


def rate_of(net: Any) -> float:
    return net.lr


def late_share(net: NeuralNet) -> float:
    return 0.5 * (len(net.history) > 4)


def rate_by_length(net: Any) -> float:
    return 0.5 / net.max_epochs


class ByHelper(NeuralNetClassifier):
    def get_loss(self, y_pred: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return super().get_loss(y_pred, *args, **kwargs) + rate_of(self) * y_pred.pow(2).mean()


class WarmUpByHelper(NeuralNetClassifier):
    def get_loss(self, y_pred: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return super().get_loss(y_pred, *args, **kwargs) + late_share(self) * y_pred.pow(2).mean()


class RateByHelper(NeuralNetClassifier):
    def initialize_optimizer(self) -> NeuralNet:
        super().initialize_optimizer()
        self.optimizer_.param_groups[0]["lr"] = rate_by_length(self)
        return self


class CountsFromOne(NeuralNetClassifier):
    """Takes labels from 1 on."""

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        if min(y) < 1:
            raise ValueError("labels start at 1")
        return super().fit(X, y - 1, **fit_params)

    def predict(self, X: Any) -> Any:
        return super().predict(X) + 1


class WeighsRows(NeuralNetClassifier):
    """Lets its fit put a weight beside each row."""

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        return super().fit({"x": X, "share": 0.5 + (X[:, 0] > 0)}, y, **fit_params)

    def infer(self, x: Any, **fit_params: Any) -> Any:
        return super().infer(x["x"] if isinstance(x, dict) else x, **fit_params)

    def get_loss(self, y_pred: Tensor, y_true: Any, X: Any = None, *args: Any, **kwargs: Any) -> Tensor:
        return (X["share"] * super().get_loss(y_pred, y_true, X, *args, **kwargs)).mean()


class SizedByRows(NeuralNetClassifier):
    """Sizes its module by the table that it is given, and trains on numbers."""

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        self.set_params(module__n_inputs=X.columns.size)
        return super().fit(X.to_numpy(), y.to_numpy(), **fit_params)

    def predict(self, X: Any) -> Any:
        return super().predict(X.to_numpy())


def detours() -> dict[str, Case]:
    rates: dict[str, list[Any]] = {"lr": [0.1, 0.5]}
    alphas: dict[str, list[Any]] = {"module__alpha": [0.0, 0.5]}
    history = "reads history"
    return {
        "a rate in the loss of a base class": case(grid=rates, wrapper=HalvedByRate),
        "a rate in a decorated loss": case(grid=rates, wrapper=Decorated),
        "the history in the loss of a base class": case(wrapper=HalvedWarmUp, max_epochs=7, alone=history),
        "the optimizer's setting in the loss": case(grid={"optimizer__weight_decay": [0.001, 0.1]}, wrapper=ByDecay),
        "the module's setting in the loss": case(TakesAlpha, alphas, wrapper=ByModule),
        "the module's settings in the loss": case(TakesAlpha, alphas, wrapper=ByParamsOfModule),
        "a rate in the loss, by a function": case(grid=rates, wrapper=ByHelper),
        "the history in the loss, by a function": case(wrapper=WarmUpByHelper, max_epochs=7, alone=history),
        "a rate by the length, by a function": case(grid={"max_epochs": [2, 4]}, wrapper=RateByHelper),
        "labels that fit lowers": case(wrapper=CountsFromOne, y=LABELS + 1),
        "weights that fit puts beside rows": case(wrapper=WeighsRows, criterion__reduction="none", train_split=None),
        "a module sized by fit": case(wrapper=SizedByRows, X=pd.DataFrame(base.X[:, :3]), y=pd.Series(LABELS)),
    }
