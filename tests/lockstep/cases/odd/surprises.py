"""Nets, callbacks and optimizers that do more than the engine sees at first sight, and some that only look so."""

import math
import random
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import Callback, LRScheduler
from torch import Tensor, nn

from lockstep import reads_only
from tests.lockstep.cases.base import LABELS, RATES, THREE, TOKEN_LABELS, TOKENS, Case, X, case, classifier
from tests.lockstep.cases.odd.outside import Scores
from tests.lockstep.cases.odd.own import OwnOptimizer
from tests.lockstep.cases.plain.modules import MLP, WIDTH


class Lasso(NeuralNetClassifier):
    """Has a parameter of its own, and reads another one in its loss."""

    def __init__(self, *args: Any, l1: float = 0.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.l1 = l1

    def get_loss(self, *args: Any, **kwargs: Any) -> Tensor:
        penalty = self.l1 * sum(weight.abs().sum() for weight in self.module_.parameters())
        return super().get_loss(*args, **kwargs) / self.max_epochs + penalty


class ScaledInput(NeuralNetClassifier):
    def __init__(self, *args: Any, scale: float = 1.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scale = scale

    def infer(self, x: Tensor, **kwargs: Any) -> Any:
        return super().infer(x * self.scale, **kwargs)


class LateLoss(NeuralNetClassifier):
    def get_loss(self, *args: Any, **kwargs: Any) -> Tensor:
        return super().get_loss(*args, **kwargs) * (3 if len(self.history) > 3 else 1)


class FitsTwice(NeuralNetClassifier):
    def fit(self, X: Any, y: Any, **fit_params: Any) -> NeuralNet:
        super().fit(X, y, **fit_params)
        self.set_params(lr=0.01)
        return super().fit(X, y, **fit_params)


class CountsInFit(NeuralNetClassifier):
    """Wants numpy's arrays in its fit."""

    def fit(self, X: Any, y: Any, **fit_params: Any) -> NeuralNet:
        self.share_ = np.mean(y == 0, axis=0)
        return super().fit(X, y, **fit_params)


class Sometimes(MLP):
    """Adds a constant in one of ten steps."""

    def forward(self, x: Tensor) -> Tensor:
        shifted = self.training and random.random() < 0.1
        return super().forward(x + 1.0 if shifted else x)


class SeesTheLargest(MLP):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x - x[:, :1].amax(0))


class WritesIntoRows(MLP):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.mul_(0.5))


class ScalarParameter(MLP):
    def __init__(self, **sizes: Any) -> None:
        super().__init__(**sizes)
        self.factor = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * self.factor


class SoftmaxOver(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(X.shape[1], 8), nn.Softmax(dim=dim), nn.Linear(8, 2))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Counting(OwnOptimizer):
    """Keeps a number outside of its state."""

    steps = 0

    def step(self, closure: Any = None) -> Any:
        self.steps += 1
        return super().step(closure)

    def direction(self, param: Tensor) -> Tensor:
        return param.grad / self.steps**0.5


@reads_only
class Counts(Callback):
    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        self.n_epochs_ = 0

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        self.n_epochs_ += 1


@reads_only
class Mails(Counts):
    """Has a method of its own of the name of one of skorch's nets."""

    def notify(self, text: str) -> str:
        return f"{text} after {self.n_epochs_} epochs"


class NotesAScale(MLP):
    """Sets an attribute in each pass, to the same number."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = math.sqrt(WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        self.scale = math.sqrt(x.shape[-1])
        return super().forward(x / self.scale)


class Pretrained(nn.Module):
    """Trains vectors whose memory is that of a tensor outside."""

    def __init__(self, vectors: Tensor | None = None) -> None:
        super().__init__()
        vectors = torch.linspace(-1, 1, 44).reshape(11, 4) if vectors is None else vectors
        self.vectors = nn.Embedding.from_pretrained(vectors, freeze=False)
        self.last = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.vectors(x).mean(1))


class WithNothing(MLP):
    """Has a parameter without numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(0))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + self.nothing.sum()


def surprises() -> dict[str, Case]:
    warm_up = LRScheduler(torch.optim.lr_scheduler.LambdaLR, lr_lambda=lambda epoch: min(epoch / 3, 1.0))
    order = np.argsort(THREE, kind="stable")
    weights = torch.tensor([1.0, 2.0, 5.0])
    vectors = torch.linspace(-1, 1, 44, dtype=torch.float64).reshape(11, 4)
    pretrained = classifier(Pretrained, module__vectors=vectors, callbacks=[Counts()])
    return {
        "a net's own parameter": case(grid={"l1": [0.001, 0.1], "max_epochs": [2, 4]}, wrapper=Lasso),
        "a parameter for infer": case(grid={"scale": [1.0, 0.5]}, wrapper=ScaledInput),
        "a rate that starts at 0": case(callbacks=[warm_up]),
        "class weights, sorted rows": case(module__n_outputs=3, criterion__weight=weights, X=X[order], y=THREE[order]),
        "rows from behind": case(X=X[::-1], y=LABELS[::-1]),
        "numpy in fit": case(wrapper=CountsInFit),
        "the largest row of a batch": case(SeesTheLargest),
        "rows written into": case(WritesIntoRows),
        "a scalar parameter": case(ScalarParameter),
        "softmax over features, then rows": case(SoftmaxOver, {"module__dim": [1, 0]}, cv=2),
        "no epoch": case(grid={"max_epochs": [0, 2]}, alone="above 0"),
        "the history in the loss": case(wrapper=LateLoss, max_epochs=5, alone="history"),
        "two trainings in a fit": case(wrapper=FitsTwice),
        "Python's random": case(Sometimes, alone="random numbers"),
        "an optimizer that counts": case(optimizer=Counting, alone="outside of its state"),
        "no device": case(device=None),
        "a callback with a method notify": case(callbacks=[Mails()]),
        "an attribute set anew": case(NotesAScale, callbacks=[Scores(every=1)]),
        "vectors from outside": Case(pretrained, RATES, X=TOKENS, y=TOKEN_LABELS),
        "a parameter without numbers": case(WithNothing, {"lr": [0.1, 0.02], "batch_size": [WIDTH, 16]}),
    }
