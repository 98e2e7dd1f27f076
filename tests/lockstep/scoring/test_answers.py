"""Whether a stack answers for its nets: scikit-learn's scorers are answered, functions of one's own get plain nets."""

import copy
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.metrics import make_scorer
from sklearn.model_selection import cross_val_predict, cross_validate
from skorch import NeuralNet, NeuralNetBinaryClassifier, NeuralNetClassifier
from torch import Tensor, nn

from lockstep import LockstepWarning
from tests.lockstep.cases.base import LABELS, classifier
from tests.lockstep.cases.plain.modules import MLP, WIDTH
from tests.lockstep.searches import ROWS, both_ways, check, probability, scores


def share(y: Any, predicted: Any) -> float:
    return float(np.mean(y == predicted))


class Reads:
    """A scorer of one's own that says that it only asks the net."""

    reads_only = True

    def __call__(self, net: Any, X: Any, y: Any) -> float:
        return probability(net, X)


ANSWERED: dict[str, tuple[Any, bool]] = {
    "a name": ("neg_log_loss", True),
    "names": (["accuracy", "neg_log_loss"], True),
    "the net's own score": (None, True),
    "make_scorer": (make_scorer(share), True),
    "names and make_scorer": ({"a": "accuracy", "b": make_scorer(share)}, True),
    "a function": (probability, False),
    "a function among names": ({"a": "accuracy", "b": probability}, False),
    "an object that only asks": (Reads(), True),
}


class Counts:
    """A scorer that only asks, and looks at the history."""

    reads_only = True

    def __call__(self, net: Any, X: Any, y: Any) -> int:
        return len(net.history)


@pytest.mark.parametrize("scoring", [Counts(), {"n": Counts()}, {"accuracy": "accuracy", "n": Counts()}])
def test_a_scorer_of_ones_own_finds_the_history_alone_and_beside_others(scoring: Any) -> None:
    with parallel_config(backend="lockstep", random_state=3):
        found = cross_validate(classifier(), ROWS, LABELS, cv=3, scoring=scoring, error_score="raise")
    assert found["test_n" if "test_n" in found else "test_score"].tolist() == [4, 4, 4]


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


@pytest.mark.parametrize(
    "net",
    [classifier(), classifier(wrapper=NeuralNetBinaryClassifier, criterion=nn.BCEWithLogitsLoss, module__n_outputs=1)],
    ids=["two outputs", "one output"],
)
def test_predictions_are_those_of_skorch(net: NeuralNet) -> None:
    y = LABELS if type(net) is NeuralNetClassifier else LABELS.astype(np.float32)
    np.testing.assert_allclose(*both_ways(lambda: cross_val_predict(net, ROWS, y, cv=3)), rtol=1e-4)


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


class Remembers(NeuralNetClassifier):
    """Keeps its predictions, in a dict that it makes when it is initialised."""

    def initialize(self) -> NeuralNet:
        self.known_: dict[bytes, np.ndarray] = {}
        return super().initialize()

    def predict_proba(self, X: Any) -> np.ndarray:
        if X.tobytes() not in self.known_:
            self.known_[X.tobytes()] = super().predict_proba(X)
        return self.known_[X.tobytes()]


@pytest.mark.parametrize("wrapper", [Quantised, Remembers])
def test_a_net_may_have_its_own_predict(wrapper: type[NeuralNet]) -> None:
    check(classifier(wrapper=wrapper), "neg_log_loss", {"max_epochs": [1, 6]})


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


def test_a_net_that_is_returned_answers_other_rows() -> None:
    with parallel_config(backend="lockstep", random_state=3):
        nets = cross_validate(classifier(MLP), ROWS, LABELS, cv=3, return_estimator=True)["estimator"]
    for net in nets:
        assert net.predict_proba(2 * ROWS).tolist() != net.predict_proba(ROWS).tolist()
        assert [row["epoch"] for row in net.history] == [1, 2, 3, 4]
