"""params.yaml: a mistake is named with its place and what to do."""

from pathlib import Path
from typing import Any

import pytest

from tests.config.params_files import refused
from tests.project import real_params, set_at


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        ("cv.n_splits", 1, "cv.n_splits is 1: it should be greater than or equal to 2"),
        ("cv.n_splits", "three", "cv.n_splits is 'three': it should be a valid integer"),
        ("cv.n_folds", 3, "cv.n_folds is unknown"),
        ("mine", {"grid": {"lr": [0.1]}}, "mine is unknown; remove it, or write one of seed, engine, runtime"),
        ("model.lr", "0,01", "model.lr is '0,01': it should be a valid number"),
        ("model.train_split", "None", "model.train_split is 'None': it should be a valid integer"),
        ("cv.n_split", 3, "cv.n_split is unknown; did you mean 'n_splits'?"),
        ("seed", -1, "seed is -1: it should be greater than or equal to 0"),
        ("seed", True, "seed is True: it should be a valid integer"),
        ("seed", 2**32, "seed is 4294967296: it should be less than or equal to 4294967295"),
        ("seed", 10**400, "seed is a huge number: it should be less than or equal to 4294967295"),
        ("cv.lr", 3, "cv.lr is unknown here; it is a key of model"),
        ("cv.foo", 3, "cv.foo is unknown; remove it, or write one of splitter, groups, order, n_splits, n_repeats"),
        ("cv.n_repeats", 10**9, "cv.n_repeats is 1000000000: it should be less than or equal to 1000"),
        ("model.lr", float("nan"), "model.lr is nan: it should be a finite number"),
        ("model.lr", 1e300, "model.lr is 1e+300: it should be less than or equal to 1000000"),
        ("model.batch_size", 1e20, "model.batch_size is 1e+20: it should be a valid integer"),
        (
            "model.batch_size",
            10**20,
            "model.batch_size is 100000000000000000000: it should be less than or equal to 214",
        ),
        ("model.max_epochs", 10**9, "model.max_epochs is 1000000000: it should be less than or equal to 1000000"),
        ("model.optimizer__eps", float("inf"), "model.optimizer__eps is inf: it should be a finite number"),
        ("model.optimizer__lr", -0.1, "model.optimizer__lr is -0.1: it should be greater than 0"),
        (
            "model.source",
            "my_net.py",
            "model.source is no key any more; remove it, and name a net in nets/, as in `module: nets.network.PimaC",
        ),
        ("model.callbacks", {"EarlyStopping": None}, "lines of `key: value`, or {} for none"),
        ("experiments", None, "experiments is null: it should be a valid dictionary, lines of `key: value`"),
        ("experiments", {"../x y": {"grid": {"lr": [0.1]}}}, "an experiment's name has letters from a to z, digits, -"),
        ("experiments", {"-h": {"grid": {"lr": [0.1]}}}, "experiments.-h is '-h': an experiment's name has letters"),
        ("experiments.dropout.lr", 0.1, "lr is unknown; remove it, or write one of search, n_candidates, grid, fixed"),
        ("experiments.dropout.grid.lr", "[0.1]", "grid.lr is '[0.1]': it should be a valid list"),
        ("experiments.dropout.grid.lr", [0.1, 1, 1.0], "grid.lr[2] is 1.0, as lr[1] is; remove one"),
        (
            "experiments.dropout.grid.module__x",
            [float("nan")],
            "grid.module__x[0] is nan: it should be a finite number",
        ),
        ("experiments.dropout.fixed.optimizer__betas", [0.9, 1e39], "it is larger than the numbers of a net can be"),
        (
            "experiments.dropout",
            {"grid": {"lr": [0.1, 0.2]}, "fixed": {"optimizer__lr": 0.1}},
            "experiments.dropout.grid.lr has no effect, because optimizer__lr is set in fixed; search optimizer__lr",
        ),
        ("model.lr", 0, "model.lr is 0: it should be greater than 0"),
        ("model.train_split", 1, "model.train_split is 1: it should be greater than or equal to 2"),
        ("data.sample", 1.5, "data.sample is 1.5: it should be less than or equal to 1"),
        ("data.scale", "minmax", "data.scale is unknown here; it is a key of prepare"),
        (
            "data.target",
            "diabetis",
            "data.target is 'diabetis', which is not one of the columns; did you mean 'diabetes'?",
        ),
        (
            "data.columns",
            {"diabetes": {}},
            "data.columns should list every column of the file, two or more, because header is false",
        ),
        ("data.columns", {}, "data.columns is empty; it should have 1 or more"),
        ("data.columns.diabetes", {"classes": ["no"]}, "data.columns.diabetes.classes has only 1; it should have 2"),
        ("data.columns.diabetes", {"classes": [0, "0"]}, "diabetes.classes is [0, '0']: '0' is listed twice"),
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
            "data.columns.diabetes.classes",
            ["no", "yes"],
            "classes are labels, which have no min, max or zero_is_missing; remove those",
        ),
        (
            "data.columns.age",
            {"classes": ["young", "old"]},
            "data.columns.age has classes, but the target is diabetes; remove them",
        ),
        (
            "experiments.evaluation",
            {"grid": {"lr": [0.1]}},
            "experiments.evaluation is 'evaluation': the charts or the evaluation use",
        ),
        ("data.sha256", "abc", "data.sha256 is 'abc': a sha256 has 64 signs, each 0 to 9 or a to f"),
        ("experiments.dropout.grid", {}, "experiments.dropout.grid is empty; it should have 1 or more"),
        ("experiments.neurons.grid.module__n_neurons", [], "experiments.neurons.grid.module__n_neurons is empty"),
        (
            "experiments.batch_epochs.grid.batch_size",
            [10, 0],
            "experiments.batch_epochs.grid.batch_size[1] is 0: it should be greater than or equal to 1",
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


@pytest.mark.parametrize("key", ["seed", "cv", "statistics", "experiments"])
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    params = real_params()
    del params[key]
    assert f"{key} is missing; add it" in refused(tmp_path, params)


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    params = real_params()
    set_at(params, "cv.n_splits", 1)
    set_at(params, "model.lr", "fast")
    assert len(refused(tmp_path, params).splitlines()) == 2
