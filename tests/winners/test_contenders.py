"""Who is compared in the evaluation: the settings of nets, and the baselines."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from stages.lib.common import UserError, format_changes, write_json
from stages.lib.config import CV, Prepare
from stages.lib.data import Dataset
from stages.lib.lockstep import fit_seed, seed_everything
from stages.lib.search import make_splits
from stages.lib.winners.contenders import Baseline, baselines, read_settings, score_baseline, score_net
from stages.lib.winners.leaderboard import BEST_PARAMS
from stages.lib.winners.leaderboard import summarise as summarise_searches
from tests.model.test_preparation import by_hand, cells
from tests.passengers import passengers
from tests.project import ROOT
from tests.winners.settings import model_in_skorch, params_of, write_best


def test_the_nets_are_the_combination_every_winner_and_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    params = params_of()
    write_best(params, tmp_path)
    settings = read_settings(params)
    assert list(settings) == ["combined", *params.experiments, "starting_point"]
    model = params.model.model_dump()
    assert settings["starting_point"] == model
    assert format_changes(settings["starting_point"], model) == ""
    assert format_changes(settings["combined"], model) == "optimizer=Adamax"
    # A winner keeps what its own search held fixed.
    assert format_changes(settings["weight_init"], model) == "optimizer=Adamax, module__weight_init=zeros_"


def test_a_setting_is_evaluated_to_the_last_digit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    best = {"lr": 0.0123456789, "optimizer__eps": 1e-08}
    params = params_of(experiments={"tiny": {"grid": {key: [value] for key, value in best.items()}}})
    numbers = {"best_score": 0.7, "best_std": 0.1, "n_candidates": 1, "n_fits": 6}
    write_json(BEST_PARAMS, summarise_searches(params, {"tiny": numbers | {"best_params": best}}))
    settings = read_settings(params)
    assert settings["combined"] == settings["tiny"] == params.model.model_dump() | best


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "is missing"),
        ("{", "is not what the stage best_params writes"),
        ('{"details": []}', "is not what the stage best_params writes"),
        ('{"details": [{"combined": {}, "experiments": {}}]}', "is from other experiments than those in params.yaml"),
    ],
)
def test_results_that_do_not_fit_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    BEST_PARAMS.parent.mkdir()
    if content is not None:
        BEST_PARAMS.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=f"{sentence}. Run `dvc repro best_params`"):
        read_settings(params_of())


def test_a_score_is_that_of_the_net_fitted_by_hand(monkeypatch: pytest.MonkeyPatch, data: Dataset) -> None:
    monkeypatch.chdir(ROOT)
    params = params_of(engine="one-by-one")
    splits = make_splits(data, params.cv.model_copy(update={"n_repeats": 1, "shuffle": True}), 5, True)
    found = score_net("net", params.model.model_dump(), data, splits, params)

    X, y = data.X.to_numpy(np.float32), data.y.astype(np.float32).reshape(-1, 1)
    for number, (train, test) in enumerate(splits):
        seed_everything(fit_seed(params.seed, number))
        net = model_in_skorch(params).fit(X[train], y[train])
        assert found[number] == (net.predict(X[test]).ravel() == data.y[test]).mean()


def test_the_baselines_are_a_linear_model_and_a_constant() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 3)) * [1, 100, 0.01]
    y = (X[:, 0] + rng.normal(size=90) > 0.3).astype(float)
    data = Dataset(pd.DataFrame(X, columns=["a", "b", "c"]), y, ("a", "b", "c"), ("no", "yes"))
    found = baselines(data, Prepare())
    assert list(found) == ["logistic_regression", "majority_class"]
    logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(X, y)
    fitted = found["logistic_regression"].estimator.fit(X, y)
    assert np.array_equal(fitted.predict_proba(X), logistic.predict_proba(X))
    assert found["majority_class"].estimator.fit(X, y).score(X, y) == max(y.mean(), 1 - y.mean())

    found = baselines(replace(data, classes=()), Prepare())
    assert list(found) == ["linear_regression", "mean"]
    slope, intercept, *_ = stats.linregress(X[:, 1], X[:, 0])
    line = found["linear_regression"].estimator.fit(X[:, 1:2], X[:, 0])
    assert line.predict(X[:, 1:2]) == pytest.approx(slope * X[:, 1] + intercept)
    assert found["mean"].estimator.fit(X, X[:, 0]).predict(X[:1]) == pytest.approx(X[:, 0].mean())


def test_the_linear_baseline_gets_the_preparation_of_the_combined_setting() -> None:
    data = passengers()
    prepare = Prepare(impute="mean", encode="onehot", scale="minmax")
    found = baselines(data, prepare)["logistic_regression"]
    assert found.description == "LogisticRegression, inputs prepared as those of combined, then standardized"
    splits = list(StratifiedKFold(3).split(data.X, data.y))
    plain = make_pipeline(
        by_hand("mean", "minmax", "onehot", False), StandardScaler(), LogisticRegression(max_iter=1000)
    )
    expected = cross_val_score(plain, cells(data.X), data.y, cv=splits, scoring="neg_log_loss")
    assert score_baseline("x", found, data, splits, "neg_log_loss") == pytest.approx(expected, abs=1e-6)

    constant = baselines(data, prepare)["majority_class"]
    shares = [max(data.y[test].mean(), 1 - data.y[test].mean()) for _, test in splits]
    assert score_baseline("x", constant, data, splits, "accuracy") == pytest.approx(shares)

    # The target is scaled too, which shows where it is not linear.
    y = np.exp(data.X["age"].fillna(40).to_numpy() / 10)
    data = replace(data, y=y, classes=())
    numbered = Prepare(impute="mean", target="quantile")
    linear = baselines(data, numbered)["linear_regression"].estimator
    plain = TransformedTargetRegressor(
        make_pipeline(by_hand("mean", None, "onehot", False), StandardScaler(), LinearRegression()),
        transformer=QuantileTransformer(n_quantiles=80, output_distribution="normal"),
        check_inverse=False,
    )
    expected = cross_val_score(plain, cells(data.X), y, cv=splits, scoring="r2")
    assert score_baseline("x", Baseline(linear, ""), data, splits, "r2") == pytest.approx(expected, abs=1e-4)


def test_a_baseline_that_the_scorer_refuses_has_no_score() -> None:
    x = np.arange(12.0)
    y = np.exp(x)
    data = Dataset(pd.DataFrame({"x": x}), y, ("x",), ())
    splits = make_splits(data, CV(n_splits=3, n_repeats=1, shuffle=True), 0, False)
    lines = Baseline(LinearRegression(), "a line, which goes below zero")
    with pytest.warns(UserWarning, match="line has no score: neg_root_mean_squared_log_error says Root Mean"):
        scores = score_baseline("line", lines, data, splits, "neg_root_mean_squared_log_error")
    assert np.isnan(scores).all()
    assert not np.isnan(score_baseline("line", lines, data, splits, "r2")).any()
