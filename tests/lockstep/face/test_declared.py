"""`reads_only` and `explain`: what a user says of a callback or a scorer, is held to, and is told."""

import copy
import re
from typing import Any

import cloudpickle
import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import Callback, EarlyStopping
from torch import nn

from lockstep import LockstepWarning, explain, reads_only
from lockstep.members.own_code import is_declared
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
    "<class 'tests.lockstep.face.test_declared.Scores'>": type("Scores", (), {"__module__": __name__}),
}


@pytest.mark.parametrize("said", WRONG)
def test_what_is_neither_a_class_of_callbacks_nor_a_scorer_can_not_be_declared(said: str) -> None:
    wanted = "reads_only takes a class of callbacks derived from skorch's Callback, or a scorer, not "
    with pytest.raises(TypeError, match=f"{re.escape(wanted)}.*{re.escape(said)}"):
        reads_only(WRONG[said])


def test_a_scorer_is_declared_as_a_function_an_object_or_a_class_and_so_are_its_copies() -> None:
    one, derived = reads_only(Scorer()), type("Derived", (Scorer,), {})
    assert not is_declared(score)
    assert reads_only(score) is score
    for declared in (score, one, copy.deepcopy(one), cloudpickle.loads(cloudpickle.dumps(one))):
        assert is_declared(declared)
    assert not is_declared(Scorer())
    reads_only(Scorer)
    assert is_declared(Scorer())
    assert not is_declared(derived())


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


@pytest.mark.parametrize("around", [lambda net: net, lambda net: make_pipeline(StandardScaler(), net)])
def test_explain_gives_the_error_of_skorch_for_what_skorch_can_not_fit(around: Any) -> None:
    wrong = {
        classifier(module__no_such="x"): "TypeError: .* got an unexpected keyword argument 'no_such'",
        classifier(train_split=None, callbacks=[EarlyStopping()]): "KeyError: .*valid_loss",
        classifier(module=nn.Linear, module__in_features=99, module__out_features=2): "RuntimeError: mat1 and mat2 .*",
    }
    for broken, error in wrong.items():
        said = explain(around(broken), ROWS, LABELS)
        assert re.fullmatch(rf"skorch can't fit NeuralNetClassifier: {error}.*\.", said), said
        with pytest.raises(Exception, match=error.partition(": ")[2]):
            around(broken).fit(ROWS, LABELS)


def test_explain_does_not_call_a_callback_that_may_do_anything() -> None:
    called: list[str] = []

    class Writes(Callback):
        def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
            called.append("a file")

    assert explain(classifier(callbacks=[Writes()]), ROWS, LABELS).startswith(
        "NeuralNetClassifier is fitted alone: Wri"
    )
    assert not called


def test_explain_says_where_plain_skorch_wins_on_several_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, wins in ((1, False), (10_000, True)):
        monkeypatch.setattr("lockstep.explaining.cpu_count", lambda cores=cores: cores)
        said = explain(classifier(), ROWS, LABELS)
        assert ("There are 10000 cores here: with n_jobs=10000, plain skorch is faster" in said) == wins


@pytest.mark.parametrize("wrong", [LogisticRegression(), classifier])
def test_explain_takes_a_net(wrong: Any) -> None:
    with pytest.raises(TypeError, match="explain takes a net of skorch"):
        explain(wrong, ROWS, LABELS)
