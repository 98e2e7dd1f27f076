"""An answer's file whose arrays are not those of its card is refused, with the reason."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save

from stages.lib.common import UserError
from stages.lib.config import Prepare
from stages.lib.handover import load_model, save_model
from tests.handover.fits import fit, mixed, numbers

Arrays = dict[str, np.ndarray]
Change = Callable[[dict[str, Any], Arrays], Any]


def rewritten(path: Path, change: Change) -> None:
    """Change a file's card and its arrays."""
    with safe_open(path, framework="np") as file:
        card = json.loads(file.metadata()["card"])
        arrays = {name: file.get_tensor(name).copy() for name in file.keys()}  # noqa: SIM118
    change(card, arrays)
    card["digest"] = hashlib.sha256(save(arrays)).hexdigest()[:16]  # as whoever wrote the file on purpose would
    path.write_bytes(save(arrays, metadata={"card": json.dumps(card)}))


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the files of a model of each kind."""
    folder = tmp_path_factory.mktemp("saved")
    models = {
        "linear": fit("logistic_regression", numbers()),
        "forest": fit("random_forest", numbers()),
        "boosting": fit("hist_gradient_boosting", mixed(classify=True)),
        "constant": fit("majority_class", numbers()),
        "prepared": fit("linear_regression", mixed(classify=False), Prepare(impute="mean", target="standard")),
    }
    for name, (_, model, card) in models.items():
        save_model(folder / name, model, card)
    return {name: (folder / name).read_bytes() for name in models}


def put(name: str, place: Any, value: Any) -> Change:
    """Return a change that puts a number into an array."""

    def change(_: dict[str, Any], arrays: Arrays) -> None:
        arrays[name][place] = value

    return change


def changed(name: str, make: Callable[[np.ndarray], np.ndarray]) -> Change:
    """Return a change of a whole array."""

    def change(_: dict[str, Any], arrays: Arrays) -> None:
        arrays[name] = make(arrays[name])

    return change


@pytest.mark.parametrize(
    ("kind", "change", "sentence"),
    [
        ("forest", put("model.left", 5, 5), "a split leads back, so a walk through the trees would not end"),
        ("forest", changed("model.right", lambda old: old[:-1]), "right is int32 of shape"),
        ("forest", changed("model.left", lambda old: old.astype(np.int64)), "left is int64 of shape"),
        ("forest", lambda _, arrays: arrays.pop("model.left"), "left is missing"),
        ("forest", lambda _, arrays: arrays.update(more=np.zeros(1)), "it has other numbers too, such as more"),
        ("forest", lambda card, _: card.update(classes=["a", "b", "c"]), "values is float64 of shape"),
        ("boosting", changed("model.start", lambda old: np.tile(old, 2)), "start is float64 of shape (2,), not"),
        ("linear", changed("model.coef", lambda old: old[:, :2].copy()), "coef is float32 of shape (1, 2)"),
        ("prepared", lambda _, arrays: arrays.pop("target.mean_"), "mean_ is missing"),
        ("prepared", changed("target.scale_", lambda old: np.tile(old, 2)), "scale_ has another shape or type"),
        ("constant", lambda card, _: card.update(kind="left_out"), "is left empty: majority_class takes 0.0 MB"),
    ],
)
def test_a_file_whose_arrays_do_not_fit_is_refused(
    tmp_path: Path, saved: dict[str, bytes], kind: str, change: Change, sentence: str
) -> None:
    path = tmp_path / "model"
    path.write_bytes(saved[kind])
    load_model(path)
    rewritten(path, change)
    with pytest.raises(UserError) as caught:
        load_model(path)
    assert sentence in str(caught.value)
    assert str(path) in str(caught.value) or "left empty" in sentence
