"""Nets whose loss, rows or rate follow from their settings by a detour: a base class, a helper, skorch's own names."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import pandas as pd
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import Callback
from torch import Tensor

from tests.lockstep.cases import base
from tests.lockstep.cases.base import LABELS, RATES, Case, classifier
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


class ByCallback(NeuralNetClassifier):
    callbacks__own__k: float

    def get_loss(self, *args: Any, **kwargs: Any) -> Tensor:
        return self.callbacks__own__k * super().get_loss(*args, **kwargs)


class HasNumber(Callback):
    def __init__(self, k: float = 1.0) -> None:
        self.k = k


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


class ScalesItsRows(NeuralNetClassifier):
    """Scales the rows that its fit is given in place."""

    def __init__(self, *args: Any, factor: float = 1.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.factor = factor

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        X *= self.factor
        return super().fit(X, y, **fit_params)


class CentresItsRows(NeuralNetClassifier):
    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        X -= X.mean(0)
        return super().fit(X, y, **fit_params)


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
    history = "looks at the history"
    return {
        "a rate in the loss of a base class": Case(classifier(wrapper=HalvedByRate), rates),
        "a rate in a decorated loss": Case(classifier(wrapper=Decorated), rates),
        "the history in the loss of a base class": Case(
            classifier(wrapper=HalvedWarmUp, max_epochs=7), RATES, alone=history
        ),
        "the optimizer's setting in the loss": Case(
            classifier(wrapper=ByDecay), {"optimizer__weight_decay": [0.001, 0.1]}
        ),
        "the module's setting in the loss": Case(classifier(TakesAlpha, wrapper=ByModule), alphas),
        "the module's settings in the loss": Case(classifier(TakesAlpha, wrapper=ByParamsOfModule), alphas),
        "a callback's setting in the loss": Case(
            classifier(wrapper=ByCallback, callbacks=[("own", HasNumber())]), {"callbacks__own__k": [1.0, 3.0]}
        ),
        "a rate in the loss, by a function": Case(classifier(wrapper=ByHelper), rates),
        "the history in the loss, by a function": Case(
            classifier(wrapper=WarmUpByHelper, max_epochs=7), RATES, alone=history
        ),
        "a rate by the length, by a function": Case(classifier(wrapper=RateByHelper), {"max_epochs": [2, 4]}),
        "rows scaled by fit": Case(
            classifier(wrapper=ScalesItsRows), {"factor": [0.5, 1.0, 2.0]}, alone="writes into its rows"
        ),
        "labels that fit lowers": Case(classifier(wrapper=CountsFromOne), RATES, y=LABELS + 1),
        "weights that fit puts beside rows": Case(
            classifier(wrapper=WeighsRows, criterion__reduction="none", train_split=None), RATES
        ),
        "a module sized by fit": Case(
            classifier(wrapper=SizedByRows), RATES, X=pd.DataFrame(base.X[:, :3]), y=pd.Series(LABELS)
        ),
        "rows centred by fit": Case(classifier(wrapper=CentresItsRows), RATES, alone="writes into its rows"),
    }
