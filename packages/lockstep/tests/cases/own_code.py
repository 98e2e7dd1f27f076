"""Cases: nets with methods, parameters and settings of their own that a stack might miss."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skorch import NeuralNet, NeuralNetClassifier
from torch import Tensor

from packages.lockstep.tests.cases.base import LABELS, Case, case, classifier
from packages.lockstep.tests.cases.modules import MLP


class Lasso(NeuralNetClassifier):
    """Has a parameter of its own, and reads another one in its loss."""

    def __init__(self, *args: Any, l1: float = 0.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.l1 = l1

    def get_loss(self, *args: Any, **kwargs: Any) -> Tensor:
        penalty = self.l1 * sum(
            weight.abs().sum() for weight in self.module_.parameters()
        )
        return super().get_loss(*args, **kwargs) / self.max_epochs + penalty


class CountsFits(NeuralNetClassifier):
    """Makes an object beside its parameters, which a copy would share."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.counts_ = [[0]]

    def fit(self, X: Any, y: Any, **fit_params: Any) -> NeuralNet:
        self.counts_[0][0] += 1
        super().fit(X, y, **fit_params)
        self.history.record("fits", self.counts_[0][0])
        return self


class FitsTwice(NeuralNetClassifier):
    def fit(self, X: Any, y: Any, **fit_params: Any) -> NeuralNet:
        super().fit(X, y, **fit_params)
        self.set_params(lr=0.01)
        return super().fit(X, y, **fit_params)


class Hooked(NeuralNetClassifier):
    def initialize_optimizer(self) -> NeuralNet:
        super().initialize_optimizer()
        self.optimizer_.register_step_post_hook(lambda *about: None)
        return self


class WarmsUp(NeuralNetClassifier):
    def get_loss(self, y_pred: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return super().get_loss(y_pred, *args, **kwargs) * (
            1.0 if len(self.history_) > 4 else 0.5
        )


class EqualSteps(NeuralNetClassifier):
    """Trains as many steps with any batch size."""

    def fit(self, X: Any, y: Any, **fit_params: Any) -> NeuralNet:
        self.set_params(max_epochs=self.batch_size // 4)
        return super().fit(X, y, **fit_params)


class HalvesItsRate(NeuralNetClassifier):
    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        super().on_epoch_end(net, **kwargs)
        self.optimizer_.param_groups[0]["lr"] *= 0.5


class LooksAtOptimizer(NeuralNetClassifier):
    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        self.initialize()
        self.rate_ = self.optimizer_.param_groups[0]["lr"]
        return self.partial_fit(X, y, **fit_params)


class ByParamsOfModule(NeuralNetClassifier):
    def get_loss(self, y_pred: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        alpha = self.get_params_for("module")["alpha"]
        return super().get_loss(y_pred, *args, **kwargs) + alpha * y_pred.pow(2).mean()


class TakesAlpha(MLP):
    """Leaves its setting to the loss."""

    def __init__(self, alpha: float = 0.0) -> None:
        super().__init__()


class RateByLength(NeuralNetClassifier):
    def initialize_optimizer(self) -> NeuralNet:
        super().initialize_optimizer()
        self.optimizer_.param_groups[0]["lr"] = 0.5 / self.max_epochs
        return self


class CountsFromOne(NeuralNetClassifier):
    """Takes labels from 1 on."""

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        return super().fit(X, y - 1, **fit_params)

    def predict(self, X: Any) -> Any:
        return super().predict(X) + 1


class MixesItsRows(NeuralNetClassifier):
    """Shows how many rows there are, mixes them, and writes a list before and after the training."""

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        print("fits", len(X))
        log, order = [0.0], np.random.permutation(len(X))
        self.log_ = log
        super().fit(X[order], y[order], **fit_params)
        log.append(float(self.predict_proba(X).mean(0)[0]))
        self.history.record("log", np.array(self.log_))
        return self


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
    def initialize(self) -> NeuralNet:
        super().initialize()
        self.get_loss = super().get_loss
        return self


class ScaledInPrivate(NeuralNetClassifier):
    """Scales its loss by a number that follows from the rows, under a name that Python changes."""

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        self.__scale_ = float(np.abs(X).mean())
        return super().fit(X, y, **fit_params)

    def get_loss(self, *args: Any, **kwargs: Any) -> Any:
        return super().get_loss(*args, **kwargs) * self.__scale_


class Transforms(TransformerMixin, NeuralNetClassifier):
    def transform(self, X: Any) -> Any:
        return self.predict_proba(X)


class Centred(NeuralNetClassifier):
    def __init__(self, *args: Any, centre: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.centre = centre

    def infer(self, x: Tensor, **kwargs: Any) -> Any:
        return super().infer(x - x.mean(0) if self.centre else x, **kwargs)


SCALE = {"of": 1.0}


class Scaling(MLP):
    """Reads a global variable."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * SCALE["of"]


class SetsGlobally(Scaled):
    """Its `fit` sets what its module reads."""

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        SCALE["of"] = self.factor
        return super().fit(X, y, **fit_params)


def halve(rows: Any) -> Any:
    rows *= 0.5
    return rows


def own_code() -> dict[str, Case]:
    factors: dict[str, list[Any]] = {"factor": [1.0, 3.0]}
    return {
        "a parameter of its own, a length in the loss": case(
            grid={"l1": [0.001, 0.1], "max_epochs": [2, 4]}, wrapper=Lasso
        ),
        "a loss that looks at the history": case(
            wrapper=WarmsUp, max_epochs=7, alone="history_"
        ),
        "an object that is no parameter": case(wrapper=CountsFits),
        "two trainings in a fit": case(wrapper=FitsTwice),
        "a hook of the optimizer": case(
            wrapper=Hooked, alone="the optimizer has a hook"
        ),
        "a length that fit sets": case(
            grid={"batch_size": [8, 16]}, wrapper=EqualSteps, alone="max_epochs"
        ),
        "a net that watches itself": case(
            grid={"max_epochs": [2, 4]},
            wrapper=HalvesItsRate,
            alone="has its own on_epoch_end",
        ),
        "a fit that initialises": case(
            wrapper=LooksAtOptimizer, alone="looks at the net before it is trained"
        ),
        "the module's settings in the loss": case(
            TakesAlpha, {"module__alpha": [0.0, 0.5]}, wrapper=ByParamsOfModule
        ),
        "a rate by the length": case(grid={"max_epochs": [2, 4]}, wrapper=RateByLength),
        "labels that fit lowers": case(wrapper=CountsFromOne, y=LABELS + 1),
        "rows that fit mixes": case(wrapper=MixesItsRows),
        "a transformer that writes into its rows": Case(
            make_pipeline(FunctionTransformer(halve), classifier()),
            {"neuralnetclassifier__lr": [0.1, 0.02]},
            alone="changes its input rows",
        ),
        "a loss that is wrapped": case(grid=factors, wrapper=Scaled),
        "a global variable that fit sets": case(
            Scaling,
            factors,
            wrapper=SetsGlobally,
            alone="changes while nets are made, so 1 of 2",
        ),
        "a loss on the net itself": case(
            wrapper=ChoosesItsLoss, alone="a get_loss of its own"
        ),
        "a private number": case(wrapper=ScaledInPrivate),
        "a mixin of scikit-learn": case(wrapper=Transforms),
        "a switch in infer": case(grid={"centre": [False, True]}, wrapper=Centred),
    }
