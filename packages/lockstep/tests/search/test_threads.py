"""Searches in several threads of one process wait for each other's fits, and prints are kept apart."""

import io
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV, cross_val_score

import lockstep
from lockstep._compat import get_active_backend
from lockstep.turns import FITS, caught
from packages.lockstep.tests.nets import X, Y, net

SEEDS = (1, 2, 3)
RATES = {"lr": [0.01, 0.1]}
# So long may all threads of a test take, in seconds, before it fails instead of waiting for ever.
LONGEST = 120


def grid_search(**settings: Any) -> GridSearchCV:
    estimator = net(module__dropout_rate=0.3, **settings)
    return GridSearchCV(
        estimator, RATES, cv=2, scoring="neg_brier_score", error_score="raise"
    )


def scored(seed: int) -> list[bytes]:
    """Return the bytes of all scores of a search without a refit, which would draw beside other searches."""
    with parallel_config(backend="lockstep", random_state=seed):
        found = grid_search().set_params(refit=False).fit(X, Y)
    return [found.cv_results_[f"split{i}_test_score"].tobytes() for i in range(2)]


def in_threads(work: Callable[[int], Any]) -> list[Future[Any]]:
    """Do some work with each seed, in a thread each, and wait for all."""
    pool = ThreadPoolExecutor(len(SEEDS))
    futures = [pool.submit(work, seed) for seed in SEEDS]
    for future in futures:
        future.exception(LONGEST)
    return futures


def test_searches_in_threads_give_what_they_give_alone() -> None:
    shown = sys.stdout
    alone = [scored(seed) for seed in SEEDS]
    assert len({str(each) for each in alone}) == len(SEEDS)
    assert [future.result() for future in in_threads(scored)] == alone
    assert sys.stdout is shown


def test_a_search_that_fails_lets_the_others_go_on() -> None:
    def work(seed: int) -> list[bytes]:
        if seed == 2:
            with parallel_config(backend="lockstep"):
                grid_search().set_params(scoring=lambda *about: 1 / 0).fit(X, Y)
        return scored(seed)

    first, failed, last = in_threads(work)
    assert isinstance(failed.exception(), ZeroDivisionError)
    assert [each.result() for each in (first, last)] == [
        scored(seed) for seed in (1, 3)
    ]


def test_a_search_waits_while_another_one_scores() -> None:
    events: list[str] = []

    def slow(estimator: Any, X: Any, y: Any) -> float:
        events.append(threading.current_thread().name)
        time.sleep(0.02)
        return 0.0

    def work(name: str) -> None:
        threading.current_thread().name = name
        with parallel_config(backend="lockstep"):
            grid_search().set_params(scoring=slow, refit=False).fit(X, Y)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, ["a", "b"]))
    assert len(events) == 8
    assert events[:4] == [events[0]] * 4


def test_a_search_inside_of_a_search_waits_for_none() -> None:
    """Its call may run in another thread than the outer one, such as in a worker of Dask."""

    def inside(estimator: Any, X: Any, y: Any) -> float:
        with ThreadPoolExecutor(1) as pool:
            return float(pool.submit(inner, get_active_backend()[0]).result(LONGEST))

    def inner(backend: Any) -> float:
        with parallel_config(backend=backend):
            return float(
                np.mean(cross_val_score(net(), X, Y, cv=2, scoring="neg_brier_score"))
            )

    with parallel_config(backend="lockstep"):
        found = cross_val_score(net(), X, Y, cv=2, scoring=inside, error_score="raise")
    assert np.isfinite(found).all()


def test_what_another_thread_prints_is_shown() -> None:
    with redirect_stdout(io.StringIO()) as shown, caught(mine := io.StringIO()):
        other = threading.Thread(target=print, args=["other"])
        other.start()
        other.join()
        print("mine")
    assert (mine.getvalue(), shown.getvalue()) == ("mine\n", "other\n")


def test_explain_waits_for_a_search() -> None:
    with ThreadPoolExecutor(1) as pool:
        with FITS:
            said = pool.submit(lockstep.explain, net(), X, Y)
            with pytest.raises(TimeoutError):
                said.result(0.5)
        assert "goes in lockstep" in said.result(LONGEST)
