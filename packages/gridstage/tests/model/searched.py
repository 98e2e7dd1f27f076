"""A small table, its search as the stages run it, and the same fits by hand with skorch alone."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import skorch
import torch
from sklearn.metrics import get_scorer
from skorch import NeuralNet
from skorch.dataset import ValidSplit
from torch import nn

from gridstage.config import CV, Prepare
from gridstage.data import Columns, Dataset
from gridstage.engine import LockstepWarning, TrainTest, fit_seed, seed_everything
from gridstage.model import resolve
from gridstage.model.hold_out import hold_out
from gridstage.scores.scorer import make_scorer
from gridstage.scores.splits import make_splits
from nets.network import PimaClassifier
from packages.gridstage.tests.search_results import (
    SEED,
    net_settings,
    run_grid,
    score_array,
)

N = 120
ENGINES = ("lockstep", "one-by-one")
_RNG = np.random.default_rng(0)
X = pd.DataFrame(_RNG.normal(size=(N, 3)), columns=["a", "b", "c"])
NUMBERS = (X.a + 0.5 * _RNG.normal(size=N)).to_numpy()
GROUPS = _RNG.permutation(np.repeat(np.arange(24), 5))


def table(n_classes: int = 2, groups: np.ndarray | None = None) -> Dataset:
    """Return a table with unequal classes, or with a number to predict."""
    y = (
        np.digitize(NUMBERS, [0.7, 1.2][: n_classes - 1]).astype(float)
        if n_classes
        else NUMBERS
    )
    classes = tuple(map(str, range(n_classes)))
    return Dataset(X, y, Columns(dict.fromkeys(X.columns, "number")), classes, groups)


def settings(**changes: Any) -> dict[str, Any]:
    """Return resolved settings of a net."""
    base = net_settings(lr=0.02, max_epochs=4)
    return base | {key: resolve(key, value) for key, value in changes.items()}


def searched(
    data: Dataset,
    grid: dict[str, list[Any]],
    engine: str,
    cv: CV | None = None,
    prepare: Prepare | None = None,
    **changes: Any,
) -> list[list[float]]:
    """Return the scores of each candidate on each split; fails where a fit is not trained in lockstep."""
    cv, classify = cv or CV(n_splits=3, n_repeats=1), bool(data.classes)
    chosen = settings(**changes)
    chosen["train_split"] = hold_out(chosen["train_split"], cv, classify)
    grid = {
        key: [resolve(key, value) for value in values] for key, values in grid.items()
    }
    splits, scorer = (
        make_splits(data, cv, SEED),
        make_scorer("neg_log_loss" if classify else "r2"),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", LockstepWarning)
        found = run_grid(
            data, chosen, grid, splits, scorer, prepare or Prepare(), engine=engine
        )
    return score_array(found).tolist()


# Returns a net for the training rows of a split, whose numbers it is given.
MakeNet = Callable[[np.ndarray], NeuralNet]


def by_hand(
    data: Dataset, splits: list[TrainTest], make_net: MakeNet, y: np.ndarray
) -> list[float]:
    """Fit a net on each split, and return its scores."""
    rows_ = np.array(data.X, dtype=np.float32)
    scores = []
    scorer = get_scorer("neg_log_loss" if data.classes else "r2")
    for number, (train, test) in enumerate(splits):
        net = make_net(train)
        seed_everything(fit_seed(SEED, number))
        net.fit(rows_[train], y[train])
        scores.append(float(scorer(net, rows_[test], y[test].ravel())))
    return scores


def plain(
    wrapper: type[NeuralNet] = skorch.NeuralNetClassifier, **changes: Any
) -> NeuralNet:
    """Return skorch's own net with the settings of `settings`."""
    base: dict[str, Any] = {
        "module": PimaClassifier,
        "module__n_inputs": 3,
        "criterion": nn.BCEWithLogitsLoss,
        "module__output": nn.Identity,
        "optimizer": torch.optim.Adam,
        "lr": 0.02,
        "max_epochs": 4,
        "batch_size": 16,
        "train_split": ValidSplit(
            5, stratified=wrapper is not skorch.NeuralNetRegressor
        ),
        "verbose": 0,
    }
    return wrapper(**base | changes)
