"""Nets that calls fit alone, and what is said of them; errors, locks and Ctrl-C in calls."""

import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from sklearn.base import clone
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.feature_selection import SelectFromModel
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import Callback
from torch import Tensor

from lockstep.calls import idle
from lockstep.members import own_code
from tests.lockstep.calls.nets import SEED, Net, X, both_ways, classifier, under_lockstep, y
from tests.lockstep.calls.test_calls import fitted, weights


@pytest.fixture(autouse=True)
def leaves_nothing() -> Iterator[None]:
    """After each test, skorch is as before, and no thread is left."""
    before, partial_fit = threading.active_count(), NeuralNet.partial_fit
    yield
    assert NeuralNet.partial_fit is partial_fit
    assert threading.active_count() == before


class Mine(Callback):
    """A callback that is not declared to change nothing."""


class Loop(NeuralNetClassifier):
    """Has a training loop of its own."""

    def train_step(self, batch: Any, **fit_params: Any) -> Any:
        return super().train_step(batch, **fit_params)


def calls(function: Callable[..., Any], *nets: Any) -> Callable[[], Any]:
    return lambda: Parallel()(delayed(function)(clone(net)) for net in nets)


def warm(net: Any) -> np.ndarray:
    net.fit(X, y)
    return fitted(net.set_params(warm_start=True))


def by_parts(net: Any) -> np.ndarray:
    """Fit by `partial_fit` alone, twice."""
    net.partial_fit(X, y, classes=np.unique(y))  # as a learning curve does
    return weights(net.partial_fit(X, y))


def in_a_thread(net: Any) -> np.ndarray:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(fitted, net).result()


def weighted(net: Any) -> np.ndarray:
    return weights(net.fit(X, y, sample_weight=None, forward=1))


@pytest.mark.parametrize(
    ("function", "settings", "n_stacked", "told"),
    [
        (fitted, {"callbacks": [Mine]}, 0, "Mine is a callback of your own, so 2 nets are fitted one by one; if it"),
        (fitted, {"wrapper": Loop}, 0, "Loop has its own train_step, so 2 nets are fitted one by one; of skorch's"),
        (warm, {}, 2, "NeuralNetClassifier has been trained before, and goes on by warm_start or partial_fit"),
        (by_parts, {}, 2, "NeuralNetClassifier has been trained before, and goes on by warm_start or partial_fit"),
        (in_a_thread, {}, 0, "a net is fitted in a thread that a call has started itself, so 2 nets are fitted one by"),
    ],
)
def test_a_warning_says_why_nets_are_fitted_alone(
    function: Callable[..., Any], settings: Any, n_stacked: int, told: str
) -> None:
    use = calls(function, classifier(**settings), classifier(**settings, lr=0.05))
    counts = both_ways(use) if function is not in_a_thread else under_lockstep(use)[1]
    assert counts.stacked == n_stacked
    (said,) = counts.told
    assert said.startswith(told)


def test_a_net_that_no_argument_shows_is_fitted_alone_with_a_warning() -> None:
    class Slots:
        """Does not show what it holds."""

        __slots__ = ("net",)
        net: Any

    def function() -> np.ndarray:
        return fitted(holder.net)

    holder = Slots()
    holder.net = classifier()
    _, counts = under_lockstep(lambda: Parallel()(delayed(function)() for _ in range(1)))
    assert counts.stacked == 0
    assert counts.told == [
        "a call fits a net that is neither among its arguments nor named in its function, so 1 net is fitted one by "
        "one; make it one of the arguments"
    ]


def test_a_net_in_a_step_around_another_net_is_fitted_alone_with_a_warning() -> None:
    around = SelectFromModel(classifier(), threshold=-np.inf, importance_getter=lambda net: np.ones(X.shape[1]))
    _, counts = under_lockstep(
        lambda: cross_val_score(make_pipeline(around, classifier()), X, y, cv=2, error_score="raise")
    )
    assert counts.stacks == [2]
    assert counts.told == [
        "a net is fitted by a callback, or in a step around another net, so 2 nets are fitted one by one"
    ]


def test_an_error_of_on_progress_ends_all_calls() -> None:
    def progress(more: int, total: int) -> None:
        raise InterruptedError("enough")

    with pytest.raises(InterruptedError, match="enough"):
        under_lockstep(calls(fitted, classifier(), classifier()), on_progress=progress)


def test_one_of_three_that_is_fitted_alone_starts_where_its_training_began() -> None:
    nets = [("one", classifier()), ("own", classifier(callbacks=[Mine])), ("other", classifier(lr=0.02))]
    counts = both_ways(lambda: VotingClassifier(nets, voting="soft").fit(X, y).predict_proba(X))
    assert counts.stacks == [2]
    (said,) = counts.told
    assert "so 1 of 3 nets are fitted one by one" in said


FACTOR = {"of": 1.0}


