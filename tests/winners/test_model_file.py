"""The saved model, and predicting from it."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open
from sklearn.base import BaseEstimator
from torch import nn

from stages import predict as stage
from stages.lib.common import UserError
from stages.lib.config import Params, Prepare
from stages.lib.data import Dataset
from stages.lib.lockstep import seed_everything
from stages.lib.model import build_estimator, resolve_settings, rows, target
from stages.lib.winners.card import Card
from stages.lib.winners.model_file import MODEL_FILE, load_model, predict, save_model
from tests.conftest import Command
from tests.passengers import LABELS, TYPES, passengers
from tests.project import ROOT, Project, real_params, small_params

ROWS = (ROOT / "data/pima-indians-diabetes.csv").read_text(encoding="utf-8").splitlines()


def fitted(data: Dataset, prepare: Prepare, **changes: Any) -> tuple[BaseEstimator, Card]:
    params = Params.model_validate(real_params() | {"prepare": prepare.model_dump()})
    settings = params.model.model_dump() | {"max_epochs": 3, "train_split": None} | changes
    resolved = resolve_settings(settings, "params.yaml", "test")
    estimator = build_estimator(resolved, data, prepare)
    seed_everything(7)
    estimator.fit(rows(data, estimator), target(data.y, resolved["wrapper"], resolved["criterion"]))
    return estimator, replace(Card.of(settings, data, params), target="y")


@pytest.fixture(scope="module")
def data() -> Dataset:
    rng = np.random.default_rng(0)
    names = ("a", "b", "c", "d")
    X = pd.DataFrame(rng.normal(size=(60, 4)) * [1, 10, 100, 0.1] + 3, columns=list(names))
    return Dataset(X, (X["a"] > 3).to_numpy(float), names, ("no", "yes"), types=dict.fromkeys(names, "number"))


THREE: dict[str, Any] = {"criterion": "CrossEntropyLoss"}
REGRESSION: dict[str, Any] = {"wrapper": "NeuralNetRegressor", "criterion": "MSELoss"}
BINARY: dict[str, Any] = {"wrapper": "NeuralNetBinaryClassifier", "criterion": "BCEWithLogitsLoss"}


@pytest.mark.parametrize("scale", [None, "standard"])
@pytest.mark.parametrize(
    ("changes", "classes", "names"),
    [
        ({}, ("no", "yes"), ["y", "y=yes"]),
        (BINARY, ("no", "yes"), ["y", "y=yes"]),
        (THREE, ("low", "middle", "high"), ["y", "y=low", "y=middle", "y=high"]),
        (REGRESSION, (), ["y"]),
    ],
)
def test_a_loaded_model_predicts_as_the_fitted_one(
    tmp_path: Path,
    data: Dataset,
    scale: Any,
    changes: dict[str, Any],
    classes: tuple[str, ...],
    names: list[str],
) -> None:
    y = np.digitize(data.X["a"], [2.5, 3.5]).astype(float) if len(classes) == 3 else data.y
    estimator, card = fitted(replace(data, y=y, classes=classes), Prepare(scale=scale), **changes)
    save_model(tmp_path / "a", estimator, card)
    found = predict(*load_model(tmp_path / "a"), data.X)
    assert list(found) == names
    X = rows(data, estimator)
    if not classes:
        assert np.array_equal(found["y"], estimator.predict(X).ravel())
    else:
        proba = estimator.predict_proba(X)
        assert proba.sum(axis=1) == pytest.approx(1)
        assert np.array_equal(found[names[1:]], proba[:, 1:] if len(classes) == 2 else proba)
        assert found["y"].tolist() == [classes[i] for i in proba.argmax(axis=1)]
    save_model(tmp_path / "b", *load_model(tmp_path / "a"))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


PREPARATIONS = [
    Prepare(impute="mean", scale="standard", indicator=True),
    Prepare(impute="median", scale="minmax", encode="ordinal"),
    Prepare(impute="most_frequent", scale="robust", encode="ordinal", indicator=True),
    Prepare(impute="most_frequent", scale="quantile"),
    Prepare(impute="mean"),
]


@pytest.mark.parametrize("prepare", PREPARATIONS)
@pytest.mark.parametrize("scaled", [None, "standard", "quantile"])
def test_the_file_has_the_whole_preparation(tmp_path: Path, prepare: Prepare, scaled: Any) -> None:
    data = passengers()
    changes = {}
    if scaled:
        prepare = prepare.model_copy(update={"target": scaled})
        changes = REGRESSION
        data = replace(data, y=1000 + 100 * np.random.default_rng(1).normal(size=len(data.y)), classes=())
    estimator, card = fitted(data, prepare, **changes)
    save_model(tmp_path / "a", estimator, card)
    loaded, found = load_model(tmp_path / "a")
    assert found == card
    given = passengers(50, seed=1).X
    if scaled:
        expected = estimator.predict(given)
        assert np.array_equal(loaded.predict(given), expected)
        assert np.array_equal(predict(loaded, card, given)["y"], expected.ravel())
    else:
        assert np.array_equal(loaded.predict_proba(given), estimator.predict_proba(given))
    # A category that was never seen is named once.
    with pytest.warns(UserWarning, match="'Halifax' was never seen in training") as warned:
        assert len(predict(loaded, card, given.assign(port="Halifax"))) == 50
    assert len(warned) == 1
    # Columns in another order are put into their own.
    again = given[given.columns[::-1]]
    pd.testing.assert_frame_equal(predict(loaded, card, again), predict(loaded, card, given))
    save_model(tmp_path / "b", loaded, found)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_card_is_json_and_the_numbers_are_tensors(tmp_path: Path) -> None:
    estimator, card = fitted(passengers(), Prepare(impute="mean", scale="standard"))
    save_model(tmp_path / "model", estimator, card)
    with safe_open(tmp_path / "model", framework="np") as file:
        content = json.loads(file.metadata()["card"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    assert content["prepare"] == Prepare(impute="mean", scale="standard").model_dump()
    assert content["columns"]["categories"] == LABELS
    assert content["features"] == list(TYPES)
    fares = passengers().X["fare"].replace(0, np.nan)
    assert tensors["prepare.numbers.impute.statistics_"][1] == pytest.approx(fares.mean())
    assert tensors["prepare.numbers.scale.scale_"][1] == pytest.approx(fares.fillna(fares.mean()).std(ddof=0))


def test_a_net_of_plain_numbers_has_the_card_it_always_had(tmp_path: Path, data: Dataset) -> None:
    estimator, card = fitted(replace(data, zeros=("a",)), Prepare())
    save_model(tmp_path / "model", estimator, card)
    with safe_open(tmp_path / "model", framework="np") as file:
        content = json.loads(file.metadata()["card"])
    assert sorted(content) == ["classes", "features", "scale", "settings", "target"]
    assert content["scale"] is None


def test_missing_cells_that_the_model_does_not_take_are_counted(data: Dataset) -> None:
    estimator, card = fitted(data, Prepare())
    rows = data.X.copy()
    rows.loc[:2, "b"] = np.nan
    with pytest.raises(UserError, match=r"Cells are missing in b \(3\), and the model was trained with prepare.impute"):
        predict(estimator, card, rows)


class Odd(nn.Module):
    """A net that has a part with the scaler's name, and one layer under two names."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.scale = nn.Linear(n_inputs, n_inputs)
        self.again = self.scale
        self.last = nn.Linear(n_inputs, n_outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.last(self.again(self.scale(x))))


