"""The saved net: what is in its file, and what it predicts when it is read again."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
import torch
from safetensors import safe_open
from sklearn.base import BaseEstimator
from torch import Tensor, nn

from gridstage.config import Prepare
from gridstage.handover import Card, Model, file_of, load_model, predict, save_model
from gridstage.handover.net_file import net_content
from gridstage.model import rows
from packages.gridstage.tests.handover.fits import fit_net, numbers
from packages.gridstage.tests.passengers import LABELS, TYPES, passengers
from packages.gridstage.tests.refusals import refused

NUMBERS = numbers(60)
THREE: dict[str, Any] = {"criterion": "CrossEntropyLoss"}
REGRESSION: dict[str, Any] = {"wrapper": "NeuralNetRegressor", "criterion": "MSELoss"}
BINARY: dict[str, Any] = {
    "wrapper": "NeuralNetBinaryClassifier",
    "criterion": "BCEWithLogitsLoss",
}


# How much a net in ONNX may differ: it sums in another order, in float32.
CLOSE: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-5}


def loaded(
    path: Path, form: str, estimator: BaseEstimator, card: Card, X: pd.DataFrame
) -> tuple[Model, Card]:
    """Save a net in one of the forms, and read it."""
    if form == "onnx":
        assert save_model(path, estimator, card, X) == ""
    else:
        path.with_suffix(".safetensors").write_bytes(net_content(estimator, card))
    return load_model(path, {"packages"})


class Odd(nn.Module):
    """A net that has a part with the scaler's name, and one layer under two names."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.scale = nn.Linear(n_inputs, n_inputs)
        self.again = self.scale
        self.last = nn.Linear(n_inputs, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.last(self.again(self.scale(x))))


@pytest.mark.parametrize(
    ("form", "scale"),
    [("onnx", None), ("safetensors", None), ("safetensors", "standard")],
)
@pytest.mark.parametrize(
    ("changes", "n_classes"),
    [
        ({}, 2),
        (BINARY, 2),
        (THREE, 3),
        (REGRESSION, 0),
        ({"module": f"{__name__}.Odd"}, 2),
    ],
)
def test_a_loaded_model_predicts_as_the_fitted_one(
    here: Path,
    form: str,
    scale: Any,
    changes: dict[str, Any],
    n_classes: int,
) -> None:
    # The package `tests` is outside of it, as one that is installed.
    data = numbers(60, n_classes)
    estimator, card = fit_net(data, Prepare(scale=scale), **changes)
    found = predict(*loaded(here / "a", form, estimator, card, data.X), data.X)
    told = data.classes[1:] if n_classes == 2 else data.classes
    assert list(found) == ["y", *(f"y={label}" for label in told)]
    X = rows(data, estimator)
    if not n_classes:
        np.testing.assert_allclose(found["y"], estimator.predict(X).ravel(), **CLOSE)
    else:
        proba = estimator.predict_proba(X)
        assert proba.sum(axis=1) == pytest.approx(1)
        np.testing.assert_allclose(found.iloc[:, 1:], proba[:, -len(told) :], **CLOSE)
        assert found["y"].tolist() == [data.classes[i] for i in proba.argmax(axis=1)]


PREPARATIONS = [
    Prepare(impute="mean", scale="standard", indicator=True),
    Prepare(impute="median", scale="minmax", encode="ordinal"),
    Prepare(impute="most_frequent", scale="robust", encode="ordinal", indicator=True),
    Prepare(impute="most_frequent", scale="quantile"),
    Prepare(impute="mean"),
]


# In ONNX, the preparation is that of other models, which are quicker to try.
EACH = [
    ("safetensors", prepare, scaled)
    for prepare in PREPARATIONS
    for scaled in (None, "standard", "quantile")
]
EACH += [
    ("onnx", PREPARATIONS[0], "standard"),
    ("onnx", PREPARATIONS[3], "quantile"),
    ("onnx", PREPARATIONS[2], None),
]


