"""Params, and results of their searches, without a search."""

from pathlib import Path
from typing import Any

from skorch import NeuralNet

from stages.lib.common import write_json
from stages.lib.config import Params
from stages.lib.winners.leaderboard import BEST_PARAMS
from tests.plain_skorch import plain_net
from tests.project import small_params


def params_of(**changes: Any) -> Params:
    return Params.model_validate(small_params() | changes)


def write_best(params: Params, folder: Path, **changes: Any) -> None:
    bests = {
        name: {"best_params": {key: values[0] for key, values in experiment.grid.items()}}
        for name, experiment in params.experiments.items()
    }
    details = {"combined": params.model.model_dump() | {"optimizer": "Adamax"}, "experiments": bests} | changes
    write_json(folder / BEST_PARAMS, {"details": [details]})


def model_in_skorch(params: Params, **changes: Any) -> NeuralNet:
    """Return `model` of the params in skorch alone."""
    settings = {name: getattr(params.model, name) for name in ("lr", "max_epochs", "batch_size")}
    return plain_net(**(settings | changes))
