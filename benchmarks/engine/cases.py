"""The searches that `make bench` measures. Each is built in the process that runs it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV, ParameterGrid
from skorch import NeuralNetBinaryClassifier
from skorch.callbacks import EarlyStopping
from torch import nn

from stages.lib.config import CV
from stages.lib.engine import TrainTest
from stages.lib.model import build_estimator, nested_grid, resolve_experiment, rows, target
from stages.lib.scores.scorer import make_scorer
from stages.lib.search import make_splits
from tests.read_sample import load_real_data, load_sample


class BatchNormNet(nn.Module):
    """One hidden layer with batch norm."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_inputs, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, n_outputs), nn.Sigmoid()
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map rows to probabilities."""
        return self.layers(x)


@dataclass(frozen=True)
class Search:
    """A grid search that has not run yet."""

    estimator: BaseEstimator
    grid: dict[str, list[Any]] | list[dict[str, list[Any]]]
    X: np.ndarray
    y: np.ndarray
    splits: list[TrainTest]

    @property
    def fits(self) -> int:
        """How many nets the search trains."""
        return len(ParameterGrid(self.grid)) * len(self.splits)

    def run(self, timed: int | None = None) -> int:
        """Run the search, and return how many nets it trained.

        Parameters
        ----------
        timed : int, optional
            Train only so many candidates, evenly spread over the grid, each on the first split.
        """
        grid, splits = [{key: [value] for key, value in each.items()} for each in ParameterGrid(self.grid)], self.splits
        if timed:
            grid = [grid[i] for i in np.linspace(0, len(grid) - 1, timed).round().astype(int)]
            splits = splits[:1]
        search = GridSearchCV(self.estimator, grid, scoring=make_scorer("accuracy"), cv=splits, refit=False)
        search.fit(self.X, self.y)
        return len(grid) * len(splits)


def build(
    experiment: str = "batch_epochs",
    grid: dict[str, list[Any]] | None = None,
    repeats: int = 1,
    splits: int | None = None,
    copies: int = 1,
    scale: str | None = None,
    **settings: Any,
) -> Search:
    """Build a search from tests/sample/params.yaml.

    Parameters
    ----------
    experiment : str
        Gives the settings and the grid. `batch_epochs` has the settings of `model`.
    grid : dict of lists, optional
        Replaces the experiment's.
    repeats : int
        Of three folds.
    splits : int, optional
        Take only the first ones.
    copies : int
        How often the table of 768 rows is repeated.
    scale : str, optional
        `prepare.scale`.
    **settings
        Replace the experiment's.
    """
    params = load_sample()
    base, candidates = resolve_experiment(params, experiment)
    data = load_real_data(params)
    data = replace(data, X=pd.concat([data.X] * copies, ignore_index=True), y=np.tile(data.y, copies))
    folds = make_splits(data, CV(n_splits=3, n_repeats=repeats), params.seed)[:splits]
    prepare = params.prepare.model_copy(update={"scale": scale})
    estimator = build_estimator(base | settings, data, prepare)
    y = target(data.y, base["wrapper"], base["criterion"])
    return Search(estimator, grid or nested_grid(estimator, candidates), rows(data, estimator), y, folds)


def build_plain() -> Search:
    """Build a search over nets of skorch's own class, as a script of one's own has them."""
    search = build(grid={"lr": _rates(50)})
    net = NeuralNetBinaryClassifier(
        BatchNormNet,
        module__n_inputs=search.X.shape[1],
        module__n_outputs=1,
        criterion=nn.BCELoss,
        optimizer=torch.optim.Adam,
        verbose=0,
        **_LARGER,
    )
    return replace(search, estimator=net, y=search.y.ravel())


@dataclass(frozen=True)
class Case:
    """A row of a table.

    Parameters
    ----------
    build : callable
        Returns the search.
    timed : int, optional
        How many fits skorch is timed on; None runs it whole, 0 leaves it out.
    """

    build: Callable[[], Search]
    timed: int | None = None


def _rates(n: int) -> list[float]:
    return np.geomspace(1e-4, 1e-1, n).tolist()


# A fit of each candidate, as their epochs, batches and optimizers differ; of dropout's fifty, ten.
_EXPERIMENTS = {"batch_epochs": 18, "optimizer": 7, "lr_momentum": 10, "weight_init": 7, "activation": 10}
_EXPERIMENTS |= {"dropout": 10, "neurons": 7}
# Settings of nets in larger batches.
_LARGER: dict[str, Any] = {"max_epochs": 20, "batch_size": 32}
_STOPPING = [("stop", EarlyStopping(patience=5))]
_SCALERS: dict[str, list[Any]] = {"prepare__scale": [None, "standard", "minmax"]}
_FOUR = {"module__dropout_rate": [0.0, 0.1], "module__weight_constraint": [1.0, 2.0]}

TABLES: dict[str, dict[str, Case]] = {
    "experiment": {name: Case(partial(build, name, repeats=10), timed) for name, timed in _EXPERIMENTS.items()},
    "search": {
        "200 learning rates, Adam, 3 folds": Case(partial(build, grid={"lr": _rates(200)}), 6),
        "dropout grid, shuffled batches, EarlyStopping(patience=5), 30 folds": Case(
            partial(build, "dropout", repeats=10, iterator_train__shuffle=True, callbacks=_STOPPING), 25
        ),
        "batch norm, 50 learning rates, 3 folds, 20 epochs, batches of 32": Case(
            partial(build, grid={"lr": _rates(50)}, module=BatchNormNet, **_LARGER)
        ),
        "the same in skorch's NeuralNetBinaryClassifier with its default callbacks": Case(build_plain),
        "Pipeline: 3 scalers, 10 learning rates, 30 folds, 20 epochs, batches of 32": Case(
            partial(build, grid=_SCALERS | {"net__lr": _rates(10)}, repeats=10, scale="standard", **_LARGER), 30
        ),
    },
    "fits: the dropout grid": {
        f"{150 * repeats:,} fits": Case(partial(build, "dropout", repeats=repeats), 0) for repeats in (1, 10, 30)
    },
    "rows: four candidates, one epoch": {
        f"{768 * copies:,} rows": Case(partial(build, "dropout", _FOUR, copies=copies, max_epochs=1))
        for copies in (1, 10, 100)
    },
    "width: four candidates, ten epochs": {
        f"{width:,} wide": Case(partial(build, "dropout", _FOUR, module__n_neurons=width, max_epochs=10))
        for width in (12, 120, 1200)
    },
}
