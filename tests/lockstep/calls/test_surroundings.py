"""What belongs to a thread or the process is each call's own; and where calls without nets run."""

import contextlib
import io
import os
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextvars import ContextVar
from functools import wraps
from typing import Any

import numpy as np
import pytest
import sklearn
import torch
from joblib import Parallel, delayed, parallel_config
from sklearn.base import clone
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, _bagging
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.parallel import Parallel as SklearnsParallel
from sklearn.utils.parallel import delayed as sklearns_delayed
from threadpoolctl import threadpool_info

from lockstep.members.numerics import random_states
from tests.lockstep.calls.nets import SEED, X, classifier, counted, under_lockstep, y
from tests.lockstep.calls.test_calls import fitted

NUMBER: ContextVar[int] = ContextVar("number", default=0)


def surroundings() -> Any:
    """Return what belongs to a thread or the process."""
    return (
        sklearn.get_config()["transform_output"],
        torch.is_grad_enabled(),
        torch.get_default_dtype(),
        np.geterr()["under"],
        NUMBER.get(),
        sys.stdout,
        list(warnings.filters),
        _used_threads(),
    )


def _used_threads() -> dict[str, int]:
    """Return how many threads libraries of C use, which a new thread decides for itself."""
    return {each["filepath"]: each["num_threads"] for each in threadpool_info() if each["user_api"] == "openmp"}


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Let torch use two threads, where a new thread would have one."""
    n = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(n)


@pytest.mark.usefixtures("two_threads")
def test_each_call_has_surroundings_of_its_own() -> None:
    def call(net: Any, number: int) -> Any:
        before = surroundings()
        with (
            warnings.catch_warnings(),
            sklearn.config_context(assume_finite=number == 1),
            np.errstate(all="raise" if number else "ignore"),
        ):
            warnings.simplefilter("error" if number else "ignore", FutureWarning)
            NUMBER.set(number)
            inside = surroundings()
            fitted(net)
            assert surroundings() == inside
            assert sklearn.get_config()["assume_finite"] == (number == 1)
        NUMBER.set(5)
        return before == outer and surroundings()[:4] == outer[:4]

    with (
        sklearn.config_context(transform_output="pandas"),
        torch.no_grad(),
        np.errstate(under="raise"),
        warnings.catch_warnings(),
    ):
        NUMBER.set(5)
        warnings.simplefilter("ignore", UserWarning)
        with parallel_config(backend="lockstep", random_state=SEED), counted() as counts:
            outer = surroundings()
            assert Parallel()(delayed(call)(classifier(), i) for i in range(2)) == [True, True]
            assert surroundings() == outer
    assert counts.stacks == [2]


def test_calls_without_nets_keep_their_surroundings_too() -> None:
    def call() -> Any:
        return sklearn.get_config()["transform_output"], torch.is_grad_enabled(), NUMBER.get()

    NUMBER.set(3)
    with sklearn.config_context(transform_output="pandas"), torch.no_grad(), parallel_config(backend="lockstep"):
        found = SklearnsParallel()(sklearns_delayed(call)() for _ in range(2))
    assert found == [("pandas", False, 3)] * 2


def test_what_is_printed_goes_where_a_call_lets_it() -> None:
    def call(net: Any) -> str:
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            fitted(net)
        return shown.getvalue()

    def use() -> Any:
        return Parallel()(delayed(call)(classifier(verbose=1, max_epochs=2, lr=lr)) for lr in (0.1, 0.0001))

    (one, other), counts = under_lockstep(use)
    assert counts.stacks == [2]
    for shown in (one, other):
        assert [line.split()[0] for line in shown.splitlines()] == ["epoch", "-------", "1", "2"]
    assert one.splitlines()[-1].split()[1] != other.splitlines()[-1].split()[1]


def who() -> tuple[int, int]:
    time.sleep(0.05)
    return os.getpid(), threading.get_ident()


@pytest.mark.parametrize(("n_jobs", "n_workers"), [(None, 1), (1, 1), (2, 2)])
def test_calls_without_nets_have_the_workers_that_they_ask_for(n_jobs: Any, n_workers: int) -> None:
    with parallel_config(backend="lockstep"):
        assert len(set(Parallel(n_jobs=n_jobs, prefer="threads")(delayed(who)() for _ in range(12)))) == n_workers
    with parallel_config(backend="threading"), parallel_config(backend="lockstep"):
        assert len({each[1] for each in Parallel(n_jobs=n_jobs)(delayed(who)() for _ in range(12))}) == n_workers


def test_a_forest_keeps_its_workers_and_its_trees() -> None:
    forest = RandomForestClassifier(12, n_jobs=2, random_state=0)
    expected = forest.fit(X, y).predict_proba(X)
    seen: set[int] = set()
    before = random_states()
    with pytest.MonkeyPatch.context() as patch, parallel_config(backend="lockstep", random_state=SEED):
        fit = DecisionTreeClassifier._fit

        def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
            seen.add(threading.get_ident())
            time.sleep(0.02)
            return fit(self, *args, **kwargs)

        patch.setattr(DecisionTreeClassifier, "_fit", watched)
        assert np.array_equal(clone(forest).fit(X, y).predict_proba(X), expected)
    assert len(seen) == 2
    assert random_states() == before


def test_the_number_of_calls_is_the_engines_for_nets_and_joblibs_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    n_calls: list[int] = []
    build = _bagging._parallel_build_estimators

    @wraps(build)
    def building(*args: Any, **kwargs: Any) -> Any:
        n_calls[-1] += 1
        return build(*args, **kwargs)

    monkeypatch.setattr(_bagging, "_parallel_build_estimators", building)
    with parallel_config(backend="threading"), parallel_config(backend="lockstep"):
        for estimator in (classifier(max_epochs=1), DecisionTreeClassifier()):
            for n_jobs in (None, 2):
                n_calls.append(0)
                BaggingClassifier(estimator, 5, n_jobs=n_jobs, random_state=0).fit(X, y)
    assert n_calls == [5, 5, 1, 2]


def test_a_call_that_never_fits_leaves_the_generators_alone() -> None:
    bagging = BaggingClassifier(classifier(max_epochs=1), 3, random_state=0).fit(X, y)
    expected = bagging.predict_proba(X)
    with parallel_config(backend="lockstep", random_state=SEED):
        before = random_states()
        assert np.array_equal(bagging.predict_proba(X), expected)
        assert random_states() == before