@pytest.mark.parametrize(("form", "prepare", "scaled"), EACH)
def test_the_file_has_the_whole_preparation(
    tmp_path: Path, form: str, prepare: Prepare, scaled: Any
) -> None:
    data = passengers()
    changes = {}
    if scaled:
        prepare = prepare.model_copy(update={"target": scaled})
        changes = REGRESSION
        data = replace(
            data,
            y=1000 + 100 * np.random.default_rng(1).normal(size=len(data.y)),
            classes=(),
        )
    estimator, card = fit_net(data, prepare, **changes)
    model, found = loaded(tmp_path / "a", form, estimator, card, data.X)
    assert found.model_copy(update={"digest": ""}) == card
    given = passengers(50, seed=1).X
    array = card.columns.as_array(given)
    expected = (
        estimator.predict(array).ravel()
        if scaled
        else estimator.predict_proba(array)[:, 1]
    )
    np.testing.assert_allclose(
        predict(model, found, given).iloc[:, -1], expected, **CLOSE
    )
    # A category that was never seen is no reason to stop: the note on its row says so.
    assert len(predict(model, found, given.assign(port="Halifax"))) == 50
    # Columns in another order are put into their own.
    again = given[given.columns[::-1]]
    pd.testing.assert_frame_equal(
        predict(model, found, again), predict(model, found, given)
    )


def test_the_card_is_json_and_the_numbers_are_tensors(tmp_path: Path) -> None:
    estimator, card = fit_net(passengers(), Prepare(impute="mean", scale="standard"))
    (tmp_path / "model").write_bytes(net_content(estimator, card))
    with safe_open(tmp_path / "model", framework="np") as file:
        texts = [file.metadata()["card"]]
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_model(tmp_path / "onnx", estimator, card, passengers().X)
    texts += [
        each.value
        for each in onnx.load(tmp_path / "onnx").metadata_props
        if each.key == "card"
    ]
    assert len(texts) == 2
    for content in map(json.loads, texts):
        assert len(content.pop("digest")) == 16
        assert (
            content["prepare"] == Prepare(impute="mean", scale="standard").model_dump()
        )
        assert {each["name"]: each["type"] for each in content["inputs"]} == TYPES
        assert {
            each["name"]: each["categories"]
            for each in content["inputs"]
            if "categories" in each
        } == LABELS
    fares = passengers().X["fare"].replace(0, np.nan)
    assert tensors["prepare.numbers.impute.statistics_"][1] == pytest.approx(
        fares.mean()
    )
    assert tensors["prepare.numbers.scale.scale_"][1] == pytest.approx(
        fares.fillna(fares.mean()).std(ddof=0)
    )


class Undecided(nn.Module):
    """A net that goes another way if its rows are large, which no graph can say."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.last = nn.Linear(n_inputs, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = self.last(x / 1000)
        return torch.sigmoid(x if x.sum() > 0 else -x)


def test_a_net_without_a_graph_has_a_file_of_its_own(here: Path) -> None:
    path, other = Path("best.onnx"), Path("best.safetensors")
    estimator, card = fit_net(
        NUMBERS, Prepare(scale="standard"), module=f"{__name__}.Undecided"
    )
    told = save_model(path, estimator, card, NUMBERS.X)
    assert told.startswith(
        "best.safetensors can be read by this project only, because the net has no ONNX file: "
    )
    assert (file_of(path), path.exists()) == (other, False)
    found = predict(*load_model(path, {"packages"}), NUMBERS.X)
    assert np.array_equal(
        found["y=class 1"], estimator.predict_proba(rows(NUMBERS, estimator))[:, 1]
    )
    # A file of the other form is removed, whichever comes next.
    save_model(path, *fit_net(NUMBERS, Prepare()), NUMBERS.X)
    assert (file_of(path), other.exists()) == (path, False)
    save_model(path, estimator, card, NUMBERS.X)
    assert not path.exists()


def test_a_model_of_an_older_version_is_refused(tmp_path: Path) -> None:
    estimator, card = fit_net(NUMBERS, Prepare())
    card = card.model_copy(
        update={"kind": "forest", "name": "random_forest", "settings": None}
    )
    with refused(
        r"has random_forest in the form of an older version of this project. Run `dvc repro evaluate`"
    ):
        loaded(tmp_path / "model", "safetensors", estimator, card, NUMBERS.X)