@pytest.mark.parametrize("scale", [None, "standard"])
def test_a_module_may_call_and_share_its_parts_as_it_likes(tmp_path: Path, data: Dataset, scale: Any) -> None:
    estimator, card = fitted(data, Prepare(scale=scale), module=f"{__name__}.Odd")
    save_model(tmp_path / "model", estimator, card)
    found = predict(*load_model(tmp_path / "model"), data.X)
    assert np.array_equal(found["y=yes"], estimator.predict_proba(rows(data, estimator))[:, 1])


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_broken_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model").write_bytes(content)
    with pytest.raises(UserError, match=r"is not a model that the stage evaluate wrote. Run `dvc repro evaluate`"):
        load_model(tmp_path / "model")
    with pytest.raises(UserError, match=r"is not a model that the stage evaluate wrote"):
        load_model(tmp_path)
    with pytest.raises(UserError, match=r"none is missing. Run `dvc repro evaluate`"):
        load_model(tmp_path / "none")


def test_a_file_without_the_numbers_of_its_preparation_is_refused(tmp_path: Path, data: Dataset) -> None:
    estimator, card = fitted(data, Prepare())
    save_model(tmp_path / "model", estimator, replace(card, prepare=Prepare(scale="standard")))
    with pytest.raises(UserError, match=r"is not a model that the stage evaluate wrote. Run `dvc repro evaluate`"):
        load_model(tmp_path / "model")


