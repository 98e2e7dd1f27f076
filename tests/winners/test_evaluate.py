"""The stage evaluate: the folds it draws, and the model it saves."""

import io
import json

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn, optim

from stages.lib.common import UserError
from stages.lib.config import Params, load_params
from stages.lib.data import Dataset
from stages.lib.lockstep import fit_seed, net_of, seed_everything
from stages.lib.search import make_splits
from stages.lib.winners.contenders import score_net
from stages.lib.winners.leaderboard import BEST_PARAMS
from stages.lib.winners.model_file import MODEL_FILE, fit_on_all_rows, load_model
from tests.conftest import MakeProject
from tests.project import Project, load_real_data, small_params
from tests.winners.settings import model_in_skorch, params_of, write_best


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


def test_the_stage_draws_folds_and_weights_of_its_own(evaluated: Project) -> None:
    params = load_params(evaluated.folder / "params.yaml")
    data = load_real_data(params)
    table = pd.read_csv(io.BytesIO(evaluated.read("metrics/candidates/evaluation.csv")), index_col="setting")
    scores = table.filter(like="split").astype(float)
    assert list(scores) == [f"split{i}_test_score" for i in range(6)]
    seed = fit_seed(params.seed, 0, 2)
    drawn = make_splits(data, params.cv.model_copy(update={"shuffle": True}), seed, True)
    searched = make_splits(data, params.cv, params.seed, True)
    assert not any(np.array_equal(a, b) for _, a in drawn for _, b in searched)

    logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    expected = cross_val_score(logistic, data.X.to_numpy(np.float32), data.y, cv=drawn)
    assert scores.loc["logistic_regression"].to_numpy() == pytest.approx(expected, abs=1e-6)
    settings = params.model.model_dump()
    found, flattered = (
        score_net("net", settings, data, drawn, params.model_copy(update={"seed": each}))
        for each in (seed, params.seed)
    )
    assert scores.loc["starting_point"].to_numpy() == pytest.approx(found, abs=1e-6)
    assert not np.array_equal(found, flattered)


def test_the_model_is_the_combined_setting_fitted_on_every_row(evaluated: Project) -> None:
    params = load_params(evaluated.folder / "params.yaml")
    data = load_real_data(params)
    estimator, card = load_model(evaluated.folder / MODEL_FILE)
    assert card.settings == params.model.model_dump() | {"optimizer": "Adamax", "train_split": None}

    seed_everything(params.seed)
    plain = model_in_skorch(params, optimizer=optim.Adamax, train_split=None)
    plain.fit(np.array(data.X, dtype=np.float32), data.y.astype(np.float32).reshape(-1, 1))
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
    X = np.random.default_rng(0).normal(size=(21, 2))
    data = Dataset(pd.DataFrame(X, columns=["a", "b"]), np.arange(21) % 2.0, ("a", "b"), ("0", "1"))
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
    assert "error: metrics/best_params.json: combined.optimizer: 'Adamm' is not an optimizer of torch" in done.stderr
    assert "Traceback" not in done.stderr
    assert {name: project.read(name) for name in before} == before
