"""Which nets are compared in the evaluation, and what they reach."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stages.lib.common import UserError, format_changes, write_json
from stages.lib.config import Params
from stages.lib.data import Dataset
from stages.lib.engine import fit_seed, seed_everything
from stages.lib.search import make_splits, run_search
from stages.lib.winners import contenders
from stages.lib.winners.contenders import read_settings, score_nets
from stages.lib.winners.leaderboard import BEST_PARAMS
from tests.passengers import passengers
from tests.project import ROOT
from tests.winners.settings import model_in_skorch, params_of, write_best


def test_the_nets_are_the_combination_every_winner_the_simplest_and_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    params = params_of()
    write_best(params, tmp_path, winner="neurons")
    settings, kept = read_settings(params)
    assert kept == "neurons"
    assert list(settings) == ["combined", *params.experiments, "simplest", "starting_point"]
    model = params.model.model_dump()
    assert settings["starting_point"] == model
    assert format_changes(settings["combined"], model) == "optimizer=Adamax"
    # A winner keeps what its own search held fixed.
    assert format_changes(settings["weight_init"], model) == "optimizer=Adamax, module__weight_init=zeros_"
    simplest = params.experiments["neurons"].fixed | {"module__n_neurons": 5}
    assert settings["simplest"] == model | simplest

    params = params_of(statistics={"rope": 0.01, "pick": "simplest"}, evaluate={"keep": "combined"})
    settings, kept = read_settings(params)
    assert kept == "combined"
    assert settings["simplest"] == settings["neurons"] == model | simplest
    assert format_changes(settings["weight_init"], model) == "optimizer=Adamax, module__weight_init=kaiming_uniform_"


def test_without_a_combination_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    params = params_of()
    best: dict[str, Any] = {name: {"best_params": {}, "simplest_params": {}} for name in params.experiments}
    write_json(BEST_PARAMS, {"details": [{"experiments": best, "winner": "neurons"}]})
    settings, _ = read_settings(params)
    assert "combined" not in settings


def test_a_setting_is_evaluated_to_the_last_digit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    best = {"lr": 0.0123456789, "optimizer__eps": 1e-08}
    params = params_of(experiments={"tiny": {"grid": {key: [value] for key, value in best.items()}}})
    write_best(params, tmp_path, combined=params.model.model_dump() | best)
    settings, _ = read_settings(params)
    assert settings["combined"] == settings["tiny"] == params.model.model_dump() | best


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "is missing"),
        ("{", "is not what the stage best_params writes"),
        ('{"details": []}', "is not what the stage best_params writes"),
        ('{"details": [{"combined": {}, "experiments": {}}]}', "is not what the stage best_params writes"),
        (
            '{"details": [{"experiments": {"x": {"best_params": {}, "simplest_params": {}}}, "winner": "x"}]}',
            "is from other experiments than those in params.yaml",
        ),
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


def with_cv(params: Params, **changes: Any) -> Params:
    return params.model_copy(update={"cv": params.cv.model_copy(update=changes)})


def test_a_score_and_its_predictions_are_those_of_the_net_fitted_by_hand(
    monkeypatch: pytest.MonkeyPatch, data: Dataset
) -> None:
    monkeypatch.chdir(ROOT)
    params = with_cv(params_of(engine="one-by-one"), also_score=["roc_auc"])
    splits = make_splits(data, params.cv.model_copy(update={"n_repeats": 1, "shuffle": True}), 5, True)
    found = score_nets({"net": params.model.model_dump()}, data, splits, params)["net"]

    X, y = data.X.to_numpy(np.float32), data.y.astype(np.float32).reshape(-1, 1)
    for number, (train, test) in enumerate(splits):
        seed_everything(fit_seed(params.seed, number))
        net = model_in_skorch(params).fit(X[train], y[train])
        assert found.scores["score"][number] == (net.predict(X[test]).ravel() == data.y[test]).mean()
        predicted = found.predictions[number]
        assert predicted is not None
        assert np.array_equal(predicted, net.predict_proba(X[test]).squeeze(-1))
    assert list(found.scores) == ["score", "roc_auc"]


def alone(settings: dict[str, Any], data: Dataset, splits: list[Any], params: Params) -> dict[str, list[float]]:
    """Return the scores of each net in a search of its own."""
    return {
        name: score_nets({name: chosen}, data, splits, params)[name].scores["score"].tolist()
        for name, chosen in settings.items()
    }


def test_nets_of_all_kinds_score_together_as_alone(monkeypatch: pytest.MonkeyPatch, data: Dataset) -> None:
    monkeypatch.chdir(ROOT)
    params = params_of()
    splits = make_splits(data, params.cv.model_copy(update={"n_repeats": 1}), 5, True)
    model = params.model.model_dump()
    settings = {
        "plain": model,
        "scaled": model | {"prepare__scale": "standard", "optimizer": "SGD", "optimizer__momentum": 0.5},
        "again": dict(reversed(model.items())),
        "wide": model | {"module__n_neurons": 20, "batch_size": 40, "module__activation": "Tanh"},
        "other_target": model | {"criterion": "CrossEntropyLoss"},
    }
    searched: list[int] = []

    def counting(label: str, estimator: Any, candidates: list[Any], *rest: Any, **options: Any) -> Any:
        searched.append(len(candidates))
        return run_search(label, estimator, candidates, *rest, **options)

    monkeypatch.setattr(contenders, "run_search", counting)
    found = score_nets(settings, data, splits, params)
    assert list(found) == list(settings)
    # Equal settings are trained once, and those with another form of target by themselves.
    assert searched == [3, 1]
    assert {name: each.scores["score"].tolist() for name, each in found.items()} == alone(
        settings, data, splits, params
    )


def test_regressions_with_and_without_a_scaled_target_score_together_as_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    data = passengers()
    numbers = Dataset(data.X[["fare"]], np.arange(120.0), ("fare",), (), types={"fare": "number"})
    params = with_cv(params_of(), scoring="r2", splitter="kfold", n_repeats=1)
    model = params.model.model_dump() | {"wrapper": "NeuralNetRegressor", "criterion": "MSELoss", "lr": 1e-4}
    splits = make_splits(numbers, params.cv, 5, False)
    settings = {"plain": model, "scaled": model | {"prepare__target": "standard"}}
    found = score_nets(settings, numbers, splits, params)
    assert {name: each.scores["score"].tolist() for name, each in found.items()} == alone(
        settings, numbers, splits, params
    )
    assert [len(predicted) for predicted in found["scaled"].predictions if predicted is not None] == [40, 40, 40]
