"""`reads_only` and `explain`: what a user says of a callback, is held to, and is told."""

import re
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import Callback
from torch import nn

from lockstep import LockstepWarning, explain, reads_only
from tests.lockstep.cases.base import LABELS, classifier
from tests.lockstep.cases.modules import Recurrent
from tests.lockstep.nets import Y, net, told
from tests.lockstep.searches import ROWS, check


class MyLogger(Callback):
    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        net.history.record("n", len(net.history))


class Better(MyLogger):
    pass


def test_a_callback_of_ones_own_is_named_with_the_way_out_until_it_is_declared() -> None:
    watched = net(callbacks=[Better()], verbose=0)
    _, messages = told(watched, {"lr": [0.1, 0.01]}, Y)
    reason, way_out = "Better is a callback of your own", "if it changes nothing, say lockstep.reads_only(Better)"
    assert messages == [f"{reason}, so 2 candidates are fitted one by one; {way_out}"]
    reads_only(MyLogger)
    assert told(watched, {"lr": [0.1, 0.01]}, Y)[1] == messages  # a class that is derived from it may do more
    assert reads_only(Better) is Better
    assert told(watched, {"lr": [0.1, 0.01]}, Y)[1] == []


@pytest.mark.parametrize("wrong", [Better(), NeuralNet, "Better"])
def test_what_is_no_class_of_callbacks_can_not_be_declared(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"reads_only takes a class derived from skorch\.callbacks\.Callback"):
        reads_only(wrong)


def halve(net: Any) -> None:
    net.optimizer_.param_groups[0]["lr"] *= 0.5


def decay(net: Any) -> None:
    net.optimizer_.param_groups[0]["weight_decay"] = 0.1


def shrink(net: Any) -> None:
    next(net.module_.parameters()).data.mul_(0.9)


def switch(net: Any) -> None:
    net.module_.train(not net.module_.training)


def draw(net: Any) -> None:
    np.random.rand()


def draw_by_torch(net: Any) -> None:
    torch.rand(())


@reads_only
class Lies(Callback):
    """Changes something, though it is declared not to."""

    def __init__(self, what: Any, event: str) -> None:
        self.what, self.event = what, event

    def on_epoch_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        if self.event == "on_epoch_begin":
            self.what(net)

    def on_batch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        if self.event == "on_batch_end":
            self.what(net)

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        if self.event == "on_epoch_end":
            self.what(net)


CHANGED = {
    halve: "`lr`",
    decay: "`weight_decay`",
    shrink: "`layers.0.weight`",
    switch: "the module's mode",
    draw: "numpy's or random's generator",
    draw_by_torch: "torch's generator",
}
LIES = [(what, "on_batch_end") for what in CHANGED] + [(halve, "on_epoch_begin"), (shrink, "on_epoch_end")]


@pytest.mark.parametrize(("what", "event"), LIES)
def test_a_declared_callback_that_changes_something_is_found_in_the_first_epoch(what: Any, event: str) -> None:
    changed = f"Lies was declared to change nothing, but changed {CHANGED[what]}, so 1 candidate"
    lying = classifier(callbacks=[Lies(what, event)], max_epochs=2)
    with pytest.warns(LockstepWarning, match=changed):
        check(lying, "neg_log_loss", {}, rtol=0)


class OwnStep(NeuralNetClassifier):
    def train_step(self, batch: Any, **fit_params: Any) -> Any:
        return super().train_step(batch, **fit_params)


def test_explain_says_whether_a_net_goes_in_lockstep() -> None:
    before = torch.get_rng_state()
    for estimator in (classifier(), make_pipeline(StandardScaler(), classifier())):
        said = explain(estimator, ROWS, LABELS)
        assert said.startswith("NeuralNetClassifier goes in lockstep: 16 nets in a stack take about ")
    assert not classifier().initialized_
    assert torch.equal(torch.get_rng_state(), before)


def test_explain_says_why_a_net_is_fitted_alone() -> None:
    said = explain(classifier(wrapper=OwnStep), ROWS, LABELS)
    assert said.startswith("OwnStep is fitted alone: OwnStep has its own train_step; of skorch's methods, a class may")
    series = np.zeros((60, 30, 3), np.float32)
    said = explain(classifier(Recurrent, module__layer=nn.LSTM, batch_size=60), series, LABELS[:60])
    assert re.match("NeuralNetClassifier is fitted alone: a step takes 1[67].. operations", said)
    said = explain(classifier(module__no_such="x"), ROWS, LABELS)
    assert said.startswith("NeuralNetClassifier is fitted alone: TypeError: ")


@pytest.mark.parametrize("wrong", [LogisticRegression(), classifier])
def test_explain_takes_a_net(wrong: Any) -> None:
    with pytest.raises(TypeError, match="explain takes a net of skorch"):
        explain(wrong, ROWS, LABELS)
