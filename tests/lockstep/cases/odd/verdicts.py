"""Nets that do something else for some numbers, and callbacks and scores that only a trial may stumble over."""

import random
from typing import Any

import numpy as np
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import Callback, EarlyStopping, EpochScoring, PassthroughScoring
from torch import Tensor, nn

from lockstep import reads_only
from tests.lockstep.cases.base import LABELS, Case, X, case
from tests.lockstep.cases.plain.modules import MLP, WIDTH

TEN = np.arange(len(X)) % 10
RARE = (np.arange(len(X)) % 12 == 0).astype(np.int64)


class Mixes(MLP):
    """Mixes each row with one of the other end of the batch (Zhou et al. 2021, section 3.1); `share` 1 is off."""

    def __init__(self, share: float = 1.0) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        if self.training and self.share < 1:
            x = self.share * x + (1 - self.share) * x.flip(0)
        return super().forward(x)


class Anneals(MLP):
    """Lowers a temperature with each step; `decay` 1 is off."""

    def __init__(self, decay: float = 1.0) -> None:
        super().__init__()
        self.decay, self.temperature = decay, 2.0

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.temperature *= self.decay
        return super().forward(x) / self.temperature


class NamesItsParts(MLP):
    """Has its parts in a list too, and its own methods in a dict."""

    def __init__(self, way: str = "plain", activation: Any = nn.ReLU) -> None:
        super().__init__(activation=activation)
        self.way, self.parts, self.ways = way, list(self.layers), {"plain": self.plain, "twice": self.twice}

    def plain(self, x: Tensor) -> Tensor:
        return self.parts[1](self.parts[0](x))

    def twice(self, x: Tensor) -> Tensor:
        return self.parts[1](2 * self.parts[0](x))

    def forward(self, x: Tensor) -> Tensor:
        return self.parts[2](self.ways[self.way](x))


class Survives(nn.Module):
    """Leaves blocks out by chance (Huang et al. 2016, section 3); `survival` 1 is off."""

    def __init__(self, survival: float = 1.0) -> None:
        super().__init__()
        self.survival = survival
        self.block, self.out = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = x + 0.0 * self.block(x)
        if not self.training or self.survival == 1 or random.random() < self.survival:
            x = x + self.block(x).relu()
        return self.out(x)


class Fades(nn.CrossEntropyLoss):
    """Has a penalty that fades; `fading` 1 is off."""

    def __init__(self, fading: float = 1.0) -> None:
        super().__init__()
        self.fading, self.weight_of_penalty = fading, 1.0

    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        self.weight_of_penalty *= self.fading
        return super().forward(predicted, target) + self.weight_of_penalty * predicted.pow(2).mean()


class FadesItself(NeuralNetClassifier):
    """Fades the penalty itself."""

    def __init__(self, *args: Any, fading: float = 1.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fading = fading

    def initialize(self) -> NeuralNet:
        self.weight_of_penalty = 1.0
        return super().initialize()

    def get_loss(self, y_pred: Any, y_true: Any, *args: Any, **kwargs: Any) -> Tensor:
        self.weight_of_penalty *= self.fading
        return super().get_loss(y_pred, y_true, *args, **kwargs) + self.weight_of_penalty * y_pred.pow(2).mean()


@reads_only
class Predicts(Callback):
    """Scores the net itself after each epoch, or after those that were better on the hold-out."""

    def __init__(self, always: bool = True) -> None:
        self.always = always

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        if self.always or net.history[-1, "valid_loss_best"]:
            self.score_ = net.score(X, LABELS)


@reads_only
class Keeps(Callback):
    """Keeps the weights without copying them, and records them at the end."""

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        self.kept_ = net.module_.state_dict()


@reads_only
class Budget(Callback):
    """Ends the training after some steps, in the middle of an epoch."""

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        self.steps_ = 0

    def on_batch_end(self, net: NeuralNet, training: bool = False, **kwargs: Any) -> None:
        self.steps_ += training
        if self.steps_ == 11:
            raise KeyboardInterrupt


def verdicts() -> dict[str, Case]:
    whole: dict[str, Any] = {"train_split": None, "batch_size": 20}
    changes, random_ones = "an attribute of", "random numbers"
    log_loss = EpochScoring("neg_log_loss", lower_is_better=False, name="score")
    area = EpochScoring("roc_auc", lower_is_better=False, on_train=True, name="area")
    shuffled: dict[str, Any] = {"iterator_train__shuffle": True}
    return {
        "rows mixed or not": case(Mixes, {"module__share": [1.0, 0.9, 0.5]}, **whole),
        "parts in a list, methods in a dict": case(
            NamesItsParts, {"module__way": ["plain", "twice"], "module__activation": [nn.ReLU, nn.Tanh]}
        ),
        "a temperature that falls": case(Anneals, {"module__decay": [1.0, 0.9]}, alone=changes),
        "blocks left out by chance": case(Survives, {"module__survival": [1.0, 0.5]}, alone=random_ones),
        "a penalty that fades": case(grid={"criterion__fading": [1.0, 0.9]}, criterion=Fades, alone=changes),
        "a penalty that the net fades": case(grid={"fading": [1.0, 0.9]}, wrapper=FadesItself, alone=changes),
        "scores of one's own, shuffled": case(callbacks=[Predicts()], **shuffled),
        "scores of one's own, now and then": case(
            grid={"lr": [5.0, 0.02], "callbacks__own__always": [True, False]},
            callbacks=[("loss", PassthroughScoring("valid_loss")), ("own", Predicts())],
            max_epochs=8,
            **shuffled,
        ),
        "scores of one's own, till it stops": case(
            grid={"lr": [5.0, 0.02]},
            callbacks=[("own", Predicts()), EarlyStopping(patience=2)],
            max_epochs=8,
            **shuffled,
        ),
        "a training that ends within an epoch": case(callbacks=[Budget()], alone="within an epoch"),
        "a score of ten classes": case(callbacks=[log_loss], module__n_outputs=10, y=TEN),
        "a score of a rare class": case(callbacks=[log_loss, area], y=RARE),
        "no hold-out, by False": case(train_split=False),
    }
