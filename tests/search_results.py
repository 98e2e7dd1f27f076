"""Running a search as the stages do, and reading what it found."""

from typing import Any

import numpy as np
import torch
from skorch import NeuralNetClassifier
from torch import nn

from stages.lib.config import Params, Prepare
from stages.lib.data import Dataset
from stages.lib.lockstep import TrainTest
from stages.lib.model import build_estimator, nested_grid, rows, target
from stages.lib.network import PimaClassifier
from stages.lib.search import run_search
from tests.project import real_params

SEED = 7


def net_settings(**changes: Any) -> dict[str, Any]:
    """Return the settings of a net without noise, names resolved."""
    base = {
        "wrapper": NeuralNetClassifier,
        "module": PimaClassifier,
        "criterion": nn.BCELoss,
        "optimizer": torch.optim.Adam,
        "lr": 0.01,
        "max_epochs": 2,
        "batch_size": 16,
        "train_split": 5,
        "device": "cpu",
    }
    return base | changes


def run_grid(
    data: Dataset,
    settings: dict[str, Any],
    grid: dict[str, list[Any]],
    splits: list[TrainTest],
    scorer: Any,
    prepare: Prepare,
    **params: Any,
) -> dict[str, Any]:
    """Return the `cv_results_` of a search; `params` are keys of params.yaml such as `engine`."""
    estimator = build_estimator(settings, data, prepare, grid)
    return run_search(
        "test",
        estimator,
        nested_grid(estimator, grid),
        rows(data, estimator),
        target(data.y, settings["wrapper"], settings["criterion"]),
        splits=splits,
        scorer=scorer,
        params=Params.model_validate(real_params() | {"seed": SEED} | params),
    )


def score_array(cv_results: dict[str, Any]) -> np.ndarray:
    """Return the scores, shape (n_candidates, n_splits)."""
    n_splits = sum(key.startswith("split") and key.endswith("_test_score") for key in cv_results)
    return np.array([cv_results[f"split{i}_test_score"] for i in range(n_splits)]).T


def split_scores(cv_results: dict[str, Any]) -> dict[frozenset[tuple[str, Any]], bytes]:
    """Return the bytes of each candidate's split scores, by the items of its params."""
    candidates = (frozenset(params.items()) for params in cv_results["params"])
    return {candidate: row.tobytes() for candidate, row in zip(candidates, score_array(cv_results), strict=True)}
