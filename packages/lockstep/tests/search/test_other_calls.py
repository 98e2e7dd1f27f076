"""Oracle: joblib alone. Calls that are not fits of a search give the same bytes under the backend, and a warning."""

import os
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sklearn
import torch
from joblib import Parallel, delayed, parallel_config
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    BaggingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.parallel import Parallel as SklearnsParallel
from sklearn.utils.parallel import delayed as sklearns_delayed
from skorch import NeuralNetClassifier

from lockstep.members.numerics import random_states, seed_everything
from packages.lockstep.tests import searches
from packages.lockstep.tests.nets import LABELS, X, logit_net

SEED = 7
BOTH = np.c_[LABELS, X[:, 0] > 0].astype(np.int64)


def dropping(n: int) -> torch.nn.Module:
    return torch.nn.Dropout(0.2)


def classifier(**settings: Any) -> NeuralNetClassifier:
    return logit_net(
        **{"module__layer": dropping, "max_epochs": 2, "iterator_train__shuffle": True}
        | settings
    )


def proba(estimator: Any) -> np.ndarray:
    return np.asarray(estimator.fit(X, LABELS).predict_proba(X))


def calls(n: int, name: str) -> str:
    return f"those of {n} other calls of joblib ({name})"


TWO = [("one", classifier()), ("other", classifier(lr=0.1))]
USES: dict[str, tuple[Callable[[], Any], str]] = {
    "bagging": (
        lambda: proba(BaggingClassifier(classifier(), 4, random_state=0)),
        "the 4 of this BaggingClassifier",
    ),
    "voting": (
        lambda: proba(VotingClassifier(TWO, voting="soft")),
        calls(2, "NeuralNetClassifier"),
    ),
    "calibration": (
        lambda: proba(
            CalibratedClassifierCV(make_pipeline(StandardScaler(), classifier()), cv=2)
        ),
        calls(2, "Pipeline"),
    ),
    "one against the rest": (
        lambda: proba(OneVsRestClassifier(classifier())),
        "those of another call of joblib (NeuralNetClassifier)",
    ),
    "several outputs": (
        lambda: MultiOutputClassifier(classifier()).fit(X, BOTH).predict(X),
        calls(2, "NeuralNetClassifier"),
    ),
    "a Parallel of one's own": (
        lambda: Parallel()(delayed(proba)(each) for _, each in TWO),
        calls(2, "NeuralNetClassifier"),
    ),
}


def run(use: Callable[[], Any], **config: Any) -> tuple[Any, list[str]]:
    """Return what a use gives from the same random numbers, and the engine's warnings."""
    seed_everything(0)
    with searches.told() as said, parallel_config(**config):
        given = use()
    return given, said


def under_lockstep(use: Callable[[], Any], **options: Any) -> tuple[Any, list[str]]:
    return run(use, backend="lockstep", random_state=SEED, **options)


@pytest.mark.parametrize("use", USES)
def test_what_is_no_search_gives_the_same_bytes_with_one_warning(use: str) -> None:
    function, those = USES[use]
    (ours, told), after = under_lockstep(function), random_states()
    (theirs, _), expected = run(function, backend="sequential"), random_states()
    assert np.array_equal(ours, theirs)
    assert after == expected
    assert told == [
        f"lockstep trains the nets of searches; {those} are fitted one by one, as without lockstep"
    ]
    assert under_lockstep(function, stack=False)[1] == []


RATES = {"lr": [0.1, 0.02, 0.01]}


def grid(estimator: Any = None, prefix: str = "", **settings: Any) -> GridSearchCV:
    return GridSearchCV(
        classifier() if estimator is None else estimator,
        {f"{prefix}lr": RATES["lr"]},
        cv=2,
        **settings,
    )


# By name: a use, how many nets its stacks have, and how its one warning begins, if there is one.
PARTLY: dict[str, tuple[Callable[[], Any], list[int], str]] = {
    "grids in a cross-validation": (
        lambda: cross_val_score(grid(), X, LABELS, cv=3),
        [6, 6, 6],
        "",
    ),
    "grids in calls": (
        lambda: Parallel()(delayed(grid().fit)(X, LABELS) for _ in range(2)) and [],
        [6, 6],
        "",
    ),
    "stacking": (
        lambda: proba(StackingClassifier(TWO, LogisticRegression(), cv=2)),
        [2, 2],
        f"lockstep trains the nets of searches; {calls(2, 'NeuralNetClassifier')} are fitted one by one",
    ),
    "a grid of baggings": (
        lambda: (
            grid(
                BaggingClassifier(classifier(), 2, random_state=0),
                "estimator__",
                refit=False,
            )
            .fit(X, LABELS)
            .cv_results_["mean_test_score"]
        ),
        [],
        "lockstep trains nets that a search fits itself, and BaggingClassifier fits its own, so 3 candidates are "
        "fitted one by one; of estimators around a net, scikit-learn's Pipeline and TransformedTargetRegressor go in "
        "lockstep",
    ),
    "a pipeline of one's own": (
        lambda: cross_val_score(
            Own([("scale", StandardScaler()), ("net", classifier())]), X, LABELS, cv=2
        ),
        [],
        "lockstep trains nets that a search fits itself, and Own fits its own, so 1 candidate is fitted one by one",
    ),
}


