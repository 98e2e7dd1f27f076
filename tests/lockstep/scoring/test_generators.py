"""Where torch's, numpy's and Python's generators stand when a scorer draws: where skorch leaves them."""

import random
from typing import Any

import numpy as np
import pytest
import torch
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import Callback
from skorch.dataset import ValidSplit

from lockstep import reads_only
from tests.lockstep.cases.base import LABELS, classifier
from tests.lockstep.cases.odd.shared import DrawnByNumpy
from tests.lockstep.cases.plain.modules import MLP
from tests.lockstep.scoring.test_scorers import validated
from tests.lockstep.searches import ROWS, check, probability


def noisy(net: Any, rows: Any, y: Any) -> float:
    return probability(net, rows + torch.randn(rows.shape).numpy())


def robust(net: Any, rows: Any, y: Any) -> float:
    """Draw after an answer; skorch's loader has drawn a seed for it."""
    return probability(net, rows) - noisy(net, rows, y)


@pytest.mark.parametrize(
    ("scorer", "key"),
    [(robust, "test_score"), ({"accuracy": "accuracy", "noisy": noisy}, "test_noisy"), (robust, "train_score")],
    ids=["after an answer", "after another score", "for the training rows"],
)
def test_torch_draws_for_a_scorer_what_it_draws_where_skorch_has_answered(scorer: Any, key: str) -> None:
    ours, theirs = validated(classifier(), scorer, return_train_score=True)
    np.testing.assert_allclose(ours[key], theirs[key], rtol=1e-4)


@reads_only
class Predicts(Callback):
    """Predicts rows of its own, whose type no trial in float64 can change."""

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        net.history.record("accuracy", float((net.predict(ROWS) == LABELS).mean()))


@pytest.mark.filterwarnings("error::lockstep.LockstepWarning")
@pytest.mark.parametrize("shuffled", [False, True])
def test_torch_draws_for_a_scorer_what_it_draws_where_callbacks_have_predicted(shuffled: bool) -> None:
    check(classifier(callbacks=[Predicts()], iterator_train__shuffle=shuffled), robust, {})


class MixesItsRows(NeuralNetClassifier):
    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        order = np.random.permutation(len(X))
        return super().fit(X[order], y[order], **fit_params)


DRAWING: dict[str, NeuralNet] = {
    "the hold-out": classifier(train_split=ValidSplit(0.2)),
    "the hold-out of each class": classifier(train_split=ValidSplit(0.25, stratified=True)),
    "the module": classifier(DrawnByNumpy),
    "fit": classifier(wrapper=MixesItsRows),
}


@pytest.mark.parametrize("what", DRAWING)
def test_numpy_draws_for_a_scorer_what_it_draws_where_a_net_has_drawn(what: str) -> None:
    check(DRAWING[what], lambda net, rows, y: np.random.rand(), {})


class DrawnByPython(MLP):
    def __init__(self) -> None:
        super().__init__()
        with torch.no_grad():
            next(self.parameters()).add_(random.random())


def test_random_draws_for_a_scorer_what_it_draws_where_a_net_has_drawn() -> None:
    check(classifier(DrawnByPython), lambda net, rows, y: random.random(), {})
