"""The stage evaluate: who is compared, on which folds, and the model it saves."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier
from skorch.dataset import ValidSplit
from torch import nn, optim

from stages.evaluate import fit_on_all_rows
from stages.lib.contenders import Baseline, baselines, read_settings, score_baseline, score_net
from stages.lib.dataset import Dataset, load_dataset
from stages.lib.errors import UserError
from stages.lib.estimator import net_of
from stages.lib.evaluation import make_splits
from stages.lib.formatting import format_changes
from stages.lib.leaderboard import BEST_PARAMS
from stages.lib.leaderboard import summarise as summarise_searches
from stages.lib.model_file import MODEL_FILE, load_model
from stages.lib.network import PimaClassifier
from stages.lib.numerics import fit_seed, seed_everything
from stages.lib.outputs import write_json
from stages.lib.params import CV, Params, load_params
from tests.conftest import ROOT, MakeProject, Project, small_params


def params_of(**changes: Any) -> Params:
    return Params.model_validate(small_params() | changes)


def write_best(params: Params, folder: Path, **changes: Any) -> None:
    bests = {
        name: {"best_params": {key: values[0] for key, values in experiment.grid.items()}}
        for name, experiment in params.experiments.items()
    }
    details = {"combined": params.model.model_dump() | {"optimizer": "Adamax"}, "experiments": bests} | changes
    write_json(folder / BEST_PARAMS, {"details": [details]})


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
        ('{"details": [{"combined": {}, "experiments": {}}]}', "is of other experiments than params.yaml has"),
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


def plain_net(params: Params, **changes: Any) -> NeuralNetClassifier:
    """Return `model` of the params as skorch alone has it."""
    settings = {name: getattr(params.model, name) for name in ("lr", "max_epochs", "batch_size")}
    settings |= {"optimizer": optim.Adam, "train_split": ValidSplit(5, stratified=True)} | changes
    return NeuralNetClassifier(PimaClassifier, criterion=nn.BCELoss, verbose=0, **settings)


def test_a_score_is_that_of_the_net_fitted_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    params = params_of(engine="sklearn")
    data = load_dataset(params.data, True, params.seed)
    splits = make_splits(data.y, params.cv.model_copy(update={"n_repeats": 1, "shuffle": True}), 5, True)
    found = score_net("net", params.model.model_dump(), data, splits, params)

    y = data.y.astype(np.float32).reshape(-1, 1)
    for number, (train, test) in enumerate(splits):
        seed_everything(fit_seed(params.seed, number))
        net = plain_net(params).fit(data.X[train], y[train])
        assert found[number] == (net.predict(data.X[test]).ravel() == data.y[test]).mean()


def test_the_baselines_are_a_linear_model_and_a_constant() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 3)) * [1, 100, 0.01]
    y = (X[:, 0] + rng.normal(size=90) > 0.3).astype(float)
    found = baselines(classify=True)
    assert list(found) == ["logistic_regression", "majority_class"]
    logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(X, y)
    fitted = found["logistic_regression"].estimator.fit(X, y)
    assert np.array_equal(fitted.predict_proba(X), logistic.predict_proba(X))
    assert found["majority_class"].estimator.fit(X, y).score(X, y) == max(y.mean(), 1 - y.mean())

    found = baselines(classify=False)
    assert list(found) == ["linear_regression", "mean"]
    slope, intercept, *_ = stats.linregress(X[:, 1], X[:, 0])
    line = found["linear_regression"].estimator.fit(X[:, 1:2], X[:, 0])
    assert line.predict(X[:, 1:2]) == pytest.approx(slope * X[:, 1] + intercept)
    assert found["mean"].estimator.fit(X, X[:, 0]).predict(X[:1]) == pytest.approx(X[:, 0].mean())


def test_a_baseline_that_the_scorer_refuses_has_no_score() -> None:
    X = np.arange(12, dtype=np.float32).reshape(-1, 1)
    y = np.exp(X.ravel().astype(float))
    data = Dataset(X, y, ("x",), ())
    splits = make_splits(y, CV(n_splits=3, n_repeats=1, shuffle=True), 0, False)
    lines = Baseline(LinearRegression(), "a line, which goes below zero")
    with pytest.warns(UserWarning, match="line has no score: neg_root_mean_squared_log_error says Root Mean"):
        scores = score_baseline("line", lines, data, splits, "neg_root_mean_squared_log_error")
    assert np.isnan(scores).all()
    assert not np.isnan(score_baseline("line", lines, data, splits, "r2")).any()


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which the stage has run, from results written by hand."""
    params = small_params()
    params["experiments"] = {"dropout": params["experiments"]["dropout"]}
    params["cv"]["n_repeats"] = 2
    project = Project(tmp_path_factory.mktemp("evaluated"), params)
    write_best(Params.model_validate(params), project.folder)
    project.stage("evaluate")
    return project


