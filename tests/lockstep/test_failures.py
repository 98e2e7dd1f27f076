"""What fails, fails as under skorch alone, and ends no search that skorch would finish."""

import signal
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator
from sklearn.model_selection import KFold
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback
from torch import nn

from stages.lib.lockstep import FiniteOrUnfit
from stages.lib.lockstep.stacks.stack import Stack
from tests.lockstep.nets import LABELS, LogitNet, Y, net, one_by_one, scores, search, told


class Broken(LogitNet):
    """Fails where it is built, or in its first step."""

    def __init__(self, where: str = "") -> None:
        super().__init__()
        self.where = where
        if where == "built":
            raise ValueError("the user's own mistake")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.where == "forward":
            raise ValueError("the user's own mistake")
        return super().forward(x)


def broken(**settings: Any) -> BaseEstimator:
    return net(module=Broken, criterion=torch.nn.CrossEntropyLoss, **settings)


@pytest.mark.parametrize("where", ["built", "forward"])
@pytest.mark.parametrize("stack", [True, False])
def test_a_fit_that_fails_raises_its_error_or_has_no_score(where: str, stack: bool) -> None:
    grid = {"module__where": ["", where], "lr": [0.1, 0.01]}
    backend = {"stack": stack}
    found, _ = told(broken(), grid, LABELS, scoring="accuracy", backend=backend)
    # Keys are sorted, so rates change slowest.
    assert np.isnan(found.cv_results_["mean_test_score"]).tolist() == [False, True] * 2
    good = {frozenset(key): value for key, value in scores(found).items() if ("module__where", "") in key}
    assert good == scores(
        told(broken(), grid | {"module__where": [""]}, LABELS, scoring="accuracy", backend=backend)[0]
    )
    with pytest.raises(ValueError, match="the user's own mistake"):
        told(broken(), grid, LABELS, scoring="accuracy", backend=backend, error_score="raise")


