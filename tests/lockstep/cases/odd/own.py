"""Nets and optimizers with methods, settings or hooks of their own that a stack might miss."""

from typing import Any

import numpy as np
import torch
from skorch import NeuralNet, NeuralNetClassifier
from torch import Tensor

from tests.lockstep.cases.base import Case, case
from tests.lockstep.cases.plain.modules import MLP


class Hooked(MLP):
    """Clips each number of a gradient."""

    def __init__(self, clip: float | None = None, **sizes: Any) -> None:
        super().__init__(**sizes)
        if clip is not None:
            for weight in self.parameters():
                weight.register_hook(lambda gradient, most=clip: gradient.clamp(-most, most))


class Clamped(NeuralNetClassifier):
    """Keeps its weights small after each step."""

    def __init__(self, *args: Any, most: float | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.most = most

    def initialize_optimizer(self) -> NeuralNet:
        super().initialize_optimizer()
        if self.most is not None:
            self.optimizer_.register_step_post_hook(lambda *args: self.clamp(self.most))
        return self

    def clamp(self, most: float) -> None:
        with torch.no_grad():
            for weight in self.module_.parameters():
                weight.clamp_(-most, most)


class WarmUp(NeuralNetClassifier):
    """Has a penalty from the fifth epoch on."""

    def beta(self) -> float:
        return 0.5 if len(self.history) > 4 else 0.0

    def get_loss(self, y_pred: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return super().get_loss(y_pred, *args, **kwargs) + self.beta() * y_pred.pow(2).mean()


class WarmUpByProperty(NeuralNetClassifier):
    @property
    def beta(self) -> float:
        return 0.5 if len(self.history_) > 4 else 0.0

    def get_loss(self, y_pred: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return super().get_loss(y_pred, *args, **kwargs) + self.beta * y_pred.pow(2).mean()


class PenaltyByRate(NeuralNetClassifier):
    def get_loss(self, y_pred: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        penalty = self.optimizer_.param_groups[0]["lr"] * y_pred.pow(2).mean()
        return super().get_loss(y_pred, *args, **kwargs) + penalty


class LossByLength(NeuralNetClassifier):
    def share(self) -> float:
        return 1 / self.max_epochs

    def get_loss(self, *args: Any, **kwargs: Any) -> Tensor:
        return super().get_loss(*args, **kwargs) * self.share()


class RateByLength(NeuralNetClassifier):
    @property
    def rate(self) -> float:
        return 0.5 / self.max_epochs

    def initialize_optimizer(self) -> NeuralNet:
        super().initialize_optimizer()
        self.optimizer_.param_groups[0]["lr"] = self.rate
        return self


class EqualSteps(NeuralNetClassifier):
    """Trains as many steps with any batch size."""

    def fit(self, X: Any, y: Any, **fit_params: Any) -> NeuralNet:
        self.set_params(max_epochs=self.batch_size // 4)
        return super().fit(X, y, **fit_params)


class HalvesItsRate(NeuralNetClassifier):
    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        super().on_epoch_end(net, **kwargs)
        self.optimizer_.param_groups[0]["lr"] *= 0.5


class OwnOptimizer(torch.optim.Optimizer):
    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        with torch.enable_grad():
            loss = closure() if closure else None
        for group in self.param_groups:
            for param in group["params"]:
                param.add_(self.direction(param), alpha=-group["lr"])
        return loss

    def direction(self, param: Tensor) -> Tensor:
        raise NotImplementedError


class OwnMomentum(OwnOptimizer):
    def __init__(self, params: Any, lr: float = 0.1, beta: float = 0.9) -> None:
        super().__init__(params, lr)
        self.beta = beta

    def direction(self, param: Tensor) -> Tensor:
        kept = self.state[param].setdefault("kept", torch.zeros_like(param))
        return kept.mul_(self.beta).add_(param.grad, alpha=1 - self.beta)


class Decaying(OwnOptimizer):
    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__(params, lr)
        self._steps = 0

    def step(self, closure: Any = None) -> Any:
        self._steps += 1
        return super().step(closure)

    def direction(self, param: Tensor) -> Tensor:
        return param.grad / self._steps**0.5


class Lookahead(torch.optim.Adam):
    """Goes back half the way after each `k` steps."""

    def __init__(self, params: Any, lr: float = 0.1, k: int = 3) -> None:
        super().__init__(params, lr=lr)
        self.k, self._taken = k, 0
        self.slow = [param.detach().clone() for param in self.param_groups[0]["params"]]

    def step(self, closure: Any = None) -> Any:
        loss = super().step(closure)
        self._taken += 1
        if self._taken % self.k == 0:
            for slow, param in zip(self.slow, self.param_groups[0]["params"], strict=True):
                slow.lerp_(param.detach(), 0.5)
                param.data.copy_(slow)
        return loss


class AsksForOptimizer(NeuralNetClassifier):
    """Has a setting that follows from the optimizer."""

    def initialize_criterion(self) -> NeuralNet:
        self.set_params(criterion__label_smoothing=0.3 if self.optimizer is torch.optim.SGD else 0.0)
        return super().initialize_criterion()


class SetsOptimizer(NeuralNetClassifier):
    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        if self.optimizer is torch.optim.SGD:
            self.set_params(optimizer=torch.optim.Adam)
        return super().fit(X, y, **fit_params)


class LooksAtOptimizer(NeuralNetClassifier):
    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        self.initialize()
        self.rate_ = self.optimizer_.param_groups[0]["lr"]
        return self.partial_fit(X, y, **fit_params)


def own() -> dict[str, Case]:
    outside = "outside of its state"
    return {
        "hooks of parameters": case(Hooked, {"module__clip": [None, 9.0, 0.005]}, alone="has a hook"),
        "a hook of the optimizer": case(grid={"most": [None, 0.1]}, wrapper=Clamped, alone="the optimizer has a hook"),
        "a helper that looks at the history": case(wrapper=WarmUp, max_epochs=7, alone="reads history"),
        "a property that looks at the history": case(wrapper=WarmUpByProperty, max_epochs=7, alone="reads history"),
        "a rate in the loss": case(wrapper=PenaltyByRate, alone="reads optimizer"),
        "a length in the loss, by a helper": case(grid={"max_epochs": [2, 4]}, wrapper=LossByLength),
        "a rate by the length": case(grid={"max_epochs": [2, 4]}, wrapper=RateByLength),
        "numpy's lengths": case(grid={"max_epochs": np.arange(2, 5)}),
        "a length that fit sets": case(grid={"batch_size": [8, 16]}, wrapper=EqualSteps, alone="max_epochs"),
        "a net that watches itself, two lengths": case(
            grid={"max_epochs": [2, 4]}, wrapper=HalvesItsRate, alone="has its own on_epoch_end"
        ),
        "a net that asks for its optimizer": case(
            grid={"optimizer": [torch.optim.SGD, torch.optim.Rprop]}, wrapper=AsksForOptimizer
        ),
        "a net that sets its optimizer": case(grid={"lr": [0.01, 0.003]}, wrapper=SetsOptimizer, lr=0.01),
        "a fit that initialises": case(wrapper=LooksAtOptimizer, alone="looks at the net before it is trained"),
        "an optimizer's own setting": case(grid={"optimizer__beta": [0.9, 0.1]}, optimizer=OwnMomentum),
        "an optimizer that counts in private": case(optimizer=Decaying, alone=outside),
        "an optimizer that looks ahead": case(
            grid={"optimizer__k": [5, 7]}, optimizer=Lookahead, lr=0.01, alone=outside
        ),
    }
