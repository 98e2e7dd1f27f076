"""What a search leaves behind: the user's rows, a net's mode, what its own `fit` makes and prints, random numbers."""

import copy
import io
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import Callback
from torch import nn

from lockstep import LockstepWarning, reads_only
from tests.lockstep.cases.base import LABELS, RATES, classifier
from tests.lockstep.cases.modules import MLP, Dropping
from tests.lockstep.searches import ROWS, both_ways, check, probability, scores


def test_the_rows_are_left_as_they_were() -> None:
    before = ROWS.copy()
    scores(classifier(lambda: nn.Sequential(nn.ReLU(inplace=True), MLP())), {"lr": [0.1]}, probability)
    np.testing.assert_array_equal(ROWS, before)


@pytest.mark.parametrize("train_split", [None, "default"])
def test_a_net_is_left_in_the_mode_of_skorch(train_split: Any) -> None:
    net = classifier() if train_split else classifier(train_split=None)

    def modes() -> list[bool]:
        nets = cross_validate(net, ROWS, LABELS, cv=3, return_estimator=True)["estimator"]
        return [net.module_.training for net in nets]

    ours, theirs = both_ways(modes)
    assert ours == theirs


@reads_only
class Saves(Callback):
    """Saves the weights, and notes how many bytes that takes."""

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        file = io.BytesIO()
        torch.save(copy.deepcopy(net.module_.state_dict()), file)
        torch.save(net.module_.state_dict(), file)
        self.bytes_ = len(file.getvalue())


def test_what_a_callback_saves_holds_no_other_net() -> None:
    net = classifier(callbacks=[Saves()], max_epochs=1)

    def size(net: NeuralNet, X: Any, y: Any) -> int:
        (callback,) = (each for _, each in net.callbacks_ if isinstance(each, Saves))
        return callback.bytes_

    check(net, size, {"lr": [0.1, 0.2, 0.3]}, rtol=0)


def test_a_history_without_losses_has_no_batches() -> None:
    def fitted(record: bool) -> tuple[list[Any], list[Any]]:
        with parallel_config(backend="lockstep", random_state=3, record_losses=record):
            nets = cross_validate(classifier(max_epochs=3), ROWS, LABELS, cv=2, return_estimator=True)["estimator"]
        return [net.history.to_list() for net in nets], [net.predict_proba(ROWS).tobytes() for net in nets]

    (whole, expected), (short, found) = fitted(record=True), fitted(record=False)
    assert found == expected
    for epoch in (epoch for history in whole for epoch in history):
        assert len(epoch["batches"]) == epoch["train_batch_count"] + epoch["valid_batch_count"]
        epoch["batches"] = []
    assert short == whole


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_noise_does_not_depend_on_whether_other_nets_drop_something(noise: float) -> None:
    net = classifier(Dropping, module__noise=noise)
    alone, beside = (scores(net, {"module__rate": rates}, probability) for rates in ([0.0], [0.0, 0.4]))
    assert alone == beside[:3]
    assert alone != beside[3:]


@pytest.mark.parametrize("shuffle", [False, True])
def test_scorers_find_the_order_and_the_random_numbers_of_skorch(shuffle: bool) -> None:
    calls: dict[bool, list[Any]] = {True: [], False: []}
    for stack, seen in calls.items():

        def draw(net: Any, X: Any, y: Any, seen: list[Any] = seen) -> float:
            seen.append((net.max_epochs, net.batch_size, torch.rand(()).item(), np.random.rand()))
            return 0.0

        net = classifier(iterator_train__shuffle=shuffle)
        scores(net, {"max_epochs": [4, 2], "batch_size": [16, 24]}, draw, stack)
    assert calls[True] == calls[False]


def test_a_transformer_that_writes_into_its_rows_is_fitted_with_each_net() -> None:
    def halve(rows: Any) -> Any:
        rows *= 0.5
        return rows

    def train_scores() -> list[float]:
        estimator = make_pipeline(FunctionTransformer(halve), classifier())
        return cross_validate(estimator, ROWS.copy(), LABELS, cv=3, return_train_score=True)["train_score"].tolist()

    with pytest.warns(LockstepWarning, match="changes its input rows"):
        ours, theirs = both_ways(train_scores)
    assert ours == theirs


class Embeds(TransformerMixin, BaseEstimator):
    """Leaves a setting out of its pickle, as it may be large."""

    def __init__(self, backbone: Any = None) -> None:
        self.backbone = backbone

    def fit(self, X: Any, y: Any = None) -> "Embeds":
        return self

    def transform(self, X: Any) -> Any:
        return self.backbone(X)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in super().__getstate__().items() if key != "backbone"}


def test_a_setting_that_a_transformer_leaves_out_of_its_pickle_counts() -> None:
    grid = {"embeds__backbone": [np.tanh, np.cbrt, np.negative]}
    check(make_pipeline(Embeds(), classifier()), probability, grid, rtol=1e-5)


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
