"""Trains nets for a moment, and says what to do about what they raise: their code may be the user's own."""

import re
import warnings
from dataclasses import replace
from typing import Any

from sklearn.base import BaseEstimator, clone

from gridstage.common import RAISED, UserError, own_place
from gridstage.engine import lean, net_of
from gridstage.experiment.opened import Opened
from gridstage.model import build_estimator, rows, target
from gridstage.search import advice_on_one_row

# The most rows of a first step.
_ROWS = 256
# What messages of torch and Python mean for a net.
_MEANINGS = {
    "Using a target size": "Let the module's forward return one column, the shape of the target, (n, 1).",
    r"__init__\(\) missing .*: '(\w+)'": "Set model.module__{0}: besides its candidates, a search trains the net that "
    "it starts from. Or give it a default in the code.",
    "between 0 and 1": "BCELoss takes probabilities: let the module end in a sigmoid, or set model.criterion to "
    "BCEWithLogitsLoss, which takes the plain output.",
    r"Target -?\d+ is out of bounds|target with class prob": "The criterion needs an output for each class: let the "
    "module's last layer have n_outputs, which it is given if it takes them.",
    "argument 'weight'": "Derive a criterion of your own from CrossEntropyLoss, which takes the weights of classes.",
    "shapes cannot be multiplied": "Let the module take n_inputs, which it is given, for the width of its first layer.",
    "does not require grad|empty parameter list": "No weight of the module can be trained: make its layers attributes "
    "of it, and let forward use them without no_grad, detach or argmax.",
}


def lean_copy(estimator: BaseEstimator, **changes: Any) -> BaseEstimator:
    """Return an unfitted copy, its net with some changes, whose optimizer does not import torch's compiler."""
    copy = clone(estimator)
    lean(net_of(copy), **changes)
    return copy


def misstep(experiment: Opened, settings: dict[str, Any]) -> BaseException | None:
    """Return what is raised when a net is trained on its first batch; a `UserError` says all, and is raised."""
    data, prepare = experiment.data, experiment.params.prepare
    n = min(settings["batch_size"], _ROWS, len(data.y))
    groups = None if data.groups is None else data.groups[:n]
    few = replace(data, X=data.X[:n], y=data.y[:n], groups=groups)
    # Few rows may have none to hold out, and callbacks may watch those.
    simpler = settings | {"train_split": None, "max_epochs": 1}
    for key in settings:
        if key.startswith("callbacks"):
            del simpler[key]
    try:
        with warnings.catch_warnings(action="ignore"):
            y = target(few.y, settings["wrapper"], settings["criterion"])
            estimator = build_estimator(simpler, few, prepare)
            lean(net_of(estimator))
            estimator.fit(rows(few, estimator), y)
    except UserError:
        raise
    except RAISED as error:
        return error
    return None


def advice(error: BaseException, otherwise: str) -> str:
    """Return what to do about an error of a net, as a sentence; where that is not known, what to do `otherwise`."""
    for words, meaning in _MEANINGS.items():
        if match := re.search(words, str(error)):
            return meaning.format(*match.groups())
    return advice_on_one_row(error) or (
        "Fix the code there." if own_place(error) else otherwise
    )
