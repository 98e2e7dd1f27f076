"""Oracle: scikit-learn's permutation importance, and keys whose effect is known."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance

from stages.lib.comparison import importance

RNG = np.random.default_rng(8)
KEYS = ["lr", "optimizer", "prepare__scale", "nothing"]


def candidates(n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "lr": 10 ** RNG.uniform(-4, -1, n),
            "optimizer": RNG.choice(["SGD", "Adam", "AdamW"], n),
            "prepare__scale": RNG.choice(["null", "standard"], n),
            "nothing": RNG.integers(50, size=n),
        }
    )


def test_keys_are_sorted_by_what_they_do() -> None:
    table = candidates(200)
    scores = 0.7 + 0.05 * (table["prepare__scale"] == "standard") + 0.02 * (table["optimizer"] == "SGD")
    found = importance(table, KEYS, scores.to_numpy() + RNG.normal(0, 0.005, 200), seed=7)
    assert found["key"].tolist()[:2] == ["prepare__scale", "optimizer"]
    by_key = found.set_index("key")["importance"]
    assert by_key["prepare__scale"] > 1
    assert by_key[["lr", "nothing"]].abs().max() < 0.03
    assert (found["importance_std"] >= 0).all()


def test_what_does_nothing_has_about_none() -> None:
    table = candidates(60)
    found = importance(table, KEYS, RNG.normal(0.7, 0.02, 60), seed=7)
    assert found["importance"].abs().max() < 0.25


def test_it_is_scikit_learns_importance_on_rows_that_were_not_fitted() -> None:
    n = 200
    X = pd.DataFrame({"a": RNG.random(n), "b": RNG.random(n), "c": RNG.random(n)})
    y = (X["a"] + 0.5 * X["b"] + RNG.normal(0, 0.1, n)).to_numpy()
    found = importance(X, ["a", "b", "c"], y, seed=7).set_index("key")["importance"]
    forest = RandomForestRegressor(50, random_state=0).fit(X.to_numpy()[::2], y[::2])
    expected = permutation_importance(forest, X.to_numpy()[1::2], y[1::2], n_repeats=20, random_state=0)
    assert found[["a", "b", "c"]].to_numpy() == pytest.approx(expected.importances_mean, abs=0.2)


def test_it_repeats_and_keeps_diverged_candidates_out() -> None:
    table = candidates(40)
    scores = np.where(table["optimizer"] == "SGD", np.nan, 0.7 + 0.01 * (table["nothing"] > 25))
    found = importance(table, KEYS, scores, seed=7)
    pd.testing.assert_frame_equal(found, importance(table, KEYS, scores, seed=7))
    assert found["key"][0] == "nothing"


def test_numbers_are_sorted_by_value_and_null_is_a_value() -> None:
    table = pd.DataFrame({"constraint": ["null", "10.0", "9.0", "1e-05"] * 10, "other": ["a", "b"] * 20})
    scores = np.where(table["constraint"] == "null", 0.8, 0.7)
    found = importance(table, ["other", "constraint"], scores, seed=7)
    assert found["key"].tolist() == ["constraint", "other"]


@pytest.mark.parametrize("n", [1, 2])
def test_too_few_candidates_tell_nothing(n: int) -> None:
    found = importance(candidates(n), ["lr", "nothing"], RNG.random(n), seed=7)
    assert found["importance"].isna().all()


def test_equal_scores_have_no_importance() -> None:
    found = importance(candidates(7), ["lr"], np.full(7, 0.7), seed=7)
    assert found.to_numpy().tolist() == [["lr", 0, 0]]