class Brier(torch.nn.Module):
    """Knows two classes."""

    def forward(self, predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return ((predicted.softmax(1) - torch.nn.functional.one_hot(target, num_classes=2)) ** 2).mean()


@pytest.mark.filterwarnings("ignore")
def test_a_class_that_a_loss_does_not_know_fails_on_its_splits() -> None:
    labels = LABELS.copy()
    labels[190] = 2  # in the test rows of the last split
    given = net(module=LogitNet, criterion=Brier, train_split=None), {"lr": [0.1, 0.01]}, labels
    stacked, alone = (
        told(*given, scoring="accuracy", cv=KFold(3), backend={"stack": stack})[0] for stack in (True, False)
    )
    assert scores(stacked) == scores(alone)
    assert np.isnan(stacked.cv_results_["split2_test_score"]).tolist() == [False, False]
    assert np.isnan(stacked.cv_results_["split0_test_score"]).all()


class Guard(Callback):
    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        if net.lr > 1:
            raise ValueError("the rate is too high")


@pytest.mark.filterwarnings("ignore")
def test_a_callback_that_raises_takes_no_other_net_along() -> None:
    guarded = net(callbacks=[Guard()], verbose=0)
    (some, said), (all_good, _) = (told(guarded, {"lr": rates}, Y) for rates in ([0.1, 2.0, 0.01], [0.1, 0.01]))
    assert [message.partition(":")[0] for message in said] == [
        "1 of 3 candidates are fitted one by one, not in lockstep"
    ]
    assert np.isnan(some.cv_results_["mean_test_score"]).tolist() == [False, True, False]
    assert {key: value for key, value in scores(some).items() if ("lr", 2.0) not in key} == scores(all_good)


def test_where_all_fits_fail_scikit_learn_says_so() -> None:
    with pytest.raises(ValueError, match="All the 6 fits failed"):
        told(broken(), {"module__where": ["forward"], "lr": [0.1, 0.01]}, LABELS, scoring="accuracy")


def test_a_scorer_that_fails_gets_the_error_score() -> None:
    def scorer(estimator: BaseEstimator, rows: np.ndarray, y: np.ndarray) -> float:
        raise ValueError("no score today")

    with pytest.raises(ValueError, match="no score today"):
        search(net(), {"lr": [0.1]}, scoring=scorer, error_score="raise")
    with pytest.warns(UserWarning, match="no score today"):
        found = search(net(), {"lr": [0.1]}, scoring=scorer, error_score=-1)
    assert found.cv_results_["mean_test_score"].tolist() == [-1]


def test_a_stack_that_fails_in_the_middle_is_tried_net_by_net(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = scores(search(net(), {"lr": [0.1, 0.01]}))
    take_step = Stack.take_step

    def failing(self: Stack, *args: Any) -> Any:
        if len(self.members) > 2:
            raise RuntimeError("out of memory")
        return take_step(self, *args)

    monkeypatch.setattr(Stack, "take_step", failing)
    found, messages = told(net(), {"lr": [0.1, 0.01]}, Y)
    assert messages == ["a stack of 6 nets failed, so each is trained by itself: RuntimeError: out of memory"]
    assert scores(found) == expected

    def always(self: Stack, *args: Any) -> Any:
        if len(self.members) != 2:  # a trial
            raise RuntimeError("out of memory")
        return take_step(self, *args)

    monkeypatch.setattr(Stack, "take_step", always)
    found, messages = told(net(), {"lr": [0.1, 0.01]}, Y)
    assert messages[1:] == ["2 of 2 candidates are fitted one by one, not in lockstep: RuntimeError: out of memory"]
    assert scores(found) == scores(one_by_one(net(), {"lr": [0.1, 0.01]}))


@pytest.mark.parametrize("stack", [True, False])
def test_an_interrupt_ends_the_search(stack: bool) -> None:
    def interrupt(*args: Any) -> None:
        raise KeyboardInterrupt

    heard: list[Any] = []

    def scorer(estimator: BaseEstimator, rows: np.ndarray, y: np.ndarray) -> float:
        heard.append(estimator)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        told(net(), {"lr": [0.1, 0.01]}, Y, scoring=scorer, backend={"stack": stack})
    assert len(heard) == 1
    with pytest.raises(KeyboardInterrupt):
        told(net(), {"lr": [0.1, 0.01]}, Y, backend={"stack": stack, "on_progress": interrupt})
    assert np.isfinite(search(net(), {"lr": [0.1]}).cv_results_["mean_test_score"]).all()


class Pressing(Callback):
    """Presses Ctrl-C in the middle of a training, but not in a trial."""

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        if net.max_epochs == 7 and len(net.history) == 3:
            signal.raise_signal(signal.SIGINT)


def test_ctrl_c_in_a_stack_ends_the_search_though_skorch_would_go_on() -> None:
    with pytest.raises(KeyboardInterrupt):
        told(net(callbacks=[Pressing()], max_epochs=7), {"lr": [0.1, 0.01]}, Y)


class Finite(FiniteOrUnfit, NeuralNetClassifier):
    pass


def finite_accuracy(estimator: Any, rows: np.ndarray, y: np.ndarray) -> float:
    return np.nan if estimator.diverged_ else float((estimator.predict(rows) == y).mean())


@pytest.mark.parametrize("criterion", [nn.BCELoss, nn.BCEWithLogitsLoss])
def test_a_diverging_candidate_has_no_score_and_harms_no_other(criterion: type[nn.Module]) -> None:
    output = nn.Sigmoid if criterion is nn.BCELoss else nn.Identity
    estimator = net(wrapper=Finite, criterion=criterion, module__output=output, optimizer=torch.optim.SGD)
    # BCELoss raises where it meets NaN, so that candidate goes on alone.
    both, _ = told(estimator, {"lr": [1e37, 0.001]}, Y, scoring=finite_accuracy)
    alone = search(estimator, {"lr": [0.001]}, scoring=finite_accuracy)
    assert np.isnan(both.cv_results_["mean_test_score"]).tolist() == [True, False]
    assert both.cv_results_["rank_test_score"].tolist() == [2, 1]
    assert list(scores(alone).values()) == [list(scores(both).values())[1]]


def test_without_the_mixin_a_diverging_candidate_is_skorchs_own() -> None:
    grid = {"lr": [1e37, 0.001]}
    estimator = net(optimizer=torch.optim.SGD)
    ours, theirs = told(estimator, grid, Y)[0], told(estimator, grid, Y, backend={"stack": False})[0]
    for key in ("mean_test_score", "rank_test_score"):
        np.testing.assert_allclose(ours.cv_results_[key], theirs.cv_results_[key], rtol=1e-4)
    with pytest.raises(RuntimeError, match="all elements of input should be between 0 and 1"):
        told(estimator, grid, Y, error_score="raise")
