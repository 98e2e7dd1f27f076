"""The data, nets and searches that the tests of the engine share."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from joblib import parallel_config
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from skorch import NeuralNet, NeuralNetClassifier
from skorch.dataset import ValidSplit
from torch import nn

from lockstep import LockstepWarning
from packages.lockstep.tests import searches

SEED = 5
PIMA = (
    Path(__file__).parents[2] / "gridstage/tests/sample/data/pima-indians-diabetes.csv"
)


def first_rows(n_rows: int, dtype: type[np.floating]) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs of shape (n_rows, 8) and targets of shape (n_rows, 1) from the real data."""
    table = np.loadtxt(PIMA, delimiter=",", dtype=dtype, max_rows=n_rows)
    return table[:, :8], table[:, 8:]


X, Y = first_rows(200, np.float32)
LABELS = Y.ravel().astype(np.int64)
GRID: dict[str, list[Any]] = {
    "module__activation": [nn.ReLU, nn.GELU],
    "module__dropout_rate": [0.0, 0.3],
    "optimizer": [torch.optim.SGD, torch.optim.NAdam],
    "max_epochs": [1, 3],
    "batch_size": [20, 64],
}


class ProbabilityNet(nn.Module):
    """The probability of one class: a hidden layer of 12 with dropout, whose units may have a largest norm."""

    def __init__(
        self,
        activation: type[nn.Module] = nn.ReLU,
        dropout_rate: float = 0.0,
        max_norm: float | None = None,
        output: type[nn.Module] = nn.Sigmoid,
    ) -> None:
        super().__init__()
        self.hidden, self.last = nn.Linear(8, 12), nn.Linear(12, 1)
        self.activation, self.output = activation(), output()
        self.dropout = nn.Dropout(dropout_rate)
        limit = None if max_norm is None else torch.tensor(max_norm)
        self.register_buffer("max_norm", limit, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training and self.max_norm is not None:
            with torch.no_grad():
                norm = self.hidden.weight.square().sum(dim=0, keepdim=True).sqrt()
                factor = self.max_norm / torch.maximum(norm, self.max_norm)
                self.hidden.weight.mul_(factor)
        seen = self.dropout(self.activation(self.hidden(x)))
        result: torch.Tensor = self.output(self.last(seen))
        return result

    max_norm: torch.Tensor | None


class LogitNet(nn.Module):
    """Two logits from plain torch layers."""

    def __init__(
        self, n_hidden: int = 6, layer: Callable[[int], nn.Module] = nn.Identity
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(8, n_hidden), layer(n_hidden), nn.ReLU(), nn.Linear(n_hidden, 2)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.layers(x / 100)
        return result


def net(wrapper: type[NeuralNet] = NeuralNetClassifier, **settings: Any) -> NeuralNet:
    base: dict[str, Any] = {
        "module": ProbabilityNet,
        "criterion": nn.BCELoss,
        "optimizer": torch.optim.Adam,
        "train_split": ValidSplit(5, stratified=True),
        "max_epochs": 3,
        "batch_size": 32,
        "callbacks": "disable",
        "verbose": 0,
    }
    return wrapper(**(base | settings))


def logit_net(**settings: Any) -> NeuralNet:
    return net(**({"module": LogitNet, "criterion": nn.CrossEntropyLoss} | settings))


def search(
    estimator: BaseEstimator | None = None,
    grid: Any = GRID,
    y: np.ndarray = Y,
    backend: dict[str, Any] | None = None,
    fit: dict[str, Any] | None = None,
    all_stacked: bool = True,
    **options: Any,
) -> GridSearchCV:
    """Search the grid in lockstep; if all nets should be stacked, a candidate that is fitted one by one is an error."""
    options = {
        "cv": StratifiedKFold(3),
        "scoring": "neg_brier_score",
        "refit": False,
    } | options
    with (
        warnings.catch_warnings(),
        parallel_config(backend="lockstep", random_state=SEED, **backend or {}),
    ):
        warnings.filterwarnings(
            "error" if all_stacked else "always", category=LockstepWarning
        )
        return GridSearchCV(
            net() if estimator is None else estimator, grid, **options
        ).fit(X, y, **fit or {})


def told(
    estimator: BaseEstimator, grid: Any, y: np.ndarray, **options: Any
) -> tuple[GridSearchCV, list[str]]:
    """Return a search, and what the engine warns of."""
    with searches.told() as said:
        found = search(estimator, grid, y, all_stacked=False, **options)
    return found, said


def one_by_one(
    estimator: BaseEstimator | None = None,
    grid: Any = GRID,
    y: np.ndarray = Y,
    **options: Any,
) -> GridSearchCV:
    """Search by skorch alone, under the same seeds."""
    return search(estimator, grid, y, backend={"stack": False}, **options)


def scores(found: GridSearchCV) -> dict[frozenset[tuple[str, Any]], bytes]:
    """Return the bytes of each candidate's split scores."""
    results = found.cv_results_
    by_split = [results[f"split{i}_test_score"] for i in range(found.n_splits_)]
    return {
        frozenset(params.items()): row.tobytes()
        for params, row in zip(results["params"], np.array(by_split).T, strict=True)
    }
