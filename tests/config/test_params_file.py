"""params.yaml: a mistake is named with its place and what to do."""

import re
from pathlib import Path
from typing import Any

import pytest
from sklearn.model_selection import ParameterGrid

from stages.lib.common import UserError
from stages.lib.config import Data, Experiment, load_params
from tests.config.params_files import refused
from tests.project import ROOT, real_params, set_at


def test_the_committed_file_is_valid() -> None:
    params = load_params(ROOT / "params.yaml")
    assert sum(len(experiment.candidates(params.seed)) for experiment in params.experiments.values()) == 129 + 50


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        ("cv.n_splits", 1, "cv.n_splits is 1: it should be greater than or equal to 2"),
        ("cv.n_splits", "three", "cv.n_splits is 'three': it should be a valid integer"),
        ("cv.n_folds", 3, "cv.n_folds is unknown"),
        ("cv.n_split", 3, "cv.n_split is unknown; did you mean 'n_splits'?"),
        ("seed", -1, "seed is -1: it should be greater than or equal to 0"),
        ("seed", True, "seed is True: it should be a valid integer"),
        ("model.lr", -0.1, "model.lr is -0.1: it should be greater than 0"),
        ("model.batch_size", 0, "model.batch_size is 0: it should be greater than or equal to 1"),
        ("model.train_split", 1, "model.train_split is 1: it should be greater than or equal to 2"),
        ("data.sample", 1.5, "data.sample is 1.5: it should be less than or equal to 1"),
        ("data.scale", "minmax", "data.scale is called prepare.scale now"),
        ("data.target", "diabetis", "the target 'diabetis' is not one of its columns; did you mean 'diabetes'?"),
        ("model.source", None, "model.source is None: it should be a valid string"),
        (
            "data.columns",
            {"diabetes": {}},
            "without a header, columns should list every column of the file, two or more",
        ),
        ("data.columns", {}, "data.columns is empty; it should have 1 or more"),
        ("data.columns.diabetes", {"classes": ["no"]}, "data.columns.diabetes.classes has only 1; it should have 2"),
        ("data.columns.diabetes", {"classes": []}, "data.columns.diabetes.classes is empty; it should have 2 or more"),
        (
            "data.columns.diabetes",
            {"classes": ["no", "yes", "no"]},
            "data.columns.diabetes.classes is ['no', 'yes', 'no']: 'no' is listed twice; each class has one label",
        ),
        ("data.columns.diabetes", {"classes": [0, "0"]}, "'0' is listed twice; each class has one label"),
        (
            "data.columns.diabetes",
            {"classes": [False, True]},
            "data.columns.diabetes.classes[1] is True: it should be a label as written in the CSV, in quotes",
        ),
        (
            "data.columns.diabetes",
            {"classes": ["no", " "]},
            "data.columns.diabetes.classes[1] is ' ': it should be a label",
        ),
        (
            "data.columns.diabetes",
            {"classes": [0.5, 1.5]},
            "data.columns.diabetes.classes[0] is 0.5: it should be a label",
        ),
        (
            "data.columns.diabetes.classes",
            ["no", "yes"],
            "classes are labels, which have no min, max or zero_is_missing; remove those",
        ),
        (
            "data.columns.age",
            {"classes": ["young", "old"]},
            "classes belong to the target, 'diabetes'; remove them from column 'age'",
        ),
        (
            "experiments.evaluation",
            {"grid": {"lr": [0.1]}},
            "experiments.evaluation is 'evaluation': the charts or the evaluation use",
        ),
        ("data.sha256", "abc", "data.sha256 is 'abc': it has 3 signs; a sha256 has 64, each 0 to 9 or a to f"),
        ("experiments.dropout.grid", {}, "experiments.dropout.grid is empty; it should have 1 or more"),
        ("experiments.neurons.grid.module__n_neurons", [], "experiments.neurons.grid.module__n_neurons is empty"),
        (
            "experiments.batch_epochs.grid.batch_size",
            [10, 0],
            "experiments.batch_epochs.grid.batch_size[1] is 0: it should be greater than or equal to 1",
        ),
        (
            "experiments.batch_epochs.grid.max_epochs",
            ["ten"],
            "experiments.batch_epochs.grid.max_epochs[0] is 'ten': it should be a valid integer",
        ),
        (
            "experiments.optimizer.fixed",
            {"lr": -1},
            "experiments.optimizer.fixed.lr is -1: it should be greater than 0",
        ),
        ("experiments.neurons.grid.module__n_neurons", [{"a": 1}], "it should be a number, true, false, null, a name"),
        ("experiments", {}, "experiments is empty; it should have 1 or more"),
        ("experiments.neurons.grids", {}, "experiments.neurons.grids is unknown; did you mean 'grid'?"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, place: str, value: Any, sentence: str) -> None:
    params = real_params()
    set_at(params, place, value)
    message = refused(tmp_path, params)
    assert sentence in message
    assert all(line.startswith(f"{tmp_path}/params.yaml: ") for line in message.splitlines())


@pytest.mark.parametrize("key", ["seed", "data", "cv", "model", "experiments"])
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    params = real_params()
    del params[key]
    assert f"{key} is missing; add it" in refused(tmp_path, params)


@pytest.mark.parametrize(
    ("section", "key", "written", "hint"),
    [
        ("model", "max_epochs", "max_epoch", "model.max_epochs is missing; rename 'max_epoch', or add it"),
        ("model", "batch_size", "batchsize", "model.batch_size is missing; rename 'batchsize', or add it"),
        ("cv", "n_splits", "n_split", "cv.n_splits is missing; rename 'n_split', or add it"),
        # A parameter of the optimizer is no misspelling of it.
        ("model", "optimizer", "optimizer__lr", "model.optimizer is missing; add it"),
    ],
)
def test_a_misspelt_key_is_named_beside_the_missing_one(
    tmp_path: Path, section: str, key: str, written: str, hint: str
) -> None:
    params = real_params()
    params[section][written] = params[section].pop(key)
    assert hint in refused(tmp_path, params)


def test_labels_are_texts() -> None:
    raw = real_params()["data"]
    raw["columns"]["diabetes"] = {"classes": [0, " yes "]}
    data = Data.model_validate(raw)
    assert data.labels == ("0", "yes")
    assert Data.model_validate(real_params()["data"]).labels == ()


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    params = real_params()
    set_at(params, "cv.n_splits", 1)
    set_at(params, "model.lr", "fast")
    assert len(refused(tmp_path, params).splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("seed: [1, 2\n", r"line 2, column 1: .*Fix the YAML there"),
        ("seed: 7\n  cv: 3\n", r"line 2, column 5"),
        ("", r"it should be a valid dictionary"),
        ("just text", r"it should be a valid dictionary"),
    ],
)
def test_broken_yaml_is_placed(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load_params(path)
    assert re.search(sentence, str(caught.value))


def test_a_missing_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Run from the top of the repository"):
        load_params(tmp_path / "params.yaml")


def test_candidates_stand_in_scikit_learns_order() -> None:
    grid: dict[str, Any] = {"max_epochs": [10, 50], "batch_size": [20, 10], "optimizer": ["SGD"]}
    assert Experiment(grid=grid).candidates(seed=0) == list(ParameterGrid(grid))
