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


def first_split(_: dict[str, Any], arrays: Arrays) -> None:
    """Let a split lead to itself."""
    arrays["model.left"][5] = 5


def first_set(_: dict[str, Any], arrays: Arrays) -> None:
    """Let a split of a forest go by categories."""
    arrays["model.sets"] = np.zeros((1, 32), dtype=np.uint8)
    arrays["model.category_set"][0] = 0


@pytest.mark.parametrize(
    ("kind", "change", "sentence"),
    [
        ("forest", put("model.left", 0, 10**6), "left has numbers outside -"),
        ("forest", put("model.right", 0, -(10**6)), "right has numbers outside -"),
        ("forest", first_split, "left leads back, so a walk through the trees would not end"),
        ("forest", put("model.roots", 3, 10**6), "roots has numbers outside -"),
        ("forest", changed("model.roots", lambda old: old[:0]), "roots is empty"),
        ("forest", put("model.column", 0, 3), "column has numbers outside 0 to 2"),
        ("forest", put("model.column", 0, -1), "column has numbers outside 0 to 2"),
        ("forest", put("model.missing_left", 0, 2), "missing_left has numbers outside 0 to 1"),
        ("forest", put("model.threshold", 0, np.nan), "threshold has numbers that are not finite"),
        ("forest", put("model.values", 0, np.inf), "model.values has numbers that are not finite"),
        ("forest", put("model.values", 0, 7.0), "values are not shares of classes"),
        ("forest", put("model.category_set", 0, 0), "category_set has numbers outside -1 to -1"),
        ("forest", changed("model.right", lambda old: old[:-1]), "right is int32 of shape"),
        ("forest", changed("model.left", lambda old: old.astype(np.int64)), "left is int64 of shape"),
        ("forest", changed("model.values", lambda old: old[:, :1].copy()), "values is float64 of shape"),
        ("forest", lambda _, arrays: arrays.pop("model.left"), "left is missing"),
        ("forest", lambda _, arrays: arrays.update(more=np.zeros(1)), "it has other numbers too, such as more"),
        ("forest", lambda card, _: card.update(kind="linear"), "mean is missing"),
        ("forest", lambda card, _: card.update(classes=["a", "b", "c"]), "values is float64 of shape"),
        ("forest", lambda card, _: card["inputs"].pop(), "column has numbers outside 0 to 1"),
        ("forest", first_set, "category_set has sets of categories, which a forest does not split by"),
        ("boosting", put("model.category_set", 0, 10**6), "category_set has numbers outside -1 to"),
        (
            "boosting",
            put("model.categorical", 0, 9),
            "categorical has numbers that are not columns, or are not in o",
        ),
        ("boosting", put("model.counts", 0, 10**6), "counts are not those of the categories"),
        ("boosting", put("model.counts", 0, -1), "counts are not those of the categories"),
        ("boosting", changed("model.categories", lambda old: old[::-1].copy()), "categories are not in order"),
        (
            "boosting",
            changed("model.start", lambda old: np.tile(old, 2)),
            "start is float64 of shape (2,), not",
        ),
        (
            "boosting",
            lambda _, arrays: arrays["model.categorical"].__isub__(1),
            "category_set has sets for a column without",
        ),
        ("linear", put("model.coef", 0, np.nan), "model.coef has numbers that are not finite"),
        ("linear", changed("model.coef", lambda old: old[:, :2].copy()), "coef is float32 of shape (1, 2)"),
        ("constant", put("model.values", 0, -0.5), "values are not shares of classes"),
        ("prepared", lambda _, arrays: arrays.pop("target.mean_"), "mean_ is missing"),
        ("prepared", lambda _, arrays: arrays.pop("prepare.numbers.impute.statistics_"), "statistics_ is missing"),
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
