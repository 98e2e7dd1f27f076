"""Oracle: scikit-learn's permutation importance, and keys whose effect is known."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance

from resampled.candidates.effects import Column
from resampled.candidates.importance import forest_means, importance

RNG = np.random.default_rng(8)


def test_it_is_scikit_learns_importance_on_rows_that_were_not_fitted() -> None:
    X = RNG.random((200, 3))
    y = X[:, 0] + 0.5 * X[:, 1] + RNG.normal(0, 0.1, 200)
    found = importance(dict(zip("abc", X.T, strict=True)), y, seed=7)
    forest = RandomForestRegressor(50, random_state=0).fit(X[::2], y[::2])
    expected = permutation_importance(
        forest, X[1::2], y[1::2], n_repeats=20, random_state=0
    )
    assert found[0] == pytest.approx(expected.importances_mean, abs=0.2)


def test_its_forests_predict_what_scikit_learns_do() -> None:
    X, rows = (
        RNG.integers(0, 4, (30, 2)).astype(float),
        RNG.integers(0, 4, (9, 2)).astype(float),
    )
    y = RNG.normal(size=30)
    expected = RandomForestRegressor(100, random_state=5).fit(X, y).predict(rows)
    assert forest_means(X, y, rows, 5).tolist() == expected.tolist()


def test_of_keys_that_do_nothing_it_is_about_none_and_too_few_candidates_tell_nothing() -> (
    None
):
    table = {
        "lr": 10 ** RNG.uniform(-4, -1, 60),
        "optimizer": RNG.choice(["SGD", "Adam"], 60),
    }
    assert np.abs(importance(table, RNG.normal(0.7, 0.02, 60), seed=7)[0]).max() < 0.25
    assert np.array(importance(table, np.full(60, 0.7), seed=7)).tolist() == [
        [0, 0],
        [0, 0],
    ]
    assert np.isnan(
        importance(table, np.where(np.arange(60) < 2, 0.7, np.nan), seed=7)[0]
    ).all()


def test_numbers_are_sorted_by_value_null_is_a_value_and_diverged_candidates_are_out() -> (
    None
):
    table: dict[str, Column] = {
        "other": ["a", "b"] * 20,
        "constraint": ["null", "10.0", "9.0", "1e-05"] * 10,
    }
    scores = np.where(np.array(table["constraint"]) == "null", 0.8, 0.7)
    scores[::5] = np.nan
    found = importance(table, scores, seed=7)[0]
    assert found.argmax() == 1
    assert found.tolist() == importance(table, scores, seed=7)[0].tolist()
