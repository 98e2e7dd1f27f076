"""Optimizers step without torch's compiler; what a training sets in torch is put back."""

import copy
import functools
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.model_selection import cross_validate
from skorch import NeuralNetClassifier
from torch import Tensor, nn

from lockstep.members.numerics import one_thread
from lockstep.members.parts import lean_optimizer
from packages.lockstep.tests.cases.optimizers import SETTINGS


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        *((name, each) for name, those in SETTINGS.items() for each in those),
        ("LBFGS", {}),
    ],
)
def test_without_the_compiler_an_optimizer_does_what_torchs_does(
    name: str, chosen: dict[str, Any]
) -> None:
    cls = getattr(torch.optim, name)

    def stepped(kind: Any) -> tuple[Tensor, Any]:
        weight = torch.linspace(-1, 1, 6, requires_grad=True)
        optimizer = kind([weight], **chosen)

        def closure() -> Tensor:
            optimizer.zero_grad()
            loss = (weight**2).sum()
            loss.backward()
            return loss

        for _ in range(5):
            optimizer.step(closure)
        return weight, optimizer.state_dict()

    (own, state), (lean, lean_state) = stepped(cls), stepped(lean_optimizer(cls))
    assert torch.equal(own, lean)
    assert repr(state) == repr(lean_state)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda optimizer: pickle.loads(pickle.dumps(optimizer))]
)
def test_copies_of_an_optimizer_are_of_torchs_own_class(copied: Any) -> None:
    weight = torch.ones(3, requires_grad=True)
    weight.grad = torch.ones(3)
    made: Any = lean_optimizer(torch.optim.Adam)
    optimizer = made([weight])
    optimizer.step()
    found = copied(optimizer)
    assert type(found) is torch.optim.Adam
    assert repr(found.state_dict()) == repr(optimizer.state_dict())


def test_a_nets_optimizer_is_of_its_own_class_and_calls_hooks() -> None:
    X, y = np.random.RandomState(0).randn(30, 3).astype(np.float32), np.arange(30) % 2
    net = NeuralNetClassifier(
        nn.Linear,
        module__in_features=3,
        module__out_features=2,
        max_epochs=2,
        verbose=0,
    )
    net.set_params(optimizer=torch.optim.Rprop, criterion=nn.CrossEntropyLoss)
    with parallel_config(backend="lockstep"):
        (found, *_) = cross_validate(net, X, y, cv=3, return_estimator=True)[
            "estimator"
        ]
    heard: list[Any] = []
    found.optimizer_.register_step_post_hook(lambda *about: heard.append(about))
    found.partial_fit(X, y)
    assert (type(found.optimizer_), found.optimizer) == (
        torch.optim.Rprop,
        torch.optim.Rprop,
    )
    assert len(heard) == 2


def test_a_step_that_a_script_has_replaced_is_not_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own: Any = torch.optim.RMSprop.step

    @functools.wraps(own)
    def clamped(self: Any, closure: Any = None) -> Any:
        return own(self, closure)

    assert lean_optimizer(torch.optim.RMSprop) is not torch.optim.RMSprop
    monkeypatch.setattr(torch.optim.RMSprop, "step", clamped)
    assert lean_optimizer(torch.optim.RMSprop) is torch.optim.RMSprop


def test_a_training_takes_one_thread_and_gives_back_what_was() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
