"""The finer grid of an experiment: which settings it refines, and the values around the best one."""

from typing import Any

import pytest

from gridstage.config import Params
from gridstage.refine import next_name, refine
from gridstage.refine.finer import finer_values
from packages.gridstage.tests.project import small_params


def with_experiment(
    grid: dict[str, list[Any]], fixed: dict[str, Any] | None = None
) -> Params:
    return Params.model_validate(
        small_params() | {"experiments": {"mine": {"grid": grid, "fixed": fixed or {}}}}
    )


@pytest.mark.parametrize(
    ("key", "values", "best", "finer", "fixed"),
    [
        (
            "module__dropout_rate",
            [0.7, 0.8, 0.9],
            0.9,
            [0.8, 0.85, 0.9, 0.925, 0.95],
            {},
        ),
        ("module__dropout_rate", [0.0, 0.1, 0.2], 0.0, [0.0, 0.05, 0.1], {}),
        ("module__n_neurons", [1, 5, 10], 1, [1, 3, 5], {}),
        ("module__weight_constraint", [1.0, 2.0], 1.0, [0.5, 0.75, 1.0, 1.5, 2.0], {}),
        ("batch_size", [10, 20, 30], 10, [5, 8, 10, 15, 20], {}),
        ("optimizer__lr", [0.1, 0.2, 0.3], 0.1, [0.05, 0.075, 0.1, 0.15, 0.2], {}),
        (
            "optimizer__momentum",
            [0.0, 0.5, 0.9],
            0.9,
            [0.5, 0.7, 0.9, 0.925, 0.95],
            {"optimizer": "SGD"},
        ),
        (
            "optimizer__rho",
            [0.5, 0.9],
            0.9,
            [0.5, 0.7, 0.9, 0.925, 0.95],
            {"optimizer": "Adadelta"},
        ),
        (
            "optimizer__eps",
            [1e-08, 1e-06],
            1e-08,
            [1e-10, 1e-09, 1e-08, 1e-07, 1e-06],
            {},
        ),
    ],
)
def test_no_value_outside_what_a_setting_may_be(
    key: str, values: list[Any], best: float, finer: list[float], fixed: dict[str, Any]
) -> None:
    found = refine(with_experiment({key: values}, fixed), "mine", {key: best})
    assert found.grid == {key: finer}
    assert found.fixed == fixed
    with_experiment(found.lists, found.fixed)


def test_what_has_nothing_between_is_fixed_at_its_best() -> None:
    grid: dict[str, list[Any]] = {
        "optimizer": ["Adam", "Adamax"],
        "optimizer__betas": [[0.9, 0.999], [0.8, 0.99]],
        "optimizer__maximize": [False, True],
        "module__weight_constraint": [None, 2.0, 3.0],
        "module__n_layers": [1, 2, 3],
        "module__dropout_rate": [0.1],
        "module__n_neurons": [4, 8],
    }
    best = {
        "optimizer": "Adamax",
        "optimizer__betas": [0.8, 0.99],
        "optimizer__maximize": False,
        "module__weight_constraint": 2.0,
        "module__n_layers": 2,
        "module__dropout_rate": 0.1,
        "module__n_neurons": 8,
    }
    found = refine(
        with_experiment(grid, {"batch_size": 40, "optimizer": "SGD"}), "mine", best
    )
    assert found.grid == {"module__n_neurons": [4, 6, 8, 10, 12]}
    left = {key: value for key, value in best.items() if key != "module__n_neurons"}
    assert found.fixed == {"batch_size": 40} | left


@pytest.mark.parametrize(
    ("name", "new"),
    [
        ("dropout", "dropout_2"),
        ("dropout_2", "dropout_3"),
        ("a_b_9", "a_b_10"),
        ("a_b", "a_b_2"),
    ],
)
def test_the_name_counts(name: str, new: str) -> None:
    raw = small_params()
    raw["experiments"][name] = raw["experiments"]["dropout"]
    assert next_name(Params.model_validate(raw), name) == new


def anything(value: float) -> bool:
    return True


@pytest.mark.parametrize(
    ("values", "best", "finer"),
    [
        # Inside.
        ([1.0, 2.0, 3.0, 4.0], 3.0, [2.0, 2.5, 3.0, 3.5, 4.0]),
        ([0.001, 0.01, 0.1], 0.01, [0.001, 0.00316, 0.01, 0.0316, 0.1]),
        ([0.01, 0.1, 0.2], 0.1, [0.01, 0.055, 0.1, 0.15, 0.2]),
        ([-1.0, 1.0, 2.0], 1.0, [-1.0, 0.0, 1.0, 1.5, 2.0]),
        # One step beyond an end, on the scale of that end.
        ([0.001, 0.01, 0.1], 0.001, [0.0001, 0.000316, 0.001, 0.00316, 0.01]),
        ([0.01, 0.1, 1], 1, [0.1, 0.316, 1, 3.16, 10.0]),
        # Never 0 or another sign: half a step, a quarter, and so on; beyond an end at 0 there is nothing.
        ([2.0, 5.0, 8.0], 2.0, [0.5, 1.25, 2.0, 3.5, 5.0]),
        ([0.0, 0.1, 0.2], 0.0, [0.0, 0.05, 0.1]),
        ([-3.0, -2.0, -1.0], -1.0, [-2.0, -1.5, -1.0, -0.75, -0.5]),
        ([0, 5], 5, [0, 2, 5, 8, 10]),
        # Whole numbers stay whole.
        ([15, 20, 25], 20, [15, 18, 20, 22, 25]),
        ([1, 5, 10], 1, [1, 3, 5]),
        ([1, 2, 3], 2, [1, 2, 3]),
        # Three digits, or as many as tell the values apart; old values keep all of their digits.
        ([1000, 2251, 3001], 2251, [1000, 1630, 2251, 2630, 3001]),
        ([1.0001, 1.0002, 1.0003], 1.0002, [1.0001, 1.00015, 1.0002, 1.00025, 1.0003]),
        # In the direction of the old values; ascending if they had none.
        ([3.0, 2.0, 1.0], 2.0, [3.0, 2.5, 2.0, 1.5, 1.0]),
        ([2.0, 3.0, 1.0], 2.0, [1.0, 1.5, 2.0, 2.5, 3.0]),
        # Nothing to refine.
        ([5], 5, [5]),
    ],
)
def test_finer_values(values: list[float], best: float, finer: list[float]) -> None:
    assert finer_values(values, best, anything) == finer
