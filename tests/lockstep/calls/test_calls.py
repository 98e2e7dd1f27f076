"""Calls of a script's own: their seeds, how many wait, and what else goes on in them."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from joblib import Parallel, delayed, parallel_config
from sklearn.base import clone
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.model_selection import GridSearchCV
from skorch import NeuralNetClassifier

from lockstep import fit_seed
from lockstep.calls import calls
from lockstep.calls.call import Call
from lockstep.members.numerics import seed_everything
from tests.lockstep.calls.nets import SEED, Sized, X, both_ways, classifier, under_lockstep, y


def weights(net: Any) -> np.ndarray:
    return np.concatenate([each.detach().numpy().ravel() for each in net.module_.parameters()])


def fitted(net: Any) -> np.ndarray:
    return weights(net.fit(X, y))


def test_a_call_has_the_seed_that_the_page_gives_and_is_else_as_skorch_alone() -> None:
    nets = [classifier(lr=lr) for lr in (0.05, 0.1)]
    ours, counts = under_lockstep(lambda: VotingClassifier([("a", nets[0]), ("b", nets[1])]).fit(X, y).estimators_)
    assert counts.stacks == [2]
    for number, net in enumerate(nets):
        seed_everything(fit_seed(SEED, number, 0, 2))
        theirs = clone(net).fit(X, y)
        np.testing.assert_allclose(weights(ours[number]), weights(theirs), rtol=1e-3, atol=1e-5)
        assert [row["train_loss"] for row in ours[number].history] == pytest.approx(
            [row["train_loss"] for row in theirs.history], rel=1e-4
        )


def test_what_else_is_in_the_block_does_not_matter() -> None:
    def use() -> Any:
        return Parallel()(delayed(fitted)(classifier()) for _ in range(2))

    alone, _ = under_lockstep(use)

    def beside() -> Any:
        Parallel()(delayed(abs)(i) for i in range(3))
        GridSearchCV(classifier(), {"lr": [0.1]}, cv=2).fit(X, y)
        return use()

    assert np.array_equal(alone, under_lockstep(beside)[0])


def twice(net: Any) -> list[Any]:
    """Fit a net twice, the second time with random layers, and draw numbers before, between and after."""
    drawn = [np.random.rand(), torch.rand(1).item()]
    first = fitted(net)
    drawn += [np.random.rand(), torch.rand(1).item()]
    second = fitted(net.set_params(lr=0.02))
    return [*first, *second, *drawn, np.random.rand(), torch.rand(1).item()]


@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_two_fits_in_a_call_and_what_is_drawn_around_them(rate: float) -> None:
    def use() -> Any:
        found = Parallel()(delayed(twice)(classifier(module__rate=rate)) for _ in range(3))
        return found if rate == 0 else [each[-6:] for each in found]  # masks differ

    counts = both_ways(use)
    assert counts.stacks == [3, 3]
    assert not counts.told


def test_a_fit_of_ones_own_runs_once_for_each_net() -> None:
    Sized.n_fits = 0
    found, counts = under_lockstep(
        lambda: BaggingClassifier(classifier(wrapper=Sized), 5, random_state=0).fit(X, y).estimators_
    )
    assert (Sized.n_fits, counts.stacks, counts.told) == (5, [5], [])
    assert len({each.drawn_ for each in found}) == 5


class Made:
    """Makes its net itself."""

    def __call__(self, lr: float) -> np.ndarray:
        return fitted(NeuralNetClassifier(**classifier(lr=lr).get_params(deep=False)))


def named_in_its_code(lr: float) -> np.ndarray:
    return fitted(classifier(lr=lr))


@pytest.mark.parametrize("function", [Made(), named_in_its_code, lambda lr: named_in_its_code(lr)])
def test_nets_that_only_the_code_of_a_call_names_are_found(function: Callable[[float], Any]) -> None:
    _, counts = under_lockstep(lambda: Parallel()(delayed(function)(lr) for lr in (0.1, 0.05)))
    assert (counts.stacks, counts.told) == ([2], [])


class Lazy:
    """Imports a missing module when anything about it is asked."""

    def __getattribute__(self, name: str) -> Any:
        raise ModuleNotFoundError("No module named '_dbm'")


def test_an_argument_that_answers_nothing_does_no_harm() -> None:
    def function(lazy: Any, net: Any) -> np.ndarray:
        return fitted(net)

    _, counts = under_lockstep(lambda: Parallel()(delayed(function)(Lazy(), classifier()) for _ in range(2)))
    assert counts.stacks == [2]


@pytest.mark.long
def test_a_thousand_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lockstep.search.Search.run", lambda self: None)  # nothing is trained: it takes long
    monkeypatch.setattr("skorch.NeuralNet.fit_loop", lambda self, *args, **kwargs: self)
    most: list[int] = []

    def call(net: Any, number: int) -> int:
        fitted(net)
        most.append(threading.active_count())
        return number

    before = threading.active_count()
    with parallel_config(backend="lockstep", random_state=SEED):
        assert Parallel()(delayed(call)(classifier(), i) for i in range(1000)) == list(range(1000))
    assert max(most) <= before + calls._MOST
    assert threading.active_count() == before


def test_rows_of_calls_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    large = np.resize(X, (2000, 6))

    def call(net: Any) -> Any:
        return net.fit(large.copy(), np.resize(y, 2000)).predict(X)

    monkeypatch.setattr(calls, "_SHARE", 2048 * 2**20 // (3 * large.nbytes))  # the rows of three calls
    _, counts = under_lockstep(lambda: Parallel()(delayed(call)(classifier(max_epochs=1)) for _ in range(5)))
    assert counts.stacks == [3, 2]


def test_no_more_threads_than_there_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    start = Call.start

    def starting(self: Call) -> None:
        if threading.active_count() >= before + 2:
            raise RuntimeError("can't start new thread")
        start(self)

    before = threading.active_count()
    monkeypatch.setattr(Call, "start", starting)
    _, counts = under_lockstep(lambda: Parallel()(delayed(fitted)(classifier()) for _ in range(5)))
    assert counts.stacks == [2, 2, 1]


def test_a_block_of_its_own_inside_of_a_call() -> None:
    def call(net: Any, seed: int) -> Any:
        with parallel_config(backend="lockstep", random_state=seed):
            search = GridSearchCV(net, {"lr": [0.1, 0.05]}, cv=2).fit(X, y)
        return search.cv_results_["mean_test_score"], weights(search.best_estimator_)

    found, counts = under_lockstep(lambda: Parallel()(delayed(call)(classifier(), i % 2) for i in range(3)))
    assert counts.stacks == [4, 4, 4, 3]  # the refits wait for each other, and other blocks for nobody
    assert counts.told == []
    assert np.array_equal(found[0][0], found[2][0])
    assert not np.array_equal(found[0][1], found[1][1])


def test_a_parallel_that_is_used_twice() -> None:
    def use() -> Any:
        with Parallel() as parallel:
            return [parallel(delayed(fitted)(classifier(lr=lr)) for lr in (0.1, 0.05)) for _ in range(2)]

    counts = both_ways(use)
    assert counts.stacks == [2, 2]


def test_batches_of_several_calls() -> None:
    found, counts = under_lockstep(lambda: Parallel(batch_size=2)(delayed(fitted)(classifier(lr=lr)) for lr in RATES))
    assert counts.stacked == len(RATES) == len(found)


RATES = (0.1, 0.05, 0.02, 0.01)


@pytest.mark.long
def test_stacks_side_by_side() -> None:
    nets = [(f"{name} {lr}", net(lr)) for name, net in _TWO.items() for lr in (0.1, 0.05)]
    one, two = (
        under_lockstep(lambda: VotingClassifier(nets, voting="soft").fit(X, y).predict_proba(X), n_jobs=n_jobs)
        for n_jobs in (1, 2)
    )
    assert len(one[1].stacks) == 2
    np.testing.assert_allclose(one[0], two[0], rtol=1e-4)


_TWO: dict[str, Any] = {
    "relu": lambda lr: classifier(lr=lr),
    "wide": lambda lr: classifier(lr=lr, module__n_hidden=12),
}


def test_a_net_is_as_skorch_leaves_it() -> None:
    """A meta-estimator may clone it, go on training it, read its records, or fit it again."""

    def call(net: Any) -> Any:
        before = net.fit(X, y), net.module_, net.optimizer_
        names = [name for name, _ in net.callbacks_]
        keys = sorted(net.history[-1])
        twin = clone(net)
        net.partial_fit(X, y)
        assert (net.module_, net.optimizer_) == before[1:]
        return names, keys, len(net.history), twin.get_params().keys() == net.get_params().keys(), twin.initialized_

    (ours, counts), (theirs, _) = (
        under_lockstep(lambda: Parallel()(delayed(call)(classifier()) for _ in range(2)), stack=stack)
        for stack in (True, False)
    )
    assert counts.stacked == 2
    assert ours == theirs
