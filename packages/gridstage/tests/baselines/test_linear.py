"""Linear models whose last bits do not depend on the order of sums. Oracle: scikit-learn's own."""

from typing import Any

import numpy as np
import pytest
from sklearn import linear_model

from gridstage.baselines.linear import LinearRegression, LogisticRegression

RNG = np.random.default_rng(0)
X = RNG.normal(size=(301, 5))
SUMS = X @ [1.0, -2.0, 0.5, 0.0, 3.0] + RNG.normal(size=301)
TARGETS = {
    "two classes": (SUMS > 0).astype(int),
    "three classes": np.digitize(SUMS, [-2, 2]),
    "numbers": SUMS,
}
MODELS: dict[str, tuple[Any, Any]] = {
    name: (LinearRegression, linear_model.LinearRegression)
    if name == "numbers"
    else (LogisticRegression, linear_model.LogisticRegression)
    for name in TARGETS
}


def outputs(model: Any, rows: np.ndarray) -> np.ndarray:
    return np.asarray(
        model.decision_function(rows)
        if hasattr(model, "classes_")
        else model.predict(rows)
    )


@pytest.mark.parametrize("target", TARGETS)
def test_they_are_scikit_learns_rounded_to_float32(target: str) -> None:
    y, (ours, plain) = TARGETS[target], MODELS[target]
    model, oracle = ours().fit(X, y), plain().fit(X, y)
    assert model.coef_.dtype == np.asarray(model.intercept_).dtype == np.float32
    assert np.array_equal(model.coef_, oracle.coef_.astype(np.float32))
    assert np.array_equal(model.intercept_, np.float32(oracle.intercept_))
    assert outputs(model, X).dtype == np.float64
    np.testing.assert_allclose(
        outputs(model, X), outputs(oracle, X), rtol=1e-6, atol=1e-6
    )
    if target != "numbers":
        np.testing.assert_allclose(
            model.predict_proba(X), oracle.predict_proba(X), atol=1e-6
        )


@pytest.mark.parametrize("target", TARGETS)
def test_rows_in_another_order_are_added_up_to_the_same_bits(target: str) -> None:
    y, (ours, plain) = TARGETS[target], MODELS[target]
    assert not np.array_equal(
        plain().fit(X, y).coef_, plain().fit(X[::-1], y[::-1]).coef_
    )
    assert (
        ours().fit(X, y).coef_.tobytes() == ours().fit(X[::-1], y[::-1]).coef_.tobytes()
    )


@pytest.mark.parametrize("target", TARGETS)
def test_a_rows_prediction_does_not_depend_on_its_place(target: str) -> None:
    model = MODELS[target][0]().fit(X, TARGETS[target])
    alone = np.concatenate([outputs(model, X[i : i + 1]) for i in range(len(X))])
    assert outputs(model, X).tobytes() == alone.tobytes()
