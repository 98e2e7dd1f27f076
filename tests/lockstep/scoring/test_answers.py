"""Whether a stack answers for its nets: scikit-learn's scorers are answered, functions of one's own get plain nets."""

import copy
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from sklearn.metrics import make_scorer
from sklearn.model_selection import cross_validate
from skorch import NeuralNet, NeuralNetClassifier
from torch import Tensor, nn

from lockstep import LockstepWarning, reads_only
from tests.lockstep.cases.base import LABELS, classifier
from tests.lockstep.cases.modules import WIDTH
from tests.lockstep.searches import ROWS, both_ways, check, probability, scores


def share(y: Any, predicted: Any) -> float:
    return float(np.mean(y == predicted))


class SaysSo:
    reads_only = True

    def __call__(self, net: Any, X: Any, y: Any) -> float:
        return probability(net, X)


@reads_only
class Reads:
    """A scorer of one's own that says that it only asks the net."""

    def __call__(self, net: Any, X: Any, y: Any) -> float:
        return probability(net, X)


@reads_only
def asks(net: Any, X: Any, y: Any) -> float:
    return probability(net, X)


ANSWERED: dict[str, tuple[Any, bool]] = {
    "a name": ("neg_log_loss", True),
    "the net's own score": (None, True),
    "make_scorer": (make_scorer(share), True),
    "a function": (probability, False),
    "a function among names": ({"a": "accuracy", "b": probability}, False),
    "an object that only asks": (Reads(), True),
    "a function that only asks": (asks, True),
    "an object's own attribute, in which nothing is declared": (SaysSo(), False),
}


@pytest.mark.parametrize("name", ANSWERED)
def test_a_stack_answers_scorers_that_only_ask(name: str) -> None:
    scoring, answered = ANSWERED[name]

    def validated() -> tuple[dict[str, Any], int]:
        """Return scores, and how often skorch evaluates a batch."""
        step = NeuralNet.evaluation_step
        with mock.patch.object(NeuralNet, "evaluation_step", autospec=True, side_effect=step) as counted:
            every = cross_validate(classifier(), ROWS, LABELS, cv=3, scoring=scoring, return_train_score=True)
        return {key: value for key, value in every.items() if "time" not in key}, counted.call_count

    (ours, few), (theirs, many) = both_ways(validated)
    for key, value in theirs.items():
        np.testing.assert_allclose(ours[key], value, rtol=1e-5)
    # A trial predicts a few times.
    assert (few < many / 2) == answered


def test_a_scorer_that_changes_weights_changes_one_candidate() -> None:
    def shrunk(net: Any, rows: Any, y: Any) -> float:
        with torch.no_grad():
            for weight in net.module_.parameters():
                weight *= 0.5
        return probability(net, rows) + sum(float(weight.grad.norm()) for weight in net.module_.parameters())

    check(classifier(), shrunk, [{"lr": [0.1]}, {"lr": [0.1, 0.02], "batch_size": [16]}])


class Quantised(NeuralNetClassifier):
    """Rounds its weights before it predicts."""

    def predict_proba(self, X: Any) -> np.ndarray:
        with torch.no_grad():
            for weight in self.module_.parameters():
                weight.mul_(4).round_().div_(4)
        return super().predict_proba(X)


def test_a_net_may_have_its_own_predict() -> None:
    check(classifier(wrapper=Quantised), "neg_log_loss", {"max_epochs": [1, 6]})


class Encoded(nn.Module):
    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder, self.last = encoder, nn.Linear(WIDTH, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.tanh(self.encoder(x)))


@pytest.mark.parametrize("part", [nn.Linear(WIDTH, WIDTH), nn.BatchNorm1d(WIDTH, affine=False)])
def test_nets_that_share_an_encoder_change_it_one_after_another(part: nn.Module) -> None:
    def found(stack: bool) -> list[float]:
        shared = copy.deepcopy(part)
        encoders = [lambda: Encoded(copy.deepcopy(part)), lambda: Encoded(shared)]
        return scores(classifier(), {"module": encoders}, probability, stack)

    with pytest.warns(LockstepWarning, match="nets share memory"):
        np.testing.assert_allclose(found(stack=True), found(stack=False), rtol=1e-5)
