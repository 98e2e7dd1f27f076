"""Whether a stack may answer for its nets: what a scorer switches on or changes, and what candidates share."""

import copy
import threading
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from skorch import NeuralNet, NeuralNetClassifier
from skorch.dataset import Dataset
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook
from torch.utils.flop_counter import FlopCounterMode

from lockstep import LockstepWarning
from tests.lockstep.cases.base import RATES, classifier
from tests.lockstep.cases.plain.modules import MLP, WIDTH
from tests.lockstep.searches import probability, scores


def check(net: NeuralNet, scorer: Any, grid: Any = RATES) -> None:
    """A scorer gives what it gives with skorch."""
    ours, theirs = (scores(net, grid, scorer, stack) for stack in (True, False))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)


def in_bfloat16(net: Any, rows: Any, y: Any) -> float:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return float(net.forward(rows).float().sum())


def operations(net: Any, rows: Any, y: Any) -> float:
    with FlopCounterMode(display=False) as counted:
        net.predict(rows)
    return counted.get_total_flops()


def activity(net: Any, rows: Any, y: Any) -> float:
    """Hear every module."""
    heard: list[float] = []
    handle = register_module_forward_hook(lambda module, given, made: heard.append(float(made.abs().sum())))
    net.predict(rows)
    handle.remove()
    return sum(heard)


def without_rows(net: Any, rows: Any, y: Any) -> float:
    """Change the module's class."""
    forward = MLP.forward
    with mock.patch.object(MLP, "forward", lambda self, x: forward(self, 0 * x)):
        return probability(net, rows)


class Flipped(Dataset):
    def transform(self, X: Any, y: Any) -> Any:
        X, y = super().transform(X, y)
        return -X, y


def from_both_sides(net: Any, rows: Any, y: Any) -> float:
    plain = probability(net, rows)
    net.dataset = Flipped
    return plain + probability(net, rows)


def as_in_training(net: Any, rows: Any, y: Any) -> float:
    set_training = net._set_training
    net._set_training = lambda training=True: set_training(True)
    return probability(net, rows)


@pytest.mark.parametrize("scorer", [in_bfloat16, operations, activity, without_rows, from_both_sides, as_in_training])
def test_a_stack_is_not_asked_while_something_is_switched_on(scorer: Any) -> None:
    check(classifier(module__norm=nn.BatchNorm1d), scorer)


class Tempered(MLP):
    def __init__(self) -> None:
        super().__init__()
        self.temperatures, self.prior = [1.0], torch.zeros(2)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) / self.temperatures[0] + self.prior


@pytest.mark.parametrize("name", ["temperatures", "prior"])
def test_a_scorer_may_change_an_attribute_where_it_stands(name: str) -> None:
    def changed(net: Any, rows: Any, y: Any) -> float:
        before = probability(net, rows)
        getattr(net.module_, name)[0] = 3.0
        return before + 10 * probability(net, rows)

    check(classifier(Tempered), changed)


def test_a_scorer_may_put_into_a_list_what_cannot_be_compared() -> None:
    def locked(net: Any, rows: Any, y: Any) -> float:
        net.module_.temperatures.append(threading.Lock())
        return probability(net, rows)

    check(classifier(Tempered), locked)


def test_a_scorer_that_changes_weights_changes_one_candidate() -> None:
    def shrunk(net: Any, rows: Any, y: Any) -> float:
        with torch.no_grad():
            for weight in net.module_.parameters():
                weight *= 0.5
        return probability(net, rows) + sum(float(weight.grad.norm()) for weight in net.module_.parameters())

    check(classifier(), shrunk, [{"lr": [0.1]}, {"lr": [0.1, 0.02], "batch_size": [16]}])


class Remembers(NeuralNetClassifier):
    """Keeps its predictions, in a dict that it makes when it is initialised."""

    def initialize(self) -> NeuralNet:
        self.known_: dict[bytes, np.ndarray] = {}
        return super().initialize()

    def predict_proba(self, X: Any) -> np.ndarray:
        if X.tobytes() not in self.known_:
            self.known_[X.tobytes()] = super().predict_proba(X)
        return self.known_[X.tobytes()]


def test_trainings_that_differ_in_length_share_no_dict() -> None:
    check(classifier(wrapper=Remembers), probability, {"max_epochs": [1, 6]})


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
        ours = found(stack=True)
    np.testing.assert_allclose(ours, found(stack=False), rtol=1e-5)
