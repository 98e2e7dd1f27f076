"""A net behind its preparation, beside scikit-learn's own pipelines and skorch's nets, written by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.metrics import r2_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetRegressor
from torch import nn

from gridstage.config import Prepare
from gridstage.config.space import all_candidates
from gridstage.data import Dataset
from gridstage.engine import fit_seed, seed_everything
from gridstage.model import build_estimator, rows
from gridstage.scores.scorer import RecordingScorer
from packages.gridstage.tests.model.test_preparation import by_hand, cells
from packages.gridstage.tests.passengers import passengers
from packages.gridstage.tests.plain_skorch import plain_net
from packages.gridstage.tests.search_results import (
    SEED,
    net_settings,
    run_grid,
    score_array,
)

DATA = passengers()
SPLITS = list(StratifiedKFold(3).split(DATA.X, DATA.y))
NUMBER: dict[str, Any] = {"wrapper": NeuralNetRegressor, "criterion": nn.MSELoss}


def search(
    grid: dict[str, list[Any]],
    scorer: Any,
    prepare: Prepare,
    data: Dataset = DATA,
    engine: str = "lockstep",
    **changes: Any,
) -> np.ndarray:
    """Return the scores by candidate and split."""
    recording = RecordingScorer({"score": scorer}, lambda *_: None)
    found = run_grid(
        data, net_settings(**changes), grid, SPLITS, recording, prepare, engine=engine
    )
    return score_array(found)


def log_loss(estimator: BaseEstimator, X: Any, y: Any) -> float:
    p = np.ravel(estimator.predict_proba(X)[:, 1])
    return float(-np.log(np.where(np.ravel(y) == 1, p, 1 - p)).mean())


GRID: dict[str, list[Any]] = {
    "lr": [0.01, 0.1],
    "prepare__encode": ["onehot", "ordinal"],
    "prepare__impute": ["mean", "most_frequent"],
    "prepare__indicator": [True],
    "prepare__scale": ["standard"],
}


def test_scores_are_those_of_pipelines_written_by_hand() -> None:
    found = search(GRID, log_loss, Prepare(impute="median"))
    alone = search(GRID, log_loss, Prepare(impute="median"), engine="one-by-one")
    np.testing.assert_allclose(found, alone, atol=1e-6)
    table = cells(DATA.X)
    y = DATA.y.astype(np.float32).reshape(-1, 1)
    for candidate, scores in zip(all_candidates(GRID), found, strict=True):
        own = {
            key.removeprefix("prepare__"): value
            for key, value in candidate.items()
            if key != "lr"
        }
        for number, (train, test) in enumerate(SPLITS):
            preparation = by_hand(**own).fit(table.iloc[train])
            X, held = (
                preparation.transform(table.iloc[part]).astype(np.float32)
                for part in (train, test)
            )
            net = plain_net(
                max_epochs=2,
                batch_size=16,
                lr=candidate["lr"],
                module__n_inputs=X.shape[1],
            )
            seed_everything(fit_seed(SEED, number))
            assert scores[number] == pytest.approx(
                log_loss(net.fit(X, y[train]), held, y[test]), abs=1e-6
            )


def test_a_target_is_scaled_as_by_hand_and_scored_in_its_own_unit() -> None:
    y = (
        3000
        + 500 * DATA.X["age"].fillna(40).to_numpy()
        + 100 * np.random.default_rng(0).normal(size=len(DATA.y))
    )
    data = replace(DATA, y=y, classes=())
    grid: dict[str, list[Any]] = {
        "lr": [0.01, 0.1],
        "prepare__target": ["standard", None],
    }

    def r2(estimator: BaseEstimator, X: Any, y: Any) -> float:
        return float(r2_score(y, estimator.predict(X)))

    prepare = Prepare(impute="mean", scale="standard")
    found, alone = (
        search(
            grid, r2, prepare, data, engine, max_epochs=20, train_split=None, **NUMBER
        )
        for engine in ("lockstep", "one-by-one")
    )
    np.testing.assert_allclose(found, alone, atol=1e-5)
    table, column = cells(DATA.X), data.y.astype(np.float32).reshape(-1, 1)
    for candidate, scores in zip(all_candidates(grid), found, strict=True):
        for number, (train, test) in enumerate(SPLITS):
            preparation = by_hand("mean", "standard", "onehot", False).fit(
                table.iloc[train]
            )
            X, held = (
                preparation.transform(table.iloc[part]).astype(np.float32)
                for part in (train, test)
            )
            net = plain_net(
                NeuralNetRegressor,
                criterion=nn.MSELoss,
                max_epochs=20,
                batch_size=16,
                lr=candidate["lr"],
                train_split=None,
                module__n_inputs=X.shape[1],
                module__output=nn.Identity,
            )
            scaler = StandardScaler() if candidate["prepare__target"] else None
            estimator = TransformedTargetRegressor(net, transformer=scaler)
            seed_everything(fit_seed(SEED, number))
            assert scores[number] == pytest.approx(
                r2(estimator.fit(X, column[train]), held, column[test]), abs=1e-5
            )
    assert (
        found[0::2] > found[1::2]
    ).all()  # a target in the thousands is out of reach without


def test_what_a_search_fits_does_not_depend_on_test_rows() -> None:
    """The nets of a split answer the same questions in the same way, whatever is in its test rows."""
    prepare = Prepare(impute="mean", scale="quantile")
    estimator = build_estimator(net_settings(), DATA, prepare)
    questions = rows(DATA, estimator)[:10]

    def answers(data: Dataset) -> list[np.ndarray]:
        listed: list[np.ndarray] = []

        def scorer(estimator: BaseEstimator, X: Any, y: Any) -> float:
            listed.append(estimator.predict_proba(questions)[:, 1])
            return 0.0

        search({"lr": [0.01]}, scorer, prepare, data)
        return listed

    clean = answers(DATA)
    for number, (_, test) in enumerate(SPLITS):
        X = DATA.X.copy()
        X.loc[test, ["age", "fare"]] = 1e5
        X.loc[test, "port"] = "Q"
        found = answers(replace(DATA, X=X))
        assert np.array_equal(found[number], clean[number])
        # The test sees leakage: in the other splits, these rows are training rows.
        assert not any(
            np.array_equal(found[i], clean[i]) for i in range(3) if i != number
        )
