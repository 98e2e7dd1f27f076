"""Ways into a training that leave no trace: `.data`, views, samplers, methods on the net itself, names of one's own."""

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
import torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import Callback
from skorch.dataset import Dataset, ValidSplit
from torch import Tensor, nn
from torch.utils.data.distributed import DistributedSampler

from tests.lockstep.cases.base import RATES, Case, X, classifier
from tests.lockstep.cases.odd.hidden import Acts, Late
from tests.lockstep.cases.plain.modules import MLP


class Averaged(Callback):
    """Evaluates hold-outs with a moving average of the weights, from the third epoch on."""

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        self.means_: list[Tensor] = []
        self.own_: list[Tensor] = []

    def on_batch_end(self, net: NeuralNet, training: bool = False, **kwargs: Any) -> None:
        if training and len(net.history) >= 3:
            own = [weight.detach().clone() for weight in net.module_.parameters()]
            self.means_ = [0.9 * mean + 0.1 * each for mean, each in zip(self.means_ or own, own, strict=True)]

    def on_batch_begin(self, net: NeuralNet, training: bool = False, **kwargs: Any) -> None:
        if not training and self.means_ and not self.own_:
            self.own_ = [weight.data.clone() for weight in net.module_.parameters()]
            self._put(net, self.means_)

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        if self.own_:
            self._put(net, self.own_)
            self.own_ = []

    def _put(self, net: NeuralNet, weights: list[Tensor]) -> None:
        for weight, other in zip(net.module_.parameters(), weights, strict=True):
            weight.data.copy_(other)


class Hotter(Callback):
    """Evaluates hold-outs, or steps, under another temperature from the fourth epoch on."""

    def __init__(self, in_training: bool) -> None:
        self.in_training = in_training

    def on_batch_begin(self, net: NeuralNet, training: bool = False, **kwargs: Any) -> None:
        if training is self.in_training and len(net.history) >= 4:
            net.module_.temperature = 4.0

    def on_batch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        net.module_.temperature = 1.0


class KeepsAView(Callback):
    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        self.weight_ = net.module_.first.weight.detach()

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        if len(net.history) >= 4:
            self.weight_.clamp_(-0.1, 0.1)


def forget_momentum(net: Any) -> None:
    for state in net.optimizer_.state.values():
        state["momentum_buffer"].data.zero_()


def weigh_anew(net: Any) -> None:
    net.criterion_.weight.data.copy_(torch.tensor([1.0, 9.0]))


def shuffle_anew(net: Any) -> None:
    if isinstance(net.iterator_train__sampler, DistributedSampler):
        net.iterator_train__sampler.set_epoch(4)


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
    def late(what: Any, **options: Any) -> NeuralNet:
        return classifier(Acts, callbacks=[Late(what)], max_epochs=7, **options)

    def held_out(callback: Callback) -> NeuralNet:
        return classifier(Acts, callbacks=[callback], max_epochs=6, train_split=ValidSplit(3))

    sampler: Any = DistributedSampler(Dataset(X[:64]), num_replicas=1, rank=0)
    weights, changed = torch.ones(2), "a callback changes the net"
    return {
        "averaged weights for the hold-out": Case(held_out(Averaged()), RATES, alone="weights for the hold-out"),
        "a temperature for the hold-out": Case(held_out(Hotter(in_training=False)), RATES, alone=changed),
        "a temperature for steps": Case(held_out(Hotter(in_training=True)), RATES, alone=changed),
        "a view of a weight": Case(held_out(KeepsAView()), RATES, alone="keeps a view of a parameter"),
        "momentum set to zero": Case(late(forget_momentum, optimizer__momentum=0.9), RATES, alone=changed),
        "classes weighed anew": Case(late(weigh_anew, criterion__weight=weights), RATES, alone=changed),
        "a sampler that is told of the epoch": Case(
            late(shuffle_anew, iterator_train__sampler=sampler, train_split=None), RATES, alone=changed
        ),
        "a net that notifies": Case(classifier(wrapper=Notifies, max_epochs=6), RATES),
        "a net that stops norms": Case(
            classifier(wrapper=StopsNorms, module__norm=nn.BatchNorm1d, max_epochs=6), RATES, alone="own _set_training"
        ),
        "a loss that is wrapped": Case(classifier(wrapper=Scaled), {"factor": [1.0, 3.0]}),
        "a loss on the net itself": Case(
            classifier(wrapper=ChoosesItsLoss), {"factor": [1.0, 3.0]}, alone="a get_loss of its own"
        ),
        "a private number": Case(classifier(wrapper=ScaledInPrivate), RATES),
        "a parameter under another name": Case(classifier(wrapper=Widened), {"width": [2, 7]}),
        "functions of the same code": Case(classifier(Of), {"module__function": [times(1.0), times(3.0)]}),
        "steps of the same code": Case(
            make_pipeline(FunctionTransformer(), classifier()), {"functiontransformer__func": [times(1.0), times(3.0)]}
        ),
    }
