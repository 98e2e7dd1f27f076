"""The saved net: what is in its file, and what it predicts when it is read again."""

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open
from sklearn.base import BaseEstimator
from torch import nn

from stages.lib.config import Params, Prepare
from stages.lib.data import Columns, Dataset
from stages.lib.engine import net_of, seed_everything
from stages.lib.handover import Card, load_model, predict, save_model
from stages.lib.model import build_estimator, resolve_settings, rows, target
from tests.passengers import LABELS, TYPES, passengers
from tests.project import real_params


def fitted(data: Dataset, prepare: Prepare, **changes: Any) -> tuple[BaseEstimator, Card]:
    params = Params.model_validate(real_params() | {"prepare": prepare.model_dump()})
    settings = params.model.model_dump() | {"max_epochs": 3, "train_split": None} | changes
    resolved = resolve_settings(settings, "params.yaml", "test")
    estimator = build_estimator(resolved, data, prepare)
    seed_everything(7)
    estimator.fit(rows(data, estimator), target(data.y, resolved["wrapper"], resolved["criterion"]))
    return estimator, Card.of("net", "", prepare, data, "y", settings)


def numbers() -> Dataset:
    """Return a table of four numbers, and of a class that the first one tells."""
    rng = np.random.default_rng(0)
    names = ("a", "b", "c", "d")
    X = pd.DataFrame(rng.normal(size=(60, 4)) * [1, 10, 100, 0.1] + 3, columns=list(names))
    return Dataset(X, (X["a"] > 3).to_numpy(float), Columns(dict.fromkeys(names, "number")), ("no", "yes"))


@pytest.fixture(scope="module")
def data() -> Dataset:
    return numbers()


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
    assert found.model_copy(update={"digest": ""}) == card
    given = passengers(50, seed=1).X
    if scaled:
        expected = estimator.predict(given)
        assert np.array_equal(loaded.predict(card.columns.as_array(given)), expected)
        assert np.array_equal(predict(loaded, card, given)["y"], expected.ravel())
    else:
        assert np.array_equal(loaded.predict_proba(card.columns.as_array(given)), estimator.predict_proba(given))
    # A category that was never seen is no reason for a warning: the note on its row says so.
    with warnings.catch_warnings(action="error"):
        assert len(predict(loaded, card, given.assign(port="Halifax"))) == 50
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
        assert len(content.pop("digest")) == 16
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    assert content["prepare"] == Prepare(impute="mean", scale="standard").model_dump()
    assert {each["name"]: each["type"] for each in content["inputs"]} == TYPES
    assert {each["name"]: each["categories"] for each in content["inputs"] if "categories" in each} == LABELS
    fares = passengers().X["fare"].replace(0, np.nan)
    assert tensors["prepare.numbers.impute.statistics_"][1] == pytest.approx(fares.mean())
    assert tensors["prepare.numbers.scale.scale_"][1] == pytest.approx(fares.fillna(fares.mean()).std(ddof=0))


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
def test_a_module_may_call_and_share_its_parts_as_it_likes(
    tmp_path: Path, data: Dataset, scale: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the package `tests` is outside of it, as one that is installed
    estimator, card = fitted(data, Prepare(scale=scale), module=f"{__name__}.Odd")
    save_model(tmp_path / "model", estimator, card)
    found = predict(*load_model(tmp_path / "model", {"tests"}), data.X)
    assert np.array_equal(found["y=yes"], estimator.predict_proba(rows(data, estimator))[:, 1])


def test_a_file_of_an_older_version_names_nets_elsewhere(tmp_path: Path, data: Dataset) -> None:
    estimator, card = fitted(data, Prepare())
    assert card.settings
    settings = card.settings.model_copy(update={"module": "stages.lib.network.PimaClassifier"})
    save_model(tmp_path / "model", estimator, card.model_copy(update={"settings": settings}))
    found = predict(*load_model(tmp_path / "model"), data.X)
    assert np.array_equal(found["y=yes"], estimator.predict_proba(rows(data, estimator))[:, 1])


@pytest.mark.parametrize(("changes", "classes"), [({}, ("no", "yes")), (BINARY, ("no", "yes")), (REGRESSION, ())])
def test_a_net_runs_once_on_each_row(
    tmp_path: Path, data: Dataset, changes: dict[str, Any], classes: tuple[str, ...]
) -> None:
    estimator, card = fitted(replace(data, classes=classes), Prepare(scale="standard"), **changes)
    save_model(tmp_path / "a", estimator, card)
    loaded, _ = load_model(tmp_path / "a")
    lengths: list[int] = []
    net = net_of(loaded)
    net.module_.register_forward_hook(lambda *about: lengths.append(len(about[-1])))
    predict(loaded, card, data.X)
    assert sum(lengths) == len(data.X)
    assert lengths[0] == net.batch_size < len(data.X)
