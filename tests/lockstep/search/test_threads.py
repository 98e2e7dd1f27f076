"""Searches in several threads of one process: each gives what it gives alone, and prints are kept apart."""

import io
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import redirect_stdout
from typing import Any

import pytest
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV

import lockstep
from lockstep.backend import LockstepBackend
from lockstep.turns import caught, take_turn
from tests.lockstep.nets import X, Y, net

SEEDS = (1, 2, 3)
RATES = {"lr": [0.01, 0.1]}
# So long may all threads of a test take, in seconds, before it fails instead of waiting for ever.
LONGEST = 120


def grid_search(**settings: Any) -> GridSearchCV:
    estimator = net(module__dropout_rate=0.3, **settings)
    return GridSearchCV(estimator, RATES, cv=2, scoring="neg_brier_score", error_score="raise")


def refitted(seed: int) -> GridSearchCV:
    with parallel_config(backend="lockstep", random_state=seed):
        return grid_search().fit(X, Y)


def content(search: GridSearchCV) -> list[bytes]:
    """Return the bytes of all scores, and of the weights and predictions of the best net, which is fitted once more.

    Not in a thread beside a search: skorch predicts by a DataLoader, which draws from torch's one generator.
    """
    weights = [weight.detach().numpy().tobytes() for weight in search.best_estimator_.module_.parameters()]
    scores = [search.cv_results_[f"split{i}_test_score"].tobytes() for i in range(2)]
    return [*scores, *weights, search.predict_proba(X).tobytes()]


def in_threads(work: Callable[[int], Any]) -> list[Future[Any]]:
    """Do some work with each seed, in a thread each, and wait for all."""
    pool = ThreadPoolExecutor(len(SEEDS))
    futures = [pool.submit(work, seed) for seed in SEEDS]
    for future in futures:
        future.exception(LONGEST)
    return futures


def test_searches_in_threads_give_what_they_give_alone() -> None:
    shown = sys.stdout
    alone = [content(refitted(seed)) for seed in SEEDS]
    assert len({str(each) for each in alone}) == len(SEEDS)
    assert [content(future.result()) for future in in_threads(refitted)] == alone
    assert sys.stdout is shown


def test_a_search_that_fails_lets_the_others_go_on() -> None:
    def work(seed: int) -> GridSearchCV:
        if seed == 2:  # its refit fails, and its error, which knows the search, is kept
            with parallel_config(backend="lockstep"):
                grid_search().set_params(refit=lambda results: 1 / 0).fit(X, Y)
        return refitted(seed)

    first, failed, last = in_threads(work)
    assert isinstance(failed.exception(), ZeroDivisionError)
    assert [content(each.result()) for each in (first, last)] == [content(refitted(seed)) for seed in (1, 3)]


def test_a_search_inside_of_a_search_waits_for_none() -> None:
    """Its call may run in another thread than the one that has the turn, such as in a worker of Dask."""
    inner, _ = LockstepBackend().get_nested_backend()
    take_turn(sys._getframe())
    with ThreadPoolExecutor(1) as pool:
        pool.submit(inner.start_call).result(LONGEST)


def test_what_another_thread_prints_is_shown() -> None:
    with redirect_stdout(io.StringIO()) as shown, caught(mine := io.StringIO()):
        other = threading.Thread(target=print, args=["other"])
        other.start()
        other.join()
        print("mine")
    assert (mine.getvalue(), shown.getvalue()) == ("mine\n", "other\n")


def test_explain_waits_for_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[Any] = []
    monkeypatch.setattr("lockstep.explaining.take_turn", waited.append)
    assert "goes in lockstep" in lockstep.explain(net(), X, Y)
    assert [call.f_code.co_name for call in waited] == ["explain"]
