"""Cases: modules that write in place, count, or have hooks, and settings that stand where few look."""

import random
from collections.abc import Callable
from functools import partial
from types import FunctionType
from typing import Any

import torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from torch import Tensor, nn

from packages.lockstep.tests.cases.base import Case, case, classifier
from packages.lockstep.tests.cases.modules import MLP, WIDTH


class Hooked(MLP):
    def __init__(self, **sizes: Any) -> None:
        super().__init__(**sizes)
        for weight in self.parameters():
            weight.register_hook(lambda gradient: gradient.clamp(-0.1, 0.1))


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
    """Counts its steps in a global variable."""

    def forward(self, x: Tensor) -> Tensor:
        STEPS[0] += self.training
        return super().forward(x)


class NamesItsParts(MLP):
    """Has its parts in a list too."""

    def __init__(self, activation: Any = nn.ReLU) -> None:
        super().__init__(activation=activation)
        self.parts = list(self.layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.parts[2](self.parts[1](self.parts[0](x)))


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


def closed_over(layers: Any) -> Callable[[], nn.Module]:
    return lambda: layers.Linear(WIDTH, 2)


def deep() -> Callable[..., Any]:
    def called(rows: Any, n: int = 3) -> Any:
        return rows if n == 0 else called(rows * 0.9, n - 1)

    return called


def habits() -> dict[str, Case]:
    factors = (1.0, 3.0)
    return {
        "activations in place": case(
            grid={
                "module__activation": [nn.Tanh, partial(nn.ReLU, inplace=True), nn.GELU]
            }
        ),
        "hooks of parameters": case(Hooked, alone="has a hook"),
        "a temperature that falls": case(
            Anneals, {"module__decay": [1.0, 0.9]}, alone="attribute"
        ),
        "a global counter": case(CountsGlobally, alone="a global variable"),
        "parts in a list": case(
            NamesItsParts, {"module__activation": [nn.ReLU, nn.Tanh]}
        ),
        "Python's random": case(Sometimes, alone="random numbers"),
        "rows written into": case(WritesIntoRows),
        "a scalar parameter, Adam": case(
            ScalarParameter, {"lr": [0.01, 0.003]}, optimizer=torch.optim.Adam, lr=0.01
        ),
        "no epoch": case(grid={"max_epochs": [0, 2]}, alone="above 0"),
        "no device": case(device=None),
        "functions of the same code": case(
            Of, {"module__function": [*map(scaling, factors)]}
        ),
        "a function that calls itself": Case(
            make_pipeline(FunctionTransformer(deep()), classifier())
        ),
        "a module in a closure": case(closed_over(nn)),
        "steps of the same code": Case(
            make_pipeline(FunctionTransformer(), classifier()),
            {"functiontransformer__func": [*map(scaling, factors)]},
        ),
    }
