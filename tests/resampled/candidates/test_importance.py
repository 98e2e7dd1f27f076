"""Oracle: scikit-learn's permutation importance, and keys whose effect is known."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance

from resampled.candidates.effects import Column
from resampled.candidates.importance import importance

RNG = np.random.default_rng(8)


def candidates(n: int) -> dict[str, np.ndarray]:
    return {
        "lr": 10 ** RNG.uniform(-4, -1, n),
        "optimizer": RNG.choice(["SGD", "Adam", "AdamW"], n),
        "prepare__scale": RNG.choice(["null", "standard"], n),
        "nothing": RNG.integers(50, size=n),
    }


def test_what_does_nothing_has_about_none() -> None:
    found = importance(candidates(60), RNG.normal(0.7, 0.02, 60), seed=7)
    assert np.abs(found[0]).max() < 0.25


def test_it_is_scikit_learns_importance_on_rows_that_were_not_fitted() -> None:
    X = RNG.random((200, 3))
    y = X[:, 0] + 0.5 * X[:, 1] + RNG.normal(0, 0.1, 200)
    found = importance(dict(zip("abc", X.T, strict=True)), y, seed=7)
    forest = RandomForestRegressor(50, random_state=0).fit(X[::2], y[::2])
    expected = permutation_importance(forest, X[1::2], y[1::2], n_repeats=20, random_state=0)
    assert found[0] == pytest.approx(expected.importances_mean, abs=0.2)


def test_it_repeats_and_keeps_diverged_candidates_out() -> None:
    table = candidates(40)
    scores = np.where(table["optimizer"] == "SGD", np.nan, 0.7 + 0.01 * (table["nothing"] > 25))
    found = importance(table, scores, seed=7)
    assert found[0].tolist() == importance(table, scores, seed=7)[0].tolist()
    assert found[0].argmax() == list(table).index("nothing")


def test_numbers_are_sorted_by_value_and_null_is_a_value() -> None:
    table: dict[str, Column] = {"other": ["a", "b"] * 20, "constraint": ["null", "10.0", "9.0", "1e-05"] * 10}
    scores = np.where(np.array(table["constraint"]) == "null", 0.8, 0.7)
    assert importance(table, scores, seed=7)[0].argmax() == 1


def test_too_few_candidates_tell_nothing_and_equal_scores_that_nothing_matters() -> None:
    assert np.isnan(importance(candidates(2), RNG.random(2), seed=7)[0]).all()
    found = importance(candidates(7), np.full(7, 0.7), seed=7)
    assert (found[0].tolist(), found[1].tolist()) == ([0] * 4, [0] * 4)
