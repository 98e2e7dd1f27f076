"""Oracle: searches whose keys are known to have an effect or none. `make simulate` draws many more."""

from itertools import product

import numpy as np
import pytest

from packages.resampled.tests.simulation.candidates.keys import judge_keys
from packages.resampled.tests.simulation.drawing import mean
from resampled.candidates.effects import Column, effect_p_values
from resampled.resampling import Resampling

RNG = np.random.default_rng(4)
FOLDS = Resampling.of_folds(5)
CANDIDATES = list(product(["0.001", "0.01"], ["16", "64"], ["null", "standard"]))
GRID: dict[str, Column] = dict(
    zip(("lr", "n", "scale"), zip(*CANDIDATES, strict=True), strict=True)
)
LARGE = np.array([n == "64" for n in GRID["n"]])


def drawn_scores(
    means: np.ndarray, noise: float = 0.01, n_splits: int = 10
) -> np.ndarray:
    """Draw scores on splits that differ in how hard they are."""
    hard = RNG.normal(scale=0.03, size=n_splits)
    return means[:, None] + hard + RNG.normal(scale=noise, size=(len(means), n_splits))


def test_shared_luck_with_the_rows_is_no_effect() -> None:
    """Shuffled candidates alone would claim a key in many of these searches."""
    drawn = [judge_keys("random labels", 30, 2, draw) for draw in range(40)]
    assert mean(drawn, "a key is claimed wrongly") <= 1 / 8


def test_half_of_the_spread_is_mostly_found() -> None:
    drawn = [judge_keys("half from lr", 30, 10, draw) for draw in range(20)]
    assert mean(drawn, "lr is claimed") >= 0.6
    assert mean(drawn, "a key is claimed wrongly") <= 0.15


def test_what_chance_gave_a_key_of_the_effect_of_another_is_none() -> None:
    """In a random search, a key without effect goes along with one that has a large one, on every split alike."""
    false = []
    for _ in range(60):
        table = {"lr": RNG.uniform(size=30), "nothing": RNG.choice(["a", "b", "c"], 30)}
        scores = drawn_scores(0.7 + 0.2 * table["lr"], noise=0.001)
        lr, nothing = effect_p_values(table, scores, FOLDS, seed=0)
        assert lr < 0.05
        false.append(nothing < 0.05)
    assert sum(false) <= 7


def test_luck_that_halving_multiplies_is_no_effect() -> None:
    """Candidates that go on are better for it, on every split alike."""
    false = []
    for _ in range(60):
        table = {"a": RNG.uniform(size=27), "b": RNG.choice(["x", "y"], 27)}
        luck, stages = 0.01 * (table["b"] == "x"), np.ones(27)
        scores = drawn_scores(np.full(27, 0.7)) + RNG.normal(size=10) * luck[:, None]
        on = np.argsort(-scores.mean(axis=1))[:9]
        stages[on] = 2
        scores[on] += 0.05
        false.append(
            (effect_p_values(table, scores, FOLDS, seed=0, stages=stages) < 0.05).any()
        )
    assert sum(false) <= 7


@pytest.mark.parametrize("means", [[0.70, 0.72, 0.74], [0.70, 0.74, 0.70]])
def test_a_line_and_a_hump_are_found(means: list[float]) -> None:
    table: dict[str, Column] = {"n": ["5", "10", "20"] * 8, "other": list(range(24))}
    found = effect_p_values(table, drawn_scores(np.array(means * 8)), FOLDS, seed=0)
    assert (found < 0.05).tolist() == [True, False]


def test_a_grid_and_a_key_alone() -> None:
    scores = drawn_scores(0.7 + 0.05 * LARGE)
    found = effect_p_values(GRID, scores, FOLDS, seed=0)
    assert found[[0, 2]].min() > 0.05
    names = {"optimizer": ["SGD", "Adam", "NAdam", "Adamax"]}
    assert (
        effect_p_values(
            names, drawn_scores(np.array([0.6, 0.7, 0.7, 0.7])), FOLDS, seed=0
        )
        < 0.05
    )
    # A candidate that diverged is left out.
    table = {
        key: [*GRID[key], value]
        for key, value in {"lr": "9", "n": "16", "scale": "null"}.items()
    }
    diverged = np.vstack([scores, np.full((1, scores.shape[1]), np.nan)])
    assert effect_p_values(table, diverged, FOLDS, seed=0).tolist() == found.tolist()


def test_what_cannot_be_tested_is_nan() -> None:
    scores = drawn_scores(np.full(8, 0.7))
    assert np.isnan(
        effect_p_values(GRID, scores, Resampling(float("nan")), seed=0)
    ).all()
    assert np.isnan(
        effect_p_values(GRID, np.full((8, 10), np.nan), FOLDS, seed=0)
    ).all()
    constant = effect_p_values(GRID | {"n": ["16"] * 8}, scores, FOLDS, seed=0)
    assert np.isnan(constant).tolist() == [False, True, False]
    assert effect_p_values(GRID, np.full((8, 10), 0.7), FOLDS, seed=0).tolist() == [
        1,
        1,
        1,
    ]
