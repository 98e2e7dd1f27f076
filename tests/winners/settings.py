"""Params, and results of their searches, without a search."""

from pathlib import Path
from typing import Any

import numpy as np
from skorch import NeuralNet

from stages.lib.common import write_json, write_text
from stages.lib.config import Params
from stages.lib.winners.baseline_scores import BASELINES, DIAGNOSTICS, INPUTS, to_csv
from stages.lib.winners.diagnostics import COLUMNS
from stages.lib.winners.leaderboard import BEST_PARAMS
from tests.plain_skorch import plain_net
from tests.project import small_params


def params_of(**changes: Any) -> Params:
    return Params.model_validate(small_params() | changes)


def write_best(params: Params, folder: Path, **changes: Any) -> None:
    """Write what `best_params` would if the first candidate of each experiment won, and the last was the simplest."""
    bests = {}
    for name, experiment in params.experiments.items():
        listed = experiment.candidates(params.seed)
        bests[name] = {"best_params": listed[0], "simplest_params": listed[-1]}
    combined = params.model.model_dump() | {"optimizer": "Adamax"}
    details = {"combined": combined, "experiments": bests, "winner": next(iter(bests))} | changes
    write_json(folder / BEST_PARAMS, {"details": [details]})


def write_baselines(params: Params, folder: Path, n_splits: int) -> None:
    """Write what `baselines` would if they scored no better than a coin, without a row of their predictions."""
    steady = {scorer: np.full(n_splits, 0.5) for scorer in (params.cv.scoring, *params.cv.also_score)}
    names = ("logistic_regression", "majority_class")
    told = dict.fromkeys(names, "a coin"), dict.fromkeys(names, 0.04)
    write_text(folder / BASELINES, to_csv(dict.fromkeys(names, steady), *told, params.cv))
    write_text(folder / DIAGNOSTICS, ",".join(["model", *COLUMNS]) + "\n")
    write_text(folder / INPUTS, "model,column,importance,ci95\n" + "".join(f"{name},glucose,0,0\n" for name in names))


def model_in_skorch(params: Params, **changes: Any) -> NeuralNet:
    """Return `model` of the params in skorch alone."""
    settings = {name: getattr(params.model, name) for name in ("lr", "max_epochs", "batch_size")}
    return plain_net(**(settings | changes))