def test_jobs_of_an_outer_search_are_those_of_the_inner_ones(
    trained: list[int],
) -> None:
    one, _ = under_lockstep(PARTLY["grids in a cross-validation"][0])
    two, told = under_lockstep(PARTLY["grids in a cross-validation"][0], n_jobs=2)
    assert np.array_equal(one, two)
    assert (trained, told) == ([6] * 6, [])


class Own(Pipeline):
    """Another package's pipeline, which may do anything around the net."""


@pytest.mark.parametrize("use", PARTLY)
def test_searches_in_other_calls_go_in_lockstep_and_what_fits_nets_itself_does_not(
    use: str, trained: list[int]
) -> None:
    function, sizes, begin = PARTLY[use]
    ours, told = under_lockstep(function)
    assert trained == sizes
    theirs, _ = under_lockstep(function, stack=False)
    np.testing.assert_allclose(ours, theirs, atol=0.1)  # masks differ
    assert len(told) == bool(begin)
    assert not told or told[0].startswith(begin)
    assert np.array_equal(under_lockstep(function)[0], ours)


def test_a_fit_of_a_search_has_the_seed_of_its_split_whatever_it_fits() -> None:
    inner = RandomizedSearchCV(
        classifier(), {"lr": np.geomspace(0.001, 0.1, 50)}, n_iter=2, cv=2, refit=False
    )
    drawn: list[Any] = []

    def noted(search: Any, X: Any, y: Any) -> float:
        drawn.append([each["lr"] for each in search.cv_results_["params"]])
        return 0.0

    for seed in (SEED, SEED, SEED + 1):
        with parallel_config(backend="lockstep", random_state=seed):
            cross_val_score(inner, X, LABELS, cv=2, scoring=noted)
    assert drawn[:2] == drawn[2:4]
    assert len({str(each) for each in drawn}) == 4


def who() -> tuple[int, int]:
    time.sleep(0.05)
    return os.getpid(), threading.get_ident()


@pytest.mark.parametrize(("n_jobs", "n_workers"), [(None, 1), (1, 1), (2, 2)])
def test_calls_have_the_workers_that_they_ask_for(n_jobs: Any, n_workers: int) -> None:
    with parallel_config(backend="lockstep"):
        assert (
            len(
                set(
                    Parallel(n_jobs=n_jobs, prefer="threads")(
                        delayed(who)() for _ in range(12)
                    )
                )
            )
            == n_workers
        )
    with parallel_config(backend="threading"), parallel_config(backend="lockstep"):
        assert (
            len(
                {
                    each[1]
                    for each in Parallel(n_jobs=n_jobs)(
                        delayed(who)() for _ in range(12)
                    )
                }
            )
            == n_workers
        )


def test_nets_are_fitted_in_as_many_threads_as_a_bagging_asks_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: set[int] = set()

    def looping(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen.add(threading.get_ident())
        time.sleep(0.05)
        return self

    monkeypatch.setattr(NeuralNetClassifier, "fit_loop", looping)
    with parallel_config(backend="threading"):
        _, told = under_lockstep(
            lambda: BaggingClassifier(classifier(), 4, n_jobs=2).fit(X, LABELS)
        )
    assert (len(seen), len(told)) == (2, 1)


def test_a_forest_keeps_its_trees_and_the_generators() -> None:
    forest = RandomForestClassifier(12, n_jobs=2, random_state=0)
    expected, before = proba(forest), random_states()
    with parallel_config(backend="lockstep", random_state=SEED):
        assert np.array_equal(proba(forest), expected)
    assert random_states() == before


@pytest.mark.parametrize(
    "fitted",
    [
        BaggingClassifier(classifier(max_epochs=1), 3, random_state=0),
        MultiOutputClassifier(classifier(max_epochs=1)),
    ],
)
def test_predictions_are_no_fits(fitted: Any) -> None:
    fitted.fit(X, BOTH if isinstance(fitted, MultiOutputClassifier) else LABELS)
    ours, told = under_lockstep(lambda: fitted.predict(X))
    assert told == []
    assert np.array_equal(ours, run(lambda: fitted.predict(X), backend="sequential")[0])


def test_calls_keep_their_surroundings() -> None:
    def call() -> Any:
        return sklearn.get_config()["transform_output"], torch.is_grad_enabled()

    with (
        sklearn.config_context(transform_output="pandas"),
        torch.no_grad(),
        parallel_config(backend="lockstep"),
    ):
        assert (
            SklearnsParallel()(sklearns_delayed(call)() for _ in range(2))
            == [("pandas", False)] * 2
        )