def test_a_module_that_changed_is_named(tmp_path: Path, data: Dataset) -> None:
    estimator, card = fitted(data, Prepare())
    save_model(tmp_path / "model", estimator, replace(card, settings=card.settings | {"module__n_neurons": 3}))
    with pytest.raises(UserError, match=r"does not fit stages.lib.network.PimaClassifier as it is now: .*size mism"):
        load_model(tmp_path / "model")
    save_model(tmp_path / "model", estimator, replace(card, settings=card.settings | {"module__dropout_rate": 1.5}))
    with pytest.raises(UserError, match=r"does not fit .* as it is now: dropout_rate is 1.5"):
        load_model(tmp_path / "model")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with the committed model."""
    params = small_params()
    return Project(tmp_path_factory.mktemp("predict"), params)


def test_the_committed_model_is_small_and_predicts_the_data(project: Project) -> None:
    assert (ROOT / MODEL_FILE).stat().st_size < 2000
    shown = project.stage("predict", "data/pima-indians-diabetes.csv").stdout.splitlines()
    assert len(shown) == len(ROWS)
    labels, proba = np.array([line.split(",") for line in shown], dtype=float).T
    assert np.array_equal(labels, proba > 0.5)
    assert ((proba >= 0) & (proba <= 1)).all()
    truth = np.array([line.rpartition(",")[2] for line in ROWS], dtype=float)
    # The share of pairs in which the woman with diabetes is ranked above the one without.
    ranks = proba.argsort().argsort()
    positives = truth == 1
    auc = (ranks[positives].sum() - positives.sum() * (positives.sum() - 1) / 2) / positives.sum() / (~positives).sum()
    assert auc > 0.7


@pytest.fixture
def predict_here(project: Project, in_process: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.chdir(project.folder)
    return partial(in_process, stage)


def test_rows_without_the_target_from_standard_input(predict_here: Command) -> None:
    with_target = predict_here("-", stdin="\n".join(ROWS[:3]).encode())
    without = predict_here("-", stdin="\n".join(line.rpartition(",")[0] for line in ROWS[:3]).encode() + b"\n")
    assert with_target == without
    assert with_target.returncode == 0
    assert len(without.stdout.splitlines()) == 3


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "standard input has no rows"),
        (b"6,148,72,35,0,33.6,0.627\n", "standard input: line 1 has 7 columns instead of 8, or 9 with diabetes"),
        (b"6,abc,72,35,0,33.6,0.627,50\n", "standard input: line 1, column glucose: 'abc' is not a number"),
        (b"6,148,72,35,0,33.6,0.627,7\n", "standard input: line 1, column age: 7 is outside 21 to 100 (years)"),
        (b"\xff\xfe", "standard input is not utf-8; it looks like utf-16. Set data.encoding in params.yaml to utf-16."),
    ],
)
def test_bad_rows_are_refused_with_a_sentence(predict_here: Command, text: bytes, sentence: str) -> None:
    done = predict_here("-", stdin=text)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {sentence}")
    assert done.stdout == ""


def test_a_mistake_ends_the_real_command_with_a_sentence(project: Project) -> None:
    done = project.run("bash", "-c", "set -o pipefail; echo 6,148 | python -m stages.predict -", ok=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: standard input: line 1 has 2 columns instead of 8, or 9 with diabetes\n"


def test_a_reader_that_has_enough_is_no_mistake(project: Project) -> None:
    script = "set -o pipefail; python -m stages.predict data/pima-indians-diabetes.csv | true"
    assert project.run("bash", "-c", script).stderr == ""


def test_other_mistakes_end_with_a_sentence(predict_here: Command, project: Project) -> None:
    assert "one argument is needed" in predict_here().stderr
    done = predict_here("data/none.csv")
    assert done.returncode == 1
    assert "data/none.csv can't be read: No such file or directory" in done.stderr
    params = project.params()
    other = small_params()
    columns = other["data"]["columns"]
    other["data"]["columns"] = {"children": columns.pop("pregnancies"), **columns}
    project.write_params(other)
    try:
        done = predict_here("data/pima-indians-diabetes.csv")
    finally:
        project.write_params(params)
    assert "predicts diabetes from pregnancies, glucose" in done.stderr
    assert "Run `dvc repro evaluate`" in done.stderr
