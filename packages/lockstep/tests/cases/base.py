"""What a case is, and the rows, nets and settings that cases share; all of them are meant for float64."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.model_selection import ShuffleSplit
from skorch import NeuralNet, NeuralNetClassifier, NeuralNetRegressor
from torch import nn

from packages.lockstep.tests.cases.modules import MLP, WIDTH

ROWS = np.random.RandomState(0)
X = ROWS.randn(96, WIDTH)
LABELS = (X[:, 0] + X[:, 1] ** 2 > 0.5).astype(np.int64)
NUMBERS = (X @ ROWS.randn(WIDTH) + 3).reshape(-1, 1)
TOKENS = ROWS.randint(0, 11, (70, 5))
TOKEN_LABELS = (TOKENS[:, 0] > 5).astype(np.int64)
SERIES = ROWS.randn(50, 7, 3)
SERIES_LABELS = (SERIES[:, :, 0].mean(1) > 0).astype(np.int64)


def classifier(
    module: Any = MLP, wrapper: Any = NeuralNetClassifier, **settings: Any
) -> NeuralNet:
    base: dict[str, Any] = {
        "criterion": nn.CrossEntropyLoss,
        "max_epochs": 3,
        "batch_size": 16,
        "lr": 0.1,
    }
    return wrapper(module, **base | {"callbacks": "disable", "verbose": 0} | settings)


# The settings by which a `classifier` becomes a net for numbers.
REGRESSION: dict[str, Any] = {
    "wrapper": NeuralNetRegressor,
    "criterion": nn.MSELoss,
    "module__n_outputs": 1,
    "lr": 0.01,
}

TWICE = ShuffleSplit(2, test_size=1 / 3, random_state=0)  # trains on 64 of the rows


@dataclass
class Case:
    """A search. Rows are `X` and `LABELS` where none are given; `alone` is a part of the reason to fit one by one."""

    estimator: Any
    grid: Any = field(default_factory=dict)
    X: Any = None
    y: Any = None
    alone: str = ""
    cv: Any = TWICE

    def rows(self) -> tuple[Any, Any]:
        return (X if self.X is None else self.X), (LABELS if self.y is None else self.y)


RATES: dict[str, list[Any]] = {"lr": [0.1, 0.02]}


def case(
    module: Any = MLP,
    grid: Any = RATES,
    X: Any = None,
    y: Any = None,
    alone: str = "",
    cv: Any = TWICE,
    **how: Any,
) -> Case:
    """Return the search of a `classifier` with these settings."""
    return Case(classifier(module, **how), grid, X, y, alone, cv)


def watched(
    *callbacks: Any, grid: Any = RATES, alone: str = "", **settings: Any
) -> Case:
    """Return the search of a `classifier` with these callbacks, which trains for some more epochs."""
    return case(
        grid=grid,
        alone=alone,
        **{"callbacks": list(callbacks), "max_epochs": 8} | settings,
    )


FLOATS = LABELS.astype(np.float64).reshape(-1, 1)
