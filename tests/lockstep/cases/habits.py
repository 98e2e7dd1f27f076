"""Cases: modules that write in place, branch, count, or ask for classes, and settings that stand where few look."""

import random
from collections.abc import Callable
from functools import partial
from types import FunctionType
from typing import Any

import torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skorch import NeuralNet, NeuralNetClassifier
from torch import Tensor, nn

from tests.lockstep.cases.base import Case, case, classifier
from tests.lockstep.cases.modules import MLP, WIDTH


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


class Limits(nn.Module):
    """Scales a batch down whose norm is large."""

    def forward(self, x: Tensor) -> Tensor:
        return x * (10 / x.norm()).clamp(max=1)


class AsksForClasses(MLP):
    """Skips its activations."""

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            made = layer(x)
            x = made + x if isinstance(layer, nn.ReLU | nn.Tanh) else made
        return x


class Hooked(MLP):
    """Clips each number of a gradient."""

    def __init__(self, clip: float | None = None, **sizes: Any) -> None:
        super().__init__(**sizes)
        if clip is not None:
            for weight in self.parameters():
                weight.register_hook(lambda gradient, most=clip: gradient.clamp(-most, most))


class Anneals(MLP):
    """Lowers a temperature with each step; `decay` 1 is off."""

    def __init__(self, decay: float = 1.0) -> None:
        super().__init__()
        self.decay, self.temperature = decay, 2.0

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.temperature *= self.decay
        return super().forward(x) / self.temperature


STEPS = [0]


class CountsGlobally(MLP):
    """Counts its steps in a global variable, and changes after more steps than a trial takes."""

    def forward(self, x: Tensor) -> Tensor:
        STEPS[0] += self.training
        return super().forward(x) * (1.0 if STEPS[0] < 10 else 0.5)


class CountsAnew(NeuralNetClassifier):
    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        STEPS[0] = 0
        return super().fit(X, y, **fit_params)


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


class Sometimes(MLP):
    """Adds a constant in one of ten steps."""

    def forward(self, x: Tensor) -> Tensor:
        shifted = self.training and random.random() < 0.1
        return super().forward(x + 1.0 if shifted else x)


class WritesIntoRows(MLP):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.mul_(0.5))


class ScalarParameter(MLP):
    def __init__(self, **sizes: Any) -> None:
        super().__init__(**sizes)
        self.factor = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * self.factor


class Of(nn.Module):
    """Applies a function to its rows first."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function, self.rest = function, MLP()

    def forward(self, x: Tensor) -> Tensor:
        return self.rest(self.function(x))


def scaling(factor: float) -> Any:
    """Return a function of the same code as others, whose number is in a module of its own and in an attribute."""

    def scaled(x: Any) -> Any:
        return x * FACTOR  # type: ignore[name-defined]  # noqa: F821

    return FunctionType(scaled.__code__, {"FACTOR": factor, "__name__": "a module"})


def with_attribute(factor: float) -> Callable[..., Any]:
    def scaled(x: Tensor) -> Any:
        return x * scaled.factor  # type: ignore[attr-defined]

    scaled.factor = factor  # type: ignore[attr-defined]
    return scaled


def habits() -> dict[str, Case]:
    def late(write: Callable[..., Any]) -> Case:
        return case(AddsLate, module__write=write)

    def activations(module: Any, *kinds: Any, **settings: Any) -> Case:
        return case(module, {"module__activation": list(kinds)}, **settings)

    inplace = partial(nn.ReLU, inplace=True)
    factors = (1.0, 3.0)
    return {
        "a product limited": late(lambda x, part, made: made.clamp_(-0.5, 0.5)),
        "a part of a product limited": late(lambda x, part, made: made[:, 1:].clamp_(-0.5, 0.5)),
        "a factor limited after the product": late(lambda x, part, made: part.clamp_(-0.5, 0.5)),
        "what a factor is a part of": late(lambda x, part, made: x.clamp_(-0.5, 0.5)),
        "activations in place": activations(MLP, nn.Tanh, inplace, nn.GELU),
        "an activation that limits batches": activations(MLP, nn.ReLU, Limits),
        "asking for the class of an activation": activations(AsksForClasses, nn.Tanh, nn.GELU),
        "hooks of parameters": case(Hooked, {"module__clip": [None, 9.0, 0.005]}, alone="has a hook"),
        "a temperature that falls": case(Anneals, {"module__decay": [1.0, 0.9]}, alone="attribute"),
        "a global counter": case(CountsGlobally, {"lr": [0.1]}, wrapper=CountsAnew, alone="a global variable"),
        "parts in a list, methods in a dict": case(
            NamesItsParts, {"module__way": ["plain", "twice"], "module__activation": [nn.ReLU, nn.Tanh]}
        ),
        "Python's random": case(Sometimes, alone="random numbers"),
        "rows written into": case(WritesIntoRows),
        "a scalar parameter, Adam": case(ScalarParameter, {"lr": [0.01, 0.003]}, optimizer=torch.optim.Adam, lr=0.01),
        "no epoch": case(grid={"max_epochs": [0, 2]}, alone="above 0"),
        "no device": case(device=None),
        "functions of the same code": case(Of, {"module__function": [*map(scaling, factors)]}),
        "an attribute of a function": case(Of, {"module__function": [*map(with_attribute, factors)]}),
        "steps of the same code": Case(
            make_pipeline(FunctionTransformer(), classifier()),
            {"functiontransformer__func": [*map(scaling, factors)]},
        ),
    }
