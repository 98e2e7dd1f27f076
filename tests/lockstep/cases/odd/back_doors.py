"""Ways into a training that leave no trace: `.data`, views, samplers, methods on the net itself, names of one's own."""

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skorch import NeuralNet, NeuralNetClassifier
from torch import Tensor, nn

from tests.lockstep.cases.base import Case, case, classifier
from tests.lockstep.cases.plain.modules import MLP


class Notifies(NeuralNetClassifier):
    """Lowers its rate by itself, late."""

    def notify(self, method_name: str, **about: Any) -> None:
        super().notify(method_name, **about)
        if method_name == "on_epoch_end" and len(self.history) >= 3:
            self.optimizer_.param_groups[0]["lr"] *= 0.5


class StopsNorms(NeuralNetClassifier):
    def _set_training(self, training: bool = True) -> None:
        super()._set_training(training)
        if len(self.history) > 3:
            self.module_.layers[1].eval()


def scaled(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def get_loss(self: Any, *args: Any, **kwargs: Any) -> Any:
        return method(self, *args, **kwargs) * self.factor

    return get_loss


class Scaled(NeuralNetClassifier):
    """Has the loss of skorch, wrapped."""

    def __init__(self, *args: Any, factor: float = 1.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.factor = factor

    get_loss = scaled(NeuralNetClassifier.get_loss)


class ChoosesItsLoss(NeuralNetClassifier):
    def __init__(self, *args: Any, factor: float = 1.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.factor = factor

    def initialize(self) -> NeuralNet:
        super().initialize()
        if self.factor != 1:
            self.get_loss = self._scaled
        return self

    def _scaled(self, *args: Any, **kwargs: Any) -> Any:
        return NeuralNetClassifier.get_loss(self, *args, **kwargs) * self.factor


class ScaledInPrivate(NeuralNetClassifier):
    """Scales its loss by a number that follows from the rows, under a name that Python changes."""

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        self.__scale_ = float(np.abs(X).mean())
        return super().fit(X, y, **fit_params)

    def get_loss(self, *args: Any, **kwargs: Any) -> Any:
        return super().get_loss(*args, **kwargs) * self.__scale_


class Widened(NeuralNetClassifier):
    """Keeps a parameter under another name."""

    width_ = 4

    def set_params(self, **params: Any) -> NeuralNet:
        self.width_ = params.pop("width", self.width_)
        return super().set_params(**params)

    def get_params_for(self, prefix: str) -> dict[str, Any]:
        return super().get_params_for(prefix) | ({"n_neurons": self.width_} if prefix == "module" else {})


class Of(nn.Module):
    """Applies a function to its rows first."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function, self.rest = function, MLP()

    def forward(self, x: Tensor) -> Tensor:
        return self.rest(self.function(x))


def times(factor: float) -> Any:
    """Return a function of the same code as others, which takes its number from a module of its own."""

    def scaled_by(x: Any) -> Any:
        return x * FACTOR  # type: ignore[name-defined]  # noqa: F821

    return FunctionType(scaled_by.__code__, {"FACTOR": factor, "__name__": "a module"})


def back_doors() -> dict[str, Case]:
    return {
        "a net that notifies": case(wrapper=Notifies, max_epochs=6, alone="Notifies has its own notify"),
        "a net that stops norms": case(
            wrapper=StopsNorms, module__norm=nn.BatchNorm1d, max_epochs=6, alone="own _set_training"
        ),
        "a loss that is wrapped": case(grid={"factor": [1.0, 3.0]}, wrapper=Scaled),
        "a loss on the net itself": case(
            grid={"factor": [1.0, 3.0]}, wrapper=ChoosesItsLoss, alone="a get_loss of its own"
        ),
        "a private number": case(wrapper=ScaledInPrivate),
        "a parameter under another name": case(grid={"width": [2, 7]}, wrapper=Widened, alone="has its own set_params"),
        "functions of the same code": case(Of, {"module__function": [times(1.0), times(3.0)]}),
        "steps of the same code": Case(
            make_pipeline(FunctionTransformer(), classifier()), {"functiontransformer__func": [times(1.0), times(3.0)]}
        ),
    }
