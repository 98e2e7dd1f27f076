"""Running a search as the stages do, and reading what it found."""

from typing import Any

import numpy as np
import torch
from sklearn.model_selection import ParameterGrid
from skorch import NeuralNetClassifier
from torch import nn

from gridstage.config import Params, Prepare
from gridstage.data import Dataset
from gridstage.engine import TrainTest
from gridstage.experiment import Folds, Opened
from gridstage.model import Candidates, build_estimator, nested_grid, rows, target
from gridstage.search import Fits, SearchResult, run_search
from nets.network import PimaClassifier
from packages.gridstage.tests.project import real_params

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


def opened(
    data: Dataset,
    settings: dict[str, Any],
    grid: dict[str, list[Any]],
    fixed: dict[str, Any] | None = None,
    **params: Any,
) -> Opened:
    """Return the experiment `mine` with settings whose names are resolved; `params` are fields of `Params`."""
    described = {"mine": {"grid": grid, "fixed": fixed or {}}}
    whole = Params.model_validate(
        real_params() | {"experiments": described}
    ).model_copy(update=params)
    return Opened(
        whole,
        "mine",
        settings,
        Candidates("mine", grid, ParameterGrid(grid)),
        Folds(whole, data),
    )


def run_grid(
    data: Dataset,
    settings: dict[str, Any],
    grid: dict[str, list[Any]],
    splits: list[TrainTest],
    scorer: Any,
    prepare: Prepare,
    **params: Any,
) -> SearchResult:
    """Return the result of a search; `params` are keys of params.yaml such as `engine`."""
    estimator = build_estimator(settings, data, prepare, grid)
    fits = Fits(
        estimator,
        nested_grid(estimator, list(ParameterGrid(grid))),
        rows(data, estimator),
        target(data.y, settings["wrapper"], settings["criterion"]),
        splits,
        scorer,
    )
    whole = Params.model_validate(real_params() | {"seed": SEED} | params)
    return run_search("test", fits, whole)


def score_array(found: SearchResult) -> np.ndarray:
    """Return the scores, shape (n_candidates, n_splits)."""
    return found.scores["score"]


def scores_by_candidate(
    grid: dict[str, list[Any]], found: SearchResult
) -> dict[frozenset[tuple[str, Any]], bytes]:
    """Return the bytes of each candidate's split scores, by the items of its params."""
    return _by_candidate(list(ParameterGrid(grid)), score_array(found))


def split_scores(cv_results: dict[str, Any]) -> dict[frozenset[tuple[str, Any]], bytes]:
    """Return the same of scikit-learn's `cv_results_`."""
    n_splits = sum(
        key.startswith("split") and key.endswith("_test_score") for key in cv_results
    )
    return _by_candidate(
        cv_results["params"],
        np.array([cv_results[f"split{i}_test_score"] for i in range(n_splits)]).T,
    )


def _by_candidate(
    candidates: list[dict[str, Any]], scores: np.ndarray
) -> dict[frozenset[tuple[str, Any]], bytes]:
    return {
        frozenset(each.items()): row.tobytes()
        for each, row in zip(candidates, scores, strict=True)
    }
