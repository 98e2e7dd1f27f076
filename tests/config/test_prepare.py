"""The section `prepare`, and its keys in grids and `fixed`."""

from pathlib import Path
from typing import Any

import pytest

from stages.lib.config import Prepare
from tests.config.params_files import changed, refused


def told(folder: Path, changes: dict[str, Any]) -> str:
    return refused(folder, changed(changes))


REGRESSION = {"model.wrapper": "NeuralNetRegressor", "cv.splitter": "kfold", "cv.scoring": "r2"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"prepare.impute": "average"},
            "prepare.impute is 'average': it should be 'mean', 'median' or 'most_frequent'",
        ),
        (
            {"prepare.scale": "Standard"},
            "prepare.scale is 'Standard': it should be 'standard', 'minmax', 'robust', ",
        ),
        ({"prepare.imputer": None}, "prepare.imputer is unknown; did you mean 'impute'?"),
        ({"prepare.encode": None}, "prepare.encode is null: it should be 'onehot' or 'ordinal'"),
        ({"prepare.target": "standard"}, "prepare.target is 'standard': a class can't be scaled, only the target of"),
        (
            {"experiments.neurons.fixed.prepare__target": "quantile"},
            "experiments.neurons.fixed.prepare__target is 'quantile': a class can't be scaled",
        ),
        (
            {"experiments.neurons.grid.prepare__scale": [None, "standart"]},
            "experiments.neurons.grid.prepare__scale[1] is 'standart': it should be 'standard', 'minmax', 'robust', ",
        ),
        (
            {"experiments.neurons.grid.prepare__scal": ["standard"]},
            "experiments.neurons.grid.prepare__scal is unknown; did you mean 'prepare__scale'?",
        ),
        (REGRESSION | {"experiments.neurons.grid.prepare__target": [True]}, "prepare__target[0] is True: it should be"),
    ],
)
def test_a_mistake_is_a_sentence_with_its_place(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    assert sentence in told(tmp_path, changes)


def test_settings_override_the_section() -> None:
    prepare = Prepare(impute="mean", scale="robust")
    found = prepare.under({"prepare__scale": None, "prepare__indicator": True, "lr": 0.1})
    assert found == Prepare(impute="mean", indicator=True)