class Reads(Net):
    """Reads a global variable."""

    def forward(self, X: Tensor) -> Tensor:
        return super().forward(X) * FACTOR["of"]


def test_a_net_that_reads_what_another_call_has_set_since_is_fitted_alone_with_a_warning() -> None:
    def sets(net: Any) -> np.ndarray:
        FACTOR["of"] = net.lr
        return fitted(net.set_params(module=Reads))

    _, counts = under_lockstep(calls(sets, classifier(), classifier(lr=0.05)))
    assert counts.stacked == 1
    (said,) = counts.told
    assert "such as a global variable, changes while nets are made, so 1 of 2 nets" in said


class Failing(Callback):
    """Raises in the middle of the training of a net with a high rate, and counts how often a training begins."""

    n_begun = 0

    def on_train_begin(self, net: Any, **about: Any) -> None:
        type(self).n_begun += 1

    def on_epoch_end(self, net: Any, **about: Any) -> None:
        if net.lr > 0.5 and len(net.history) == 2 and net.max_epochs == 3:
            raise ValueError("the rate is too high")


def test_an_error_is_raised_as_that_of_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Failing, own_code._DECLARED, True, raising=False)
    n_done: list[int] = []

    def function(net: Any) -> np.ndarray:
        found = fitted(net)
        n_done.append(1)
        return found

    use = calls(function, classifier(), classifier(lr=0.9, callbacks=[Failing]), *[classifier() for _ in range(3)])
    shown = []
    for stack in (True, False):
        n_done.clear()
        with pytest.raises(ValueError, match=r"^the rate is too high$") as raised:
            under_lockstep(use, stack=stack)
        assert sum(n_done) == 1  # no result of a later call is needed
        frames = traceback.extract_tb(raised.value.__traceback__)
        assert not [frame for frame in frames if "lockstep/calls/call" in frame.filename]
        names = [frame.name for frame in frames if "lockstep" not in frame.filename or "tests" in frame.filename]
        shown.append(names[names.index("function") :])
    assert shown[0] == shown[1]
    assert shown[0][:4] == ["function", "fitted", "fit", "fit"]


def test_the_first_call_that_fails_raises_although_a_later_one_fails_earlier() -> None:
    def function(net: Any, number: int) -> np.ndarray:
        if number == 2:
            raise ValueError("the later one")
        fitted(net)
        if number == 1:
            raise ValueError("the earlier one")
        return fitted(net)

    for stack in (True, False):
        with pytest.raises(ValueError, match="the earlier one"):
            under_lockstep(lambda: Parallel()(delayed(function)(classifier(), i) for i in range(4)), stack=stack)


@pytest.mark.parametrize(("fits_inside", "has_clock"), [(1, True), (2, True), (1, False)])
def test_a_lock_around_fits_makes_them_go_one_by_one(
    fits_inside: int, has_clock: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle, "_STUCK", 0.3)
    if not has_clock:  # as on Windows
        monkeypatch.delattr(time, "pthread_getcpuclockid", raising=False)
    lock = threading.Lock()

    def function(net: Any) -> np.ndarray:
        with lock:
            for _ in range(fits_inside):
                found = fitted(net)
        return found

    counts = both_ways(calls(function, *[classifier(lr=lr) for lr in (0.1, 0.05, 0.02)]))
    assert counts.told[0].startswith("another call waits for a lock that is held where a net is fitted, so ")


def test_a_call_that_sleeps_holds_nobody_up_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "_STUCK", 0.1)

    def function(net: Any) -> np.ndarray:
        if net.lr == 0.02:
            time.sleep(1.5)
        return fitted(net)

    both_ways(calls(function, *[classifier(lr=lr) for lr in (0.1, 0.05, 0.02)]))


class Pressed(Callback):
    """Presses Ctrl-C in a training that skorch does alone."""

    def on_epoch_end(self, net: Any, **about: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        time.sleep(0.5)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("where", ["between", "alone", "inside", "stack"])
def test_ctrl_c_ends_all_calls(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    if where == "stack":
        monkeypatch.setattr(Pressed, own_code._DECLARED, True, raising=False)

    def function(net: Any, number: int) -> Any:
        try:
            if where == "inside":
                return BaggingClassifier(net, 3, random_state=0).fit(X, y)
            fitted(net)
            if number == 1:
                signal.raise_signal(signal.SIGINT)
            for _ in range(200):
                time.sleep(0.01)
        except Exception:
            ended.append(-1)
        finally:
            ended.append(number)

    callbacks = {"between": None, "alone": [Mine, Pressed], "inside": [Mine, Pressed], "stack": [Pressed]}[where]
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt), parallel_config(backend="lockstep", random_state=SEED):
        Parallel()(delayed(function)(classifier(callbacks=callbacks), i) for i in range(3))
    assert sorted(ended) == [0, 1, 2]
    assert time.monotonic() - start < 60
