"""`plan`: what a search would train, before it trains. Oracle: the search itself, and what it warns of."""

from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingGridSearchCV,
    RandomizedSearchCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import EarlyStopping

from benchmarks.engine import memory
from lockstep import plan, planning
from lockstep import search as searching
from lockstep.grouping import groups as trying
from lockstep.grouping import sizes
from lockstep.members.numerics import random_states
from lockstep.search import Search
from lockstep.stacks.nets import Job
from packages.lockstep.tests.cases.base import LABELS, RATES, classifier
from packages.lockstep.tests.searches import ROWS, told

SIZES = {"module__n_neurons": [3, 20]} | RATES
IN_STEPS = make_pipeline(StandardScaler(), classifier())
SEARCHES: dict[str, tuple[Any, dict[str, Any]]] = {
    "two groups": (GridSearchCV(classifier(), SIZES, cv=4), {}),
    "epochs share a training": (
        GridSearchCV(classifier(), RATES | {"max_epochs": [2, 5]}, cv=3),
        {},
    ),
    "alone": (
        GridSearchCV(
            classifier(), {"optimizer": [torch.optim.SGD, torch.optim.LBFGS]}, cv=3
        ),
        {},
    ),
    "listeners": (
        GridSearchCV(classifier(callbacks=[EarlyStopping()]), RATES, cv=3, refit=False),
        {},
    ),
    "pipeline": (
        RandomizedSearchCV(
            IN_STEPS, {"neuralnetclassifier__lr": [0.1, 0.2, 0.3]}, n_iter=2
        ),
        {},
    ),
    "groups of rows": (
        GridSearchCV(classifier(), RATES, cv=GroupKFold(3)),
        {"groups": np.arange(96) % 7},
    ),
    "halving": (
        HalvingGridSearchCV(
            classifier(), {"lr": [0.1, 0.2, 0.3]}, cv=3, min_resources=40
        ),
        {},
    ),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_a_plan_is_what_the_search_does(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(sizes, "MOST_NETS", 32)
    (search, fit_params), trained = SEARCHES[name], list[list[Job]]()
    before = random_states(), dict(vars(search))
    groups = Search.groups

    def noted(self: Search, *args: Any) -> Any:
        found = groups(self, *args)
        trained.append([job for group in found for job in group.jobs()])
        return found

    with told() as said, parallel_config(backend="lockstep"):
        with monkeypatch.context() as patch:
            patch.setattr(searching, "Training", None)  # nothing is trained
            planned = plan(search, ROWS, LABELS, **fit_params)
        assert (random_states(), vars(search)) == before
        monkeypatch.setattr(Search, "groups", noted)
        monkeypatch.setattr(trying, "prove", None)  # no kind is tried again
        search.fit(ROWS, LABELS, **fit_params)
    assert sum(group.n_nets for group in planned.groups) == sum(
        len(job.members) for job in trained[0]
    )
    assert {group.n_in_stack for group in planned.groups} == {
        len(job.members) for job in trained[0]
    }
    assert [*planned.alone] == said


def test_one_split_tells_of_many() -> None:
    splits = [(np.arange(96) != i, np.arange(96) == i) for i in range(60)]
    of_all, of_one = (
        plan(GridSearchCV(classifier(), SIZES, cv=cv), ROWS, LABELS, n_splits=60)
        for cv in (splits, splits[:1])
    )
    assert of_one.groups == of_all.groups
    assert [(group.n_nets, group.n_in_stack) for group in of_one.groups] == [
        (120, 120),
        (120, 120),
    ]
    assert of_one.n_bytes == pytest.approx(of_all.n_bytes, rel=0.05)
    few = plan(GridSearchCV(classifier(), SIZES, cv=splits[:1]), ROWS, LABELS)
    assert [group.n_nets for group in few.groups] == [2, 2]
    assert few.seconds < of_one.seconds
    assert few.n_bytes < of_one.n_bytes


@pytest.mark.long
@pytest.mark.parametrize("n_splits", [1, 2])
def test_the_memory_of_a_plan_is_that_of_the_search(n_splits: int) -> None:
    """Rows take most of it. Each is a process of its own, because memory that is free again hides what is taken.

    A search of few rows tells what a first search imports, which depends on torch's build.
    """
    grows, foreseen = (
        [memory.apart(n_rows, n_splits, None, how)[of] for n_rows in (1_000, 60_000)]
        for how, of in (("lockstep", "growth"), ("plan", "foreseen"))
    )
    assert np.diff(grows) == pytest.approx(np.diff(foreseen), rel=0.2)


def test_what_can_not_be_planned_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        TypeError,
        match="plan takes a search of scikit-learn, such as GridSearchCV, not NeuralNetClassifier; explain",
    ):
        plan(classifier(), ROWS, LABELS)
    monkeypatch.setattr(planning, "missing", lambda: "The kernel is not built.")
    with pytest.raises(RuntimeError, match="Nothing goes in lockstep here: The kernel"):
        plan(GridSearchCV(classifier(), RATES), ROWS, LABELS)