def read_in(project: Project) -> tuple[Params, Dataset]:
    params = load_params(project.folder / "params.yaml")
    return params, load_dataset(
        params.data.model_copy(update={"path": str(ROOT / params.data.path)}), True, params.seed
    )


def test_the_stage_draws_folds_and_weights_of_its_own(evaluated: Project) -> None:
    params, data = read_in(evaluated)
    table = pd.read_csv(io.BytesIO(evaluated.read("metrics/candidates/evaluation.csv")), index_col="setting")
    scores = table.filter(like="split").astype(float)
    assert list(scores) == [f"split{i}_test_score" for i in range(6)]
    seed = fit_seed(params.seed, 0, 2)
    drawn = make_splits(data.y, params.cv.model_copy(update={"shuffle": True}), seed, True)
    searched = make_splits(data.y, params.cv, params.seed, True)
    assert not any(np.array_equal(a, b) for _, a in drawn for _, b in searched)

    logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    expected = cross_val_score(logistic, data.X, data.y, cv=drawn)
    assert scores.loc["logistic_regression"].to_numpy() == pytest.approx(expected, abs=1e-6)
    settings = params.model.model_dump()
    found, flattered = (
        score_net("net", settings, data, drawn, params.model_copy(update={"seed": each}))
        for each in (seed, params.seed)
    )
    assert scores.loc["starting_point"].to_numpy() == pytest.approx(found, abs=1e-6)
    assert not np.array_equal(found, flattered)


def test_the_model_is_the_combined_setting_fitted_on_every_row(evaluated: Project) -> None:
    params, data = read_in(evaluated)
    estimator, card = load_model(evaluated.folder / MODEL_FILE)
    assert card.settings == params.model.model_dump() | {"optimizer": "Adamax", "train_split": None}

    seed_everything(params.seed)
    plain = plain_net(params, optimizer=optim.Adamax, train_split=None)
    plain.fit(data.X, data.y.astype(np.float32).reshape(-1, 1))
    saved, fitted = (net.module_.state_dict() for net in (net_of(estimator), plain))
    assert {name: weight.tolist() for name, weight in saved.items()} == {
        name: weight.tolist() for name, weight in fitted.items()
    }


class Normed(nn.Module):
    """A net that can't train on a batch of one row."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.BatchNorm1d(n_inputs), nn.Linear(n_inputs, n_outputs), nn.Sigmoid())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


def test_a_last_fit_that_fails_or_diverges_is_told() -> None:
    params = params_of()
    X = np.random.default_rng(0).normal(size=(21, 2)).astype(np.float32)
    data = Dataset(X, np.arange(21) % 2.0, ("a", "b"), ("0", "1"))
    settings = params.model.model_dump() | {"train_split": None, "batch_size": 20}
    with pytest.raises(UserError, match=r"can't be fitted on all rows: ValueError: Expected more than 1 value per"):
        fit_on_all_rows(settings | {"module": f"{__name__}.Normed"}, data, params)
    with pytest.raises(UserError, match=r"The combined setting diverged when it was fitted on all rows"):
        fit_on_all_rows(settings | {"optimizer": "SGD", "lr": 1e30, "criterion": "BCEWithLogitsLoss"}, data, params)


def test_the_stage_gives_the_same_bytes_with_either_order_of_experiments(
    evaluated: Project, make_project: MakeProject
) -> None:
    again = make_project({"cv.n_repeats": 2})
    params = again.params()
    params["experiments"] = {"other": params["experiments"]["optimizer"], "dropout": params["experiments"]["dropout"]}
    again.write_params(params)
    write_best(Params.model_validate(params), again.folder)
    again.stage("evaluate")
    assert again.read("models/best.safetensors") == evaluated.read("models/best.safetensors")
    first, second = (json.loads(project.read("metrics/evaluation.json")) for project in (evaluated, again))
    assert {key: second[key] for key in first if key != "best_setting"} == {
        key: first[key] for key in first if key != "best_setting"
    }


def test_a_combination_that_no_net_takes_is_refused(evaluated: Project) -> None:
    project = object.__new__(Project)
    project.folder = evaluated.folder
    before = {name: project.read(name) for name in ("metrics/evaluation.json", "models/best.safetensors")}
    best = project.read(str(BEST_PARAMS))
    params = load_params(project.folder / "params.yaml")
    spoilt = params.model.model_dump() | {"optimizer": "Adamm"}
    write_best(params, project.folder, combined=spoilt)
    try:
        done = project.stage("evaluate", ok=False)
    finally:
        (project.folder / BEST_PARAMS).write_bytes(best)
    assert done.returncode == 1
    assert "error: metrics/best_params.json: combined.optimizer: 'Adamm' is no optimizer of torch" in done.stderr
    assert "Traceback" not in done.stderr
    assert {name: project.read(name) for name in before} == before
