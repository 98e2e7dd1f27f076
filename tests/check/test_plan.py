"""What a search will take: counts are exact, times grow with what they depend on."""

from typing import Any

import numpy as np
import pytest

from stages.lib.check import Plan, in_words
from stages.lib.check.plan import few_rows, make_plan
from stages.lib.check.planner import Planner
from stages.lib.config import Params
from stages.lib.data import Columns, Dataset
from stages.lib.experiment import Folds, open_experiment
from tests.project import real_params, set_at


def plan(data: Dataset, experiment: dict[str, Any], step: float = 0.001, **changes: Any) -> Plan:
    params = real_params()
    params["experiments"] = {"mine": experiment}
    for place, value in changes.items():
        set_at(params, place.replace("__", "."), value)
    typed = Params.model_validate(params)
    opened = open_experiment(typed, "mine", Folds(typed, data))
    return make_plan(opened, Planner(typed).of(opened) if typed.engine == "lockstep" else None, step)


def test_counts_are_those_of_the_search(data: Dataset) -> None:
    epochs = plan(data, {"grid": {"max_epochs": [10, 50, 100], "batch_size": [10, 20]}})
    assert (epochs.n_candidates, epochs.n_fits) == (6, 180)
    halving = plan(data, {"search": "halving", "grid": {"lr": [0.001 * i for i in range(1, 10)]}})
    assert (halving.n_candidates, halving.n_fits) == (9, (9 + 3 + 1) * 30)


def test_estimates_grow_with_the_work(data: Dataset) -> None:
    """With one net more, or a larger one, by what the engine says; by skorch, with the steps.

    The best, the simplest and the starting point are trained once more; of one candidate, the first two are the same.
    """
    one, two, large, halved = (
        plan(data, {"grid": {"batch_size": batches}, "fixed": {"module__n_neurons": n, "max_epochs": epochs}}).seconds
        for batches, n, epochs in (([10], 16, 50), ([10, 20], 16, 50), ([10], 160, 50), ([10], 160, 25))
    )
    assert one < two < large
    assert one < halved < large
    grid = {"grid": {"batch_size": [10]}, "fixed": {"max_epochs": 50}}
    alone = {step: plan(data, grid, step, engine="one-by-one").seconds for step in (0.001, 0.01)}
    assert alone[0.01] - alone[0.001] == pytest.approx(3 * 0.009 * 30 * 50 * 41, rel=0.02)
    grid["grid"] = {"optimizer": ["Adam", "LBFGS"]}
    mixed = {step: plan(data, grid | {"fixed": {"max_epochs": 50}}, step).seconds for step in (0.001, 0.01)}
    assert mixed[0.01] - mixed[0.001] == pytest.approx(2.5 * 0.009 * 30 * 50 * 41, rel=0.02)


def test_a_large_split_is_tried_on_rows_of_every_class() -> None:
    y = np.zeros(100_000)
    y[[7, 50_000, 99_999]] = 1
    data = Dataset(None, y, Columns({"x": "number"}), ("no", "yes"))  # type: ignore[arg-type]
    train, test = few_rows((np.arange(100_000), np.arange(10)), data)
    assert len(train) == 1003
    assert set(np.flatnonzero(y)) <= set(train)
    assert sorted(train) == list(train)
    assert list(test) == list(range(10))


@pytest.mark.parametrize(
    ("seconds", "words"), [(3, "10 s"), (44, "40 s"), (300, "5 min"), (3 * 3600, "3 h"), (400_000, "5 days")]
)
def test_times_are_rough(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
