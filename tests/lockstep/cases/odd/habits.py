"""Habits of code for one net at a time: it writes in place, asks for classes, and minds short batches."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from skorch import NeuralNetClassifier, NeuralNetRegressor
from torch import Tensor, nn

from tests.lockstep.cases.base import NUMBERS, SERIES, SERIES_LABELS, Case, case
from tests.lockstep.cases.plain.modules import MLP, WIDTH


class AddsLate(nn.Module):
    """Adds a bias to a product when one of them, or a factor, has been written into in place."""

    factors: Tensor

    def __init__(self, write: Callable[..., Any]) -> None:
        super().__init__()
        self.write = write
        self.register_buffer("factors", torch.randn(WIDTH, 2))
        self.scale, self.bias = nn.Parameter(torch.rand(2)), nn.Parameter(torch.ones(2))

    def forward(self, x: Tensor) -> Tensor:
        part = x[:, :WIDTH]
        made = part @ self.factors
        self.write(x, part, made)
        return self.scale * (self.bias + made)


class Residual(nn.Module):
    """Limits an update in place."""

    def __init__(self) -> None:
        super().__init__()
        self.update, self.out = nn.Linear(WIDTH, WIDTH, bias=False), nn.Linear(WIDTH, 2)

    def forward(self, x: Tensor) -> Tensor:
        update = self.update(x)
        update.clamp_(-0.5, 0.5)
        return self.out(torch.tanh(x + update))


class Coupled(nn.Module):
    """Puts what it has made of some columns into a copy of its rows."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.out = nn.Linear(2, 2), nn.Linear(WIDTH, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = x.clone()
        x[:, :2] = self.inner(x[:, :2].clone())
        return self.out(x)


class Limits(nn.Module):
    """Scales a batch down whose norm is large."""

    def forward(self, x: Tensor) -> Tensor:
        return x * (10 / x.norm()).clamp(max=1)


class Centres(nn.Module):
    """Centres what has a dimension for time."""

    def forward(self, x: Tensor) -> Tensor:
        return x - x.mean(1, keepdim=True) if x.dim() == 3 else x


class OverTime(nn.Module):
    def __init__(self, activation: Any) -> None:
        super().__init__()
        self.up, self.activation, self.out = nn.Linear(3, 4), activation(), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.activation(self.up(x)).relu().mean(1))


class AsksForClasses(MLP):
    """Skips its activations."""

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            made = layer(x)
            x = made + x if isinstance(layer, nn.ReLU | nn.Tanh) else made
        return x


class ChangesBoth(nn.Module):
    """Adds to what its activation has made, which may be the activation's own input."""

    def __init__(self, activation: Any) -> None:
        super().__init__()
        self.up, self.activation, self.out = nn.Linear(WIDTH, 4), activation(), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.up(x)
        made = self.activation(x)
        made += 1.0
        return self.out(x + made)


class TrustsShortLess(nn.CrossEntropyLoss):
    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        return super().forward(predicted, target) * (1.0 if len(target) >= 8 else 0.1)


class Flat(NeuralNetClassifier):
    """Has a penalty for steep losses."""

    def get_loss(self, *args: Any, **kwargs: Any) -> Tensor:
        loss = super().get_loss(*args, **kwargs)
        if not kwargs["training"]:
            return loss
        gradients = torch.autograd.grad(loss, list(self.module_.parameters()), create_graph=True)
        return loss + 0.05 * sum(each.pow(2).sum() for each in gradients)


class Variance(nn.Module):
    """Predicts a mean and a variance, which its loss checks."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(WIDTH, 2)

    def forward(self, x: Tensor) -> Any:
        made = self.inner(x)
        return made[:, :1], nn.functional.softplus(made[:, 1:]) + 0.1


class OfVariances(NeuralNetRegressor):
    def get_loss(self, y_pred: Any, y_true: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        loss: Tensor = self.criterion_(y_pred[0], y_true, y_pred[1])
        return loss


class Listed(MLP):
    def forward(self, x: Tensor) -> Any:
        return [super().forward(x), x.square().mean(1)]


class OfLists(NeuralNetClassifier):
    def get_loss(self, y_pred: Any, *args: Any, **kwargs: Any) -> Tensor:
        return super().get_loss(y_pred[0], *args, **kwargs)

    def predict_proba(self, X: Any) -> np.ndarray:
        return np.concatenate([made[0].softmax(1).numpy() for made in self.forward_iter(X)])


def habits() -> dict[str, Case]:
    def late(write: Callable[..., Any]) -> Case:
        return case(AddsLate, module__write=write)

    def activations(module: Any, *kinds: Any, **rows: Any) -> Case:
        return case(module, {"module__activation": list(kinds)}, **rows)

    inplace = partial(nn.ReLU, inplace=True)
    return {
        "a product limited": late(lambda x, part, made: made.clamp_(-0.5, 0.5)),
        "a part of a product limited": late(lambda x, part, made: made[:, 1:].clamp_(-0.5, 0.5)),
        "a factor limited after the product": late(lambda x, part, made: part.clamp_(-0.5, 0.5)),
        "what a factor is a part of": late(lambda x, part, made: x.clamp_(-0.5, 0.5)),
        "an update limited": case(Residual),
        "columns written into a copy": case(Coupled),
        "activations in place": activations(MLP, nn.Tanh, inplace, nn.GELU),
        "an activation that is its input": activations(ChangesBoth, nn.Identity, nn.GELU, nn.Softplus),
        "an activation that limits batches": activations(MLP, nn.ReLU, Limits),
        "an activation over time": activations(OverTime, nn.Identity, Centres, X=SERIES, y=SERIES_LABELS),
        "asking for the class of an activation": activations(AsksForClasses, nn.Tanh, nn.GELU),
        "a loss that trusts short batches less": case(criterion=TrustsShortLess, train_split=None, batch_size=15),
        "a penalty for gradients": case(wrapper=Flat),
        "a variance that the loss checks": case(
            Variance, {"lr": [0.01, 0.003]}, wrapper=OfVariances, criterion=nn.GaussianNLLLoss, lr=0.01, y=NUMBERS
        ),
        "a list of outputs": case(Listed, wrapper=OfLists),
    }
