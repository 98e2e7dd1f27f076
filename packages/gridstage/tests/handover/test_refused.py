"""ONNX files that are damaged, somebody else's, or changed on purpose are refused in sentences."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto

from gridstage.common import UserError
from gridstage.export.graph import Graph
from gridstage.handover import load_model, predict, save_model
from gridstage.handover.model_file import with_card
from packages.gridstage.tests.handover.fits import fit, numbers
from packages.gridstage.tests.refusals import refused


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "answer.onnx"
    save_model(path, *fit("logistic_regression", numbers()), numbers().X)
    return path


@pytest.mark.parametrize(
    "content",
    [b"", b"no model", Graph().model({}, {}, "somebody else's").SerializeToString()],
)
def test_a_file_without_a_card_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "answer.onnx").write_bytes(content)
    with refused(
        r"is not a model that the stage evaluate wrote. Run `dvc repro evaluate`"
    ):
        load_model(tmp_path / "answer.onnx")


def test_a_flipped_bit_of_a_number_is_noticed(tmp_path: Path, saved: Path) -> None:
    model = onnx.load(saved)
    (number,) = (each for each in model.graph.initializer if list(each.dims) == [3, 1])
    content = saved.read_bytes()
    at = content.index(number.raw_data)
    (tmp_path / "answer.onnx").write_bytes(
        content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    )
    with refused("its numbers are not those that were saved, so the file is damaged"):
        load_model(tmp_path / "answer.onnx")


def rewritten(
    path: Path, saved: Path, change: Callable[[Any, ModelProto], Any]
) -> None:
    """Write a file with another card or graph, and with the hash that goes with the graph."""
    from gridstage.handover.model_file import _digest

    model = onnx.load(saved)
    card = json.loads(model.metadata_props[0].value)
    change(card, model)
    card["digest"] = _digest(model)
    model.metadata_props[0].value = json.dumps(card)
    path.write_bytes(model.SerializeToString())


def outside(_: Any, model: ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda card, _: card.update(more=1),
            "its card is not as evaluate writes it: more: Extra inputs are not",
        ),
        (
            lambda card, _: card.update(kind="left_out"),
            "kind: Input should be 'net', 'linear', 'forest', 'boost",
        ),
        (
            lambda card, _: card["inputs"][0].pop("type"),
            "inputs.0.type: Field required",
        ),
        (
            lambda card, _: card.update(classes=[], threshold=0.2),
            "a threshold does not go with 0 classes",
        ),
        (
            lambda card, _: card.update(threshold=0),
            "threshold: Input should be greater than 0",
        ),
        (lambda _, model: model.graph.node[0].input.append("none"), "can't be run: "),
        (outside, "can't be run: "),
    ],
)
def test_a_file_with_anything_else_in_it_is_refused(
    tmp_path: Path, saved: Path, change: Any, sentence: str
) -> None:
    rewritten(tmp_path / "answer.onnx", saved, change)
    with pytest.raises(UserError) as caught:
        load_model(tmp_path / "answer.onnx")
    assert sentence in str(caught.value)
    assert str(caught.value).endswith("Run `dvc repro evaluate`.")


def test_what_is_no_number_is_not_printed(saved: Path) -> None:
    X = numbers().X
    X.loc[7, "a"] = np.nan
    with refused(
        "has no finite prediction for row 8 and 0 others: their values are too large"
    ):
        predict(*load_model(saved), X)


def test_the_same_card_gives_the_same_bytes(saved: Path) -> None:
    _, card = load_model(saved)
    assert with_card(onnx.load(saved), card) == saved.read_bytes()
