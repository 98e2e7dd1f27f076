"""A net's own class and `fit`: what it makes, holds, prints and asks, which lockstep runs twice and skorch once."""

import io
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import pytest
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import Callback

from lockstep import LockstepWarning
from tests.lockstep.cases.base import RATES, classifier
from tests.lockstep.searches import check, probability, scores


class OldStyle(NeuralNetClassifier):
    def predict_proba(self, X: Any) -> np.ndarray:
        return super(self.__class__, self).predict_proba(X)


def test_a_net_may_ask_for_its_class() -> None:
    check(classifier(wrapper=OldStyle), probability)


class Logs(NeuralNetClassifier):
    """Writes into a list of its own before and after the training, and shows how many rows there are."""

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        print("fits", len(X))
        log = self.log_ = [0.0]
        super().fit(X, y, **fit_params)
        log.append(probability(self, X))
        return self


def test_what_fit_makes_and_holds_is_the_nets() -> None:
    check(classifier(wrapper=Logs), lambda net, rows, y: float(np.dot(net.log_, np.arange(len(net.log_)))))


def test_what_fit_prints_is_shown_once() -> None:
    shown = {stack: io.StringIO() for stack in (True, False)}
    for stack, output in shown.items():
        with redirect_stdout(output):
            scores(classifier(wrapper=Logs), RATES, probability, stack)
    assert shown[True].getvalue() == shown[False].getvalue() != ""


class Brings(NeuralNetClassifier):
    """Brings a callback along, and asks it after the training."""

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        heard = Hears()
        self.callbacks = [("hears", heard)]
        super().fit(X, y, **fit_params)
        self.n_heard_ = heard.n_heard_
        return self


class Hears(Callback):
    n_heard_ = 0

    def on_epoch_end(self, *args: Any, **kwargs: Any) -> None:
        self.n_heard_ += 1


def test_a_fit_that_brings_a_callback_is_skorchs() -> None:
    with pytest.warns(LockstepWarning, match="Hears is a callback of your own"):
        check(classifier(wrapper=Brings), lambda net, rows, y: net.n_heard_)


NAMES = ["a", "b"]


class Named(NeuralNetClassifier):
    """Refers to a list that is everybody's."""

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        self.names_ = NAMES
        return super().fit(X, y, **fit_params)


def test_what_fit_finds_elsewhere_is_left_alone() -> None:
    check(classifier(wrapper=Named), lambda net, rows, y: float(net.names_ is NAMES and len(NAMES)))
    assert NAMES == ["a", "b"]
