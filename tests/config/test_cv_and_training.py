"""params.yaml: how rows are split and nets are trained; what does not go together is named with its place."""

from pathlib import Path
from typing import Any

import pytest

from stages.lib.common import UserError
from stages.lib.config import Model, load_params
from tests.config.params_files import changed, written
from tests.project import real_params

REGRESSION = {"model.wrapper": "NeuralNetRegressor", "cv.splitter": "kfold", "cv.scoring": "r2"}


def loaded(tmp_path: Path, changes: dict[str, Any]) -> Any:
    return load_params(written(tmp_path, changed(changes)))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"cv.splitter": "groups"}, "cv.splitter is 'groups': it should be 'stratified', 'kfold', 'group', "),
        (
            {"model.wrapper": "NeuralNetRegressor"},
            "cv.splitter is stratified, which keeps the shares of classes, but model.wrapper predicts a number; "
            "set it to kfold",
        ),
        (
            REGRESSION | {"cv.splitter": "stratified_group", "cv.groups": "age"},
            "cv.splitter is stratified_group, which keeps the shares of classes, but model.wrapper predicts a number; "
            "set it to group",
        ),
        (
            {"cv.splitter": "group"},
            "cv.splitter is group, so cv.groups should name the column that tells the rows' groups",
        ),
        (
            {"cv.groups": "age"},
            "cv.groups is age, but cv.splitter stratified keeps no groups together; "
            "set cv.splitter to group or stratified_group, or cv.groups to null",
        ),
        ({"cv.order": "age"}, "cv.order is age, but only the splitter time looks at an order; set cv.splitter to time"),
        (
            {"cv.splitter": "group", "cv.groups": "diabetes"},
            "cv.groups is diabetes, which is the target; name another column",
        ),
        (
            {"cv.splitter": "time", "cv.order": "age"},
            "cv.n_repeats is 10, but rows in the order of time can be split in one way only; set it to 1",
        ),
        (
            {"cv.splitter": "time", "cv.n_repeats": 1, "cv.shuffle": True},
            "cv.shuffle is true, but the splitter time keeps the order of the rows; set it to false",
        ),
        (
            {"model.class_weight": "balance"},
            "model.class_weight is 'balance': it should be `balanced`, null, or a list with the weight of each class",
        ),
        ({"model.class_weight": [1, -1]}, "model.class_weight is [1, -1]: it should be `balanced`, null, or a list"),
        (
            {"experiments.dropout.grid": {"class_weight": [None, True]}},
            "experiments.dropout.grid.class_weight[1] is True: it should be `balanced`, null, or a list",
        ),
        (
            REGRESSION | {"model.class_weight": "balanced"},
            "model.class_weight is balanced, but model.wrapper predicts a number, which has no classes; set it to null",
        ),
        (
            REGRESSION | {"experiments.dropout.grid": {"class_weight": [None, "balanced"]}},
            "experiments.dropout.grid.class_weight[1] is balanced, but model.wrapper predicts a number, which has no "
            "classes; set it to null",
        ),
        ({"model.callbacks": ["EarlyStopping"]}, "model.callbacks is ['EarlyStopping']: it should be a valid dict"),
        (
            {"model.callbacks": {"EarlyStopping": {"patience": {"a": 1}}}},
            "model.callbacks.EarlyStopping.patience is {'a': 1}: it should be a number, true, false, null, a name, or",
        ),
        (
            {"experiments.dropout.fixed": {"lr": {"a": 1}}},
            "experiments.dropout.fixed.lr is {a: 1}: it should be a number, true, false, null, a name, or",
        ),
    ],
)
def test_what_does_not_go_together_is_told(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        loaded(tmp_path, changes)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"cv.splitter": None},
        REGRESSION,
        REGRESSION | {"cv.splitter": None},
        {"cv.splitter": "time", "cv.n_repeats": 1},
        {"cv.splitter": "time", "cv.n_repeats": 1, "cv.order": "age"},
        {"cv.splitter": "stratified_group", "cv.groups": "age"},
        {"model.class_weight": [1, 2.5]},
        {"experiments.dropout.grid": {"class_weight": [None, "balanced", [1, 2]]}},
        {"experiments.dropout.fixed": {"callbacks": {"EarlyStopping": {"patience": 3}}}},
        REGRESSION | {"experiments.dropout.fixed": {"class_weight": None}},
    ],
)
def test_what_goes_together_is_taken(tmp_path: Path, changes: dict[str, Any]) -> None:
    loaded(tmp_path, changes)


def test_keys_that_are_not_in_use_are_no_settings_of_a_net() -> None:
    """The model file and metrics/best_params.json hold the settings, and have the bytes that they had."""
    model = real_params()["model"]
    assert model["class_weight"] is None
    assert model["callbacks"] == {}
    dumped = Model.model_validate(model).model_dump()
    assert not {"class_weight", "callbacks"} & set(dumped)
    used = {"class_weight": "balanced", "callbacks": {"EarlyStopping": {}}}
    assert Model.model_validate(model | used).model_dump() == dumped | used
