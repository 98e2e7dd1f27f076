"""What a search leaves behind: the user's rows, a net's mode, its answers after a change, others' order of rows."""

import copy
import io
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import nn

from lockstep import LockstepWarning, reads_only
from tests.lockstep.cases.base import LABELS, NUMBERS, classifier
from tests.lockstep.cases.plain.modules import MLP, Dropping
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


def test_a_table_of_epochs_comes_after_scikit_learns_first_line(capsys: pytest.CaptureFixture[str]) -> None:
    search = GridSearchCV(classifier(callbacks=None, verbose=1), {"lr": [0.1]}, cv=2, verbose=10, refit=False)

    def lines() -> list[str]:
        search.fit(ROWS, LABELS)
        return [line[:18] for line in capsys.readouterr().out.splitlines()]

    ours, theirs = both_ways(lines)
    assert ours == theirs


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


def test_a_net_that_a_scorer_changes_answers_anew() -> None:
    def prune(net: Any, X: Any, y: Any) -> float:
        with torch.no_grad():
            next(iter(net.module_.parameters()))[0] = 0
        return probability(net, X, y)

    def train_on(net: Any, X: Any, y: Any) -> float:
        return probability(net.partial_fit(X, y), X, y)

    for scorer in (prune, train_on):
        check(classifier(), scorer, {"lr": [0.1]}, rtol=1e-5)


def test_callbacks_see_gradients_and_the_state_of_the_optimizer() -> None:
    @reads_only
    class Watching(Callback):
        def initialize(self) -> "Watching":
            self.seen_: list[float] = []
            return self

        def on_batch_end(self, net: Any, training: bool, **kwargs: Any) -> None:
            if training:
                self.seen_.append(sum(float(p.grad.norm()) for p in net.module_.parameters()))

        def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
            self.seen_.append(sum(float(state["exp_avg"].norm()) for state in net.optimizer_.state.values()))

    def seen(net: Any, X: Any, y: Any) -> float:
        return sum(dict(net.callbacks_)["watching"].seen_)

    net = classifier(optimizer=torch.optim.Adam, callbacks=[("watching", Watching())])
    assert min(check(net, seen, {"lr": [0.1]})) > 0


def test_shuffled_batches_do_not_depend_on_other_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    net, grid = classifier(iterator_train__shuffle=True), {"lr": [0.5 / (i + 1) for i in range(12)]}
    whole = scores(net, grid, probability)
    monkeypatch.setattr("lockstep.grouping.places.MOST_NETS", 16)
    assert scores(net, grid, probability) == whole


def test_shuffled_batches_do_not_depend_on_other_rows() -> None:
    net = Pipeline([("scale", StandardScaler()), ("net", classifier(iterator_train__shuffle=True))])
    scalers = [StandardScaler(), MinMaxScaler()]
    both = scores(net, {"scale": scalers}, probability)
    assert both == [score for scaler in scalers for score in scores(net, {"scale": [scaler]}, probability)]


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_noise_does_not_depend_on_whether_other_nets_drop_something(noise: float) -> None:
    net = classifier(Dropping, module__noise=noise)
    alone, beside = (scores(net, {"module__rate": rates}, probability) for rates in ([0.0], [0.0, 0.4]))
    assert alone == beside[:3]
    assert alone != beside[3:]


def test_complex_square_roots_are_torchs_own() -> None:
    numbers = torch.tensor([0j, -1 + 0j, 3 + 4j])
    torch.testing.assert_close(numbers.sqrt(), torch.tensor([0j, 1j, 2 + 1j]))


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


def test_torch_warns_of_no_other_sizes_than_with_skorch() -> None:
    def messages() -> set[str]:
        net = classifier(wrapper=NeuralNet, module__n_outputs=1, criterion=nn.MSELoss, lr=0.01)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            cross_validate(net, ROWS, NUMBERS[:, 0].astype(np.float32), cv=3, scoring="r2")
        return {str(warning.message) for warning in caught}

    ours, theirs = both_ways(messages)
    assert ours <= theirs
