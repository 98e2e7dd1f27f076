"""The data, nets and searches that the tests of the engine share."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from joblib import parallel_config
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from skorch import NeuralNet
from torch import nn

from gridstage.config import load_params
from lockstep import LockstepWarning
from packages.gridstage.tests.plain_skorch import plain_net
from packages.gridstage.tests.read_sample import SAMPLE
from packages.gridstage.tests.search_results import split_scores
from packages.lockstep.tests import searches

SEED = 5


def first_rows(n_rows: int, dtype: type[np.floating]) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs of shape (n_rows, 8) and targets of shape (n_rows, 1) from the real data."""
    path = SAMPLE / load_params(SAMPLE / "params.yaml").data.path
    table = np.loadtxt(path, delimiter=",", dtype=dtype, max_rows=n_rows)
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


def net(**settings: Any) -> NeuralNet:
    base: dict[str, Any] = {"max_epochs": 3, "batch_size": 32, "callbacks": "disable"}
    return plain_net(**(base | settings))


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
    return split_scores(found.cv_results_)
