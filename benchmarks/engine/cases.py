"""The searches of params.yaml, which `make bench` measures. Each is built in the process that runs it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV, ParameterGrid

from gridstage.config import CV
from gridstage.engine import TrainTest
from gridstage.model import (
    build_estimator,
    nested_grid,
    resolve_experiment,
    rows,
    target,
)
from gridstage.scores.scorer import make_scorer
from gridstage.scores.splits import make_splits
from packages.gridstage.tests.read_sample import load_real_data, load_sample

# On how many fits skorch is timed: one of each candidate, as their epochs, batches and optimizers differ; of dropout's
# fifty, ten.
EXPERIMENTS = {
    "batch_epochs": 18,
    "optimizer": 7,
    "lr_momentum": 10,
    "weight_init": 7,
    "activation": 10,
}
EXPERIMENTS |= {"dropout": 10, "neurons": 7}


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
        """Run the search, or `timed` candidates spread over it on the first split; returns how many nets it trained."""
        grid, splits = (
            [
                {key: [value] for key, value in each.items()}
                for each in ParameterGrid(self.grid)
            ],
            self.splits,
        )
        if timed:
            grid = [
                grid[i]
                for i in np.linspace(0, len(grid) - 1, timed).round().astype(int)
            ]
            splits = splits[:1]
        search = GridSearchCV(
            self.estimator,
            grid,
            scoring=make_scorer("accuracy"),
            cv=splits,
            refit=False,
        )
        search.fit(self.X, self.y)
        return len(grid) * len(splits)


def build(experiment: str) -> Search:
    """Build a search from the sample's params.yaml, on thirty folds."""
    params = load_sample()
    settings, candidates = resolve_experiment(params, experiment)
    data = load_real_data(params)
    folds = make_splits(data, CV(n_splits=3, n_repeats=10), params.seed)
    estimator = build_estimator(settings, data, params.prepare)
    y = target(data.y, settings["wrapper"], settings["criterion"])
    return Search(
        estimator, nested_grid(estimator, candidates), rows(data, estimator), y, folds
    )
