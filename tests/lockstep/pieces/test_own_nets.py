"""Each task has a net of its own. Oracle: scikit-learn's clone, with the candidate's parameters set."""

import re
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping
from skorch.dataset import ValidSplit
from torch import nn

from lockstep.fits.surroundings import net_of
from lockstep.fits.tasks import Task
from lockstep.grouping.groups import Grouping

ROWS = np.arange(4)


class Counting(NeuralNetClassifier):
    """Makes an object beside its parameters, which a copy would share."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.counts_ = [[0]]


LOUD = NeuralNetClassifier(nn.Linear, module__in_features=3, module__out_features=2)
QUIET = clone(LOUD).set_params(callbacks="disable")
SETTINGS: dict[str, tuple[Any, dict[str, Any]]] = {
    "plain": (QUIET, {"lr": 0.3, "module__bias": False, "optimizer__weight_decay": 0.1}),
    "a split": (QUIET, {"train_split": ValidSplit(4, stratified=True), "criterion__weight": None}),
    "a module": (NeuralNetClassifier(nn.Linear(3, 2), callbacks="disable"), {"lr": 0.2}),
    "a list": (QUIET, {"module__widths": [[3], [4]], "classes": [0, 1]}),
    "callbacks": (LOUD, {"callbacks": [("stop", EarlyStopping(patience=2))]}),
    "a pipeline": (make_pipeline(StandardScaler(), QUIET), {"neuralnetclassifier__lr": 0.2}),
    "objects of its own": (Counting(nn.Linear, callbacks="disable"), {"lr": 0.2}),
}


def described(net: NeuralNetClassifier) -> dict[str, str]:
    """Return what a net keeps, as texts without addresses in memory."""
    kept = {name: sorted(value) if isinstance(value, set) else value for name, value in vars(net).items()}
    return {name: re.sub(" at 0x[0-9a-f]+", "", str(value)) for name, value in kept.items()}


def held(value: Any) -> list[Any]:
    """Return an object and what is in it, as far as it can be changed."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple | set) else ()
    kept = [] if isinstance(value, type | str | int | float | bool | None | tuple) or callable(value) else [value]
    return kept + [each for part in inside for each in held(part)]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_tasks_net_is_that_of_a_clone_and_shares_nothing(name: str) -> None:
    estimator, parameters = SETTINGS[name]
    tasks = [Task(None, clone(estimator), parameters, {}, None, None, ROWS, ROWS, key="same") for _ in range(2)]
    grouping = Grouping(tasks, {})
    nets = [grouping.net(task) for task in tasks]
    theirs = net_of(clone(estimator).set_params(**clone(parameters, safe=False)))
    one, other = ({id(each) for value in vars(net).values() for each in held(value)} for net in nets)
    assert one.isdisjoint(other)
    for net in nets:
        assert type(net) is type(theirs)
        assert described(net) == described(theirs)
