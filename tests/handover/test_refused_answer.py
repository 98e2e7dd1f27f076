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
        "constant": fit("majority_class", numbers()),
        "prepared": fit("linear_regression", mixed(classify=False), Prepare(impute="mean", target="standard")),
    }
    for name, (_, model, card) in models.items():
        save_model(folder / name, model, card)
    return {name: (folder / name).read_bytes() for name in models}


@pytest.mark.parametrize(
    ("kind", "change", "sentence"),
    [
        (
            "forest",
            lambda _, arrays: arrays["model.left"].put(5, 5),
            "a split leads back, so a walk through the trees would not end",
        ),
        ("forest", lambda _, arrays: arrays.pop("model.left"), "left is missing"),
        ("prepared", lambda _, arrays: arrays.pop("target.mean_"), "mean_ is missing"),
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
