"""What a score loses when a column is shuffled. Oracles: scikit-learn's permutation importance, and algebra."""

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import get_scorer

from gridstage.config import Prepare
from gridstage.data import Dataset
from gridstage.engine import net_of, seed_everything
from gridstage.model import build_estimator, resolve_settings, rows, target
from gridstage.scores import shuffled
from gridstage.scores.shuffled import importances, large_batches
from packages.gridstage.tests.evaluate.conftest import params_of
from packages.gridstage.tests.passengers import passengers
from resampled.means.pooling import pooling

RNG = np.random.default_rng(2)


def test_a_linear_model_loses_twice_the_variance_of_its_term() -> None:
    X = RNG.normal(size=(6000, 3)) * [1, 2, 5]
    y = 3 * X[:, 0] + X[:, 1] + RNG.normal(size=6000)
    found = importances(
        LinearRegression().fit(X, y), X, y, 3, get_scorer("neg_mean_squared_error")
    )
    # E (y - f(shuffled))² - E (y - f(x))² = 2 b² Var(x) (Gregorutti et al., 2017), of a thousand of the rows.
    assert found == pytest.approx([18, 8, 0], rel=0.1, abs=0.05)


def test_it_is_scikit_learns_but_for_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    scoring = "roc_auc"
    monkeypatch.setattr(shuffled, "_SHUFFLES", 20)
    X = RNG.normal(size=(200, 4))
    y = (X[:, 0] + X[:, 1] / 2 + RNG.normal(size=200) > 0).astype(float)
    for model in (
        LogisticRegression().fit(X, y),
        RandomForestClassifier(5, random_state=0).fit(X, y),
    ):
        scorer = get_scorer(scoring)
        expected = permutation_importance(
            model, X, y, scoring=scoring, n_repeats=20, random_state=1
        )
        alone = importances(model, X, y, 4, scorer)
        error = 5 * expected.importances_std / np.sqrt(20) + 1e-9
        assert (np.abs(alone - expected.importances_mean) < error).all()
        assert "predict" not in vars(model)
        if pooled := pooling(scoring, 2):
            assert importances(model, X, y, 4, pooled.value) == pytest.approx(
                alone, abs=1e-6
            )
        monkeypatch.setattr(shuffled, "_AT_ONCE", 2800)  # a few copies at a time
        assert importances(model, X, y, 4, scorer) == pytest.approx(alone, abs=1e-12)


def fitted(data: Dataset) -> Any:
    params = params_of(prepare=Prepare(impute="mean", scale="standard").model_dump())
    settings = resolve_settings(params.model.model_dump(), "params.yaml", "model")
    estimator = build_estimator(settings, data, params.prepare)
    seed_everything(1)
    return estimator.fit(
        rows(data, estimator),
        target(data.y, settings["wrapper"], settings["criterion"]),
    )


def test_a_column_of_categories_is_shuffled_as_a_whole_and_groups_stay() -> None:
    data = passengers()
    estimator = fitted(data)
    X = rows(data, estimator)
    asked: list[np.ndarray] = []
    ask = estimator.predict

    def noting(given: np.ndarray) -> np.ndarray:
        asked.append(given)
        return np.asarray(ask(given))

    estimator.predict = noting
    found = importances(
        estimator,
        np.column_stack([X, np.arange(len(X))]),
        data.y,
        5,
        get_scorer("accuracy"),
    )
    assert found.shape == (5,)
    (stacked,) = asked
    copies = np.split(stacked, 26)
    for number, copy in enumerate(copies[1:]):
        differ = [
            i
            for i in range(6)
            if not np.array_equal(copy[:, i], copies[0][:, i], equal_nan=True)
        ]
        assert differ == [number // 5]
        assert np.array_equal(
            np.sort(copy[:, number // 5]), np.sort(X[:, number // 5]), equal_nan=True
        )


def test_a_net_predicts_in_large_batches_what_it_predicts_in_small_ones() -> None:
    estimator = fitted(data := passengers())
    X = rows(data, estimator)
    small = estimator.predict_proba(X)
    with large_batches(estimator):
        assert estimator.predict_proba(X) == pytest.approx(small, abs=1e-6)
    assert "forward_iter" not in vars(net_of(estimator))
    assert np.array_equal(estimator.predict_proba(X), small)


def test_a_score_that_can_not_be_has_no_importance() -> None:
    X = RNG.normal(size=(50, 2))
    y = np.exp(X[:, 0])
    line = LinearRegression().fit(X, y)  # which goes below zero
    assert np.isnan(
        importances(line, X, y, 2, get_scorer("neg_mean_squared_log_error"))
    ).all()
