"""Builds nets and trains them for a moment, and returns what they raise: their code may be the user's own."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sklearn.base import BaseEstimator, clone

from stages.lib.common import RAISED, UserError
from stages.lib.engine import lean as lean_net
from stages.lib.engine import net_of
from stages.lib.experiment.opened import Opened
from stages.lib.model import build_estimator, rows, target

# The most rows of a first step.
_ROWS = 256

# Tries settings on the rows of an experiment, and returns the error that is raised.
Probe = Callable[[Opened, dict[str, Any]], BaseException | None]


def error_of(attempt: Callable[[], object]) -> BaseException | None:
    """Return what an attempt raises, or None; a `UserError`, which says all already, is raised."""
    try:
        attempt()
    except UserError:
        raise
    except RAISED as error:
        return error
    return None


def lean(estimator: BaseEstimator, **changes: Any) -> BaseEstimator:
    """Return an unfitted copy, its net with some changes, whose optimizer does not import torch's compiler."""
    copy = clone(estimator)
    lean_net(net_of(copy), **changes)
    return copy


def refusal(experiment: Opened, settings: dict[str, Any]) -> BaseException | None:
    """Return the error raised when a net with these settings is built."""
    data, prepare = experiment.data, experiment.params.prepare
    return error_of(lambda: lean_net(net_of(build_estimator(settings, data, prepare))).initialize())


def misstep(experiment: Opened, settings: dict[str, Any], n_rows: int | None = None) -> BaseException | None:
    """Return the error raised when a net with these settings is trained on its first batch, or on some rows."""
    data, prepare = experiment.data, experiment.params.prepare
    n = n_rows or min(settings["batch_size"], _ROWS, len(data.y))
    few = replace(data, X=data.X[:n], y=data.y[:n], groups=None if data.groups is None else data.groups[:n])
    # Few rows may have none to hold out, and callbacks may watch those.
    kept = {key: value for key, value in settings.items() if not key.startswith("callbacks")}

    def step() -> None:
        estimator = build_estimator(kept | {"train_split": None, "max_epochs": 1}, few, prepare)
        lean_net(net_of(estimator))
        estimator.fit(rows(few, estimator), target(few.y, settings["wrapper"], settings["criterion"]))

    with warnings.catch_warnings(action="ignore"):
        return error_of(step)
