"""`reads_only`: what a user says of a callback or a scorer, and is held to."""

import copy
import re
from collections.abc import Callable
from functools import partialmethod
from types import SimpleNamespace
from typing import Any

import cloudpickle
import numpy as np
import pytest
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback

from lockstep import LockstepWarning, reads_only
from lockstep.members.own_code import is_declared
from packages.lockstep.tests.cases.base import classifier
from packages.lockstep.tests.nets import Y, net, told
from packages.lockstep.tests.searches import check


class MyLogger(Callback):
    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        net.history.record("n", len(net.history))


class Better(MyLogger):
    pass


def test_a_callback_of_ones_own_is_named_with_the_way_out_until_it_is_declared() -> (
    None
):
    watched = net(callbacks=[Better()], verbose=0)
    _, messages = told(watched, {"lr": [0.1, 0.01]}, Y)
    reason, way_out = (
        "Better is a callback of your own",
        "if it changes nothing, say lockstep.reads_only(Better)",
    )
    assert messages == [f"{reason}, so 2 candidates are fitted one by one; {way_out}"]
    reads_only(MyLogger)
    assert (
        told(watched, {"lr": [0.1, 0.01]}, Y)[1] == messages
    )  # a class that is derived from it may do more
    assert reads_only(Better) is Better
    assert told(watched, {"lr": [0.1, 0.01]}, Y)[1] == []


class Scorer:
    def __call__(self, net: NeuralNet, X: Any, y: Any) -> float:
        return 0.0

    def score(self, net: NeuralNet, X: Any, y: Any) -> float:
        return 0.0


def score(net: NeuralNet, X: Any, y: Any) -> float:
    return 0.0


WRONG = {
    "an object of the class: say reads_only(Better)": Better(),
    "which can't be marked; put a function around it": Scorer().score,
    "'Better'": "Better",
    "<class 'packages.lockstep.tests.face.test_declared.Scores'>": type(
        "Scores", (), {"__module__": __name__}
    ),
}


@pytest.mark.parametrize("said", WRONG)
def test_what_is_neither_a_class_of_callbacks_nor_a_scorer_can_not_be_declared(
    said: str,
) -> None:
    wanted = "reads_only takes a class of callbacks derived from skorch's Callback, or a scorer, not "
    with pytest.raises(TypeError, match=f"{re.escape(wanted)}.*{re.escape(said)}"):
        reads_only(WRONG[said])


def test_a_scorer_is_declared_as_a_function_an_object_or_a_class_and_so_are_its_copies() -> (
    None
):
    one, derived = reads_only(Scorer()), type("Derived", (Scorer,), {})
    assert not is_declared(score)
    assert reads_only(score) is score
    for declared in (
        score,
        one,
        copy.deepcopy(one),
        cloudpickle.loads(cloudpickle.dumps(one)),
    ):
        assert is_declared(declared)
    assert not is_declared(Scorer())
    assert not is_declared(SimpleNamespace(reads_only=True))
    reads_only(Scorer)
    assert is_declared(Scorer())
    assert not is_declared(derived())


@reads_only
class Lies(Callback):
    """Changes something, though it is declared not to."""

    def __init__(self, what: Any, event: str) -> None:
        self.what, self.event = what, event

    def heard(self, event: str, net: NeuralNet, **kwargs: Any) -> None:
        if self.event == event:
            self.what(net)

    on_epoch_begin = partialmethod(heard, "on_epoch_begin")
    on_batch_end = partialmethod(heard, "on_batch_end")
    on_epoch_end = partialmethod(heard, "on_epoch_end")


CHANGES: dict[str, Callable[[NeuralNet], Any]] = {
    "`lr`": lambda net: net.optimizer_.param_groups[0].update(lr=0.05),
    "`weight_decay`": lambda net: net.optimizer_.param_groups[0].update(
        weight_decay=0.1
    ),
    "`layers.0.weight`": lambda net: next(net.module_.parameters()).data.mul_(0.9),
    "the module's mode": lambda net: net.module_.train(not net.module_.training),
    "numpy's or random's generator": lambda net: np.random.rand(),
    "torch's generator": lambda net: torch.rand(()),
}
AT_OTHER_EVENTS = [("`lr`", "on_epoch_begin"), ("`layers.0.weight`", "on_epoch_end")]


@pytest.mark.parametrize(
    ("what", "event"), [*((what, "on_batch_end") for what in CHANGES), *AT_OTHER_EVENTS]
)
def test_a_declared_callback_that_changes_something_is_found_in_the_first_epoch(
    what: str, event: str
) -> None:
    changed = f"Lies was declared to change nothing, but changed {what}, so 1 candidate"
    lying = classifier(callbacks=[Lies(CHANGES[what], event)], max_epochs=2)
    with pytest.warns(LockstepWarning, match=changed):
        check(lying, "neg_log_loss", {}, rtol=0)
