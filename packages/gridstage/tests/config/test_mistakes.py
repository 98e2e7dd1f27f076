"""Mistakes in params.yaml: each is a problem with the key that it is about."""

from typing import Any

import pytest

from gridstage.common import UserError
from gridstage.config import params_of
from packages.gridstage.tests.config.params_files import problems
from packages.gridstage.tests.project import real_params

REGRESSION = {
    "model.wrapper": "NeuralNetRegressor",
    "cv.splitter": "kfold",
    "cv.scoring": "r2",
}
TIME = {"cv.splitter": "time", "cv.n_repeats": 1}
DRAWN: dict[str, Any] = {
    "search": "random",
    "n_candidates": 20,
    "grid": {"lr": {"loguniform": [0.001, 0.1]}},
}
SPLIT, AGE, TARGET = "cv.splitter", "data.columns.age", "data.columns.diabetes"
COSTS, OF_MISTAKES, NAN = (
    {"false_positive": 1, "false_negative": 5},
    "evaluate.costs.false",
    float("nan"),
)
DROPOUT, MINE = "experiments.dropout", "experiments.mine"


def mine(**changes: Any) -> dict[str, Any]:
    """Return the change that adds a random search with some changes; a key that is None is removed."""
    return {
        MINE: {
            key: value for key, value in (DRAWN | changes).items() if value is not None
        }
    }


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        # Types and limits.
        (
            {"cv.n_splits": 1},
            "cv.n_splits",
            "is 1; it should be greater than or equal to 2",
        ),
        ({"cv.n_splits": "three"}, "cv.n_splits", "valid integer"),
        ({"model.lr": "0,01"}, "model.lr", "valid number"),
        ({"seed": True}, "seed", "valid integer"),
        (
            {"runtime.dask_timeout": 0},
            "runtime.dask_timeout",
            "is 0; it should be greater than or equal to 1",
        ),
        ({"model.lr": 1e300}, "model.lr", "less than"),
        ({"model.optimizer__eps": float("inf")}, "model.optimizer__eps", "finite"),
        ({"model.optimizer__lr": -0.1}, "model.optimizer__lr", "greater than 0"),
        ({"prepare.scale": "Standard"}, "prepare.scale", "'standard', 'minmax'"),
        (
            {"prepare.encode": None},
            "prepare.encode",
            "is null; it should be 'onehot' or 'ordinal'",
        ),
        # Keys, sections and names.
        ({"cv.n_split": 3}, "cv.n_split", "is unknown; did you mean 'n_splits'?"),
        ({"cv.lr": 3}, "cv.lr", "unknown here; it is a key of model"),
        ({"cv.foo": 3}, "cv.foo", "is unknown; remove it"),
        ({f"{DROPOUT}.lr": 0.1}, f"{DROPOUT}.lr", "is a key of model"),
        ({"experiments": None}, "experiments", "lines of `key: value`"),
        ({"experiments": {}}, "experiments", "should have at least 1 item"),
        (
            {"experiments": {"../x y": DRAWN}},
            "experiments.../x y",
            "is '../x y'; a name has letters from A to Z, digits, - and _, at most 100, and does not begin with -",
        ),
        (
            {"experiments": {"my neurons.v2": DRAWN}},
            "experiments.my neurons.v2",
            "is 'my neurons.v2'; a name has letters from A to Z, digits, - and _",
        ),
        ({"experiments": {"a\n": DRAWN}}, "experiments.a\n", "a name has letters"),
        (
            {"experiments.random_forest": DRAWN},
            "experiments.random_forest",
            "uses this name",
        ),
        ({f"{DROPOUT}.grid": {}}, f"{DROPOUT}.grid", "at least 1 item"),
        (
            {"experiments.neurons.fixed.prepare__scal": "robust"},
            "experiments.neurons.fixed.prepare__scal",
            "did you",
        ),
        # Settings of nets.
        (
            {"model.callbacks": ["EarlyStopping"]},
            "model.callbacks",
            "lines of `key: value`, or {} for none",
        ),
        (
            {"model.callbacks": {"A": {"b": {"a": 1}}}},
            "model.callbacks.A.b",
            "a number, true, false",
        ),
        (
            {f"{DROPOUT}.fixed": {"lr": {"a": 1}}},
            f"{DROPOUT}.fixed.lr",
            "is {a: 1}; it should be a number, true",
        ),
        (
            {f"{DROPOUT}.fixed.optimizer__betas": [0.9, 1e39]},
            f"{DROPOUT}.fixed.optimizer__betas",
            "no larger than",
        ),
        (
            {"model.class_weight": [1, -1]},
            "model.class_weight",
            "`balanced`, null, or a list",
        ),
        (
            REGRESSION | {"model.class_weight": "balanced"},
            "model.class_weight",
            "has no classes; set it to null",
        ),
        ({"prepare.target": "standard"}, "prepare.target", "a class can't be scaled"),
        # Splits and scores.
        (
            {"model.wrapper": "NeuralNetRegressor"},
            SPLIT,
            "predicts a number; set it to kfold",
        ),
        (
            REGRESSION | {SPLIT: "stratified_group", "cv.groups": "age"},
            SPLIT,
            "set it to group",
        ),
        ({SPLIT: "group"}, "cv.groups", "name a column"),
        ({"cv.groups": "age"}, "cv.groups", "is age, but cv.splitter is stratified"),
        ({"cv.order": "age"}, "cv.order", "for the splitter time alone"),
        (TIME | {"cv.n_repeats": 10}, "cv.n_repeats", "set n_repeats to 1"),
        (TIME | {"cv.shuffle": True}, "cv.shuffle", "and shuffle to false"),
        ({"cv.scoring": "r2"}, "cv.scoring", "scores numbers"),
        (
            REGRESSION | {"cv.also_score": ["roc_auc"]},
            "cv.also_score[0]",
            "not a score of numbers",
        ),
        (
            {"cv.also_score": ["f1", "f1"]},
            "cv.also_score[1]",
            "is cv.also_score[0] already",
        ),
        (
            REGRESSION | {"cv.scoring": "neg_max_error", "statistics.rope": None},
            "statistics.rope",
            "has no bounds",
        ),
        ({"statistics.rope": 1}, "statistics.rope", "lies between 0 and 1"),
        (
            {"experiments": {"mine": DRAWN}, "evaluate.keep": "combined"},
            "evaluate.keep",
            "best, winner, simplest or mine",
        ),
        ({"evaluate.use": "linear_regression"}, "evaluate.use", "not a contender"),
        (
            {"evaluate.costs": COSTS | {"false_positive": 0}},
            f"{OF_MISTAKES}_positive",
            "is 0; it should be greater",
        ),
        (
            {"evaluate.costs": COSTS | {"false_negative": -5}},
            f"{OF_MISTAKES}_negative",
            "is -5; it should be greater",
        ),
        (
            {"evaluate.costs": COSTS | {"false_negative": NAN}},
            f"{OF_MISTAKES}_negative",
            "should be less than or equal",
        ),
        (
            {"evaluate.costs": COSTS | {"false_negative": True}},
            f"{OF_MISTAKES}_negative",
            "is True; it should be a val",
        ),
        (
            {"evaluate.costs": COSTS | {"false_negative": 1e13}},
            f"{OF_MISTAKES}_negative",
            "less than or equal to 1",
        ),
        (
            {"evaluate.costs": {"false_positive": 1}},
            f"{OF_MISTAKES}_negative",
            "is missing; add it",
        ),
        (
            {"evaluate.costs": COSTS | {"false_alarm": 1}},
            "evaluate.costs.false_alarm",
            "is unknown",
        ),
        ({"evaluate.costs": 5}, "evaluate.costs", "lines of `key: value`"),
        (
            REGRESSION | {"evaluate.costs": COSTS},
            "evaluate.costs",
            "the target is a number; they are for two classes",
        ),
        (
            {TARGET: {"classes": ["a", "b", "c"]}, "evaluate.costs": COSTS},
            "evaluate.costs",
            "has costs of mistakes, but the target is 3 classes; they are for two classes",
        ),
        # Searches.
        (
            mine(grid={"lr": {"logunifrom": [0.1, 1]}}),
            f"{MINE}.grid.lr",
            "it should be uniform, logunif",
        ),
        (mine(grid={"lr": 0.1}), f"{MINE}.grid.lr", "valid list"),
        (
            mine(grid={"lr": [0.1, -1]}, n_candidates=2),
            f"{MINE}.grid.lr[1]",
            "greater than 0",
        ),
        (
            mine(grid={"lr": {"uniform": [0, 1]}}),
            f"{MINE}.grid.lr.uniform[0]",
            "greater than 0",
        ),
        (
            mine(grid={"optimizer": {"int": [1, 30]}}),
            f"{MINE}.grid.optimizer.int[0]",
            "valid string",
        ),
        (
            mine(search="grid", grid={"lr": [0.1]}),
            f"{MINE}.n_candidates",
            "`search: grid` draws none",
        ),
        (
            mine(search=None, n_candidates=None),
            f"{MINE}.grid.lr",
            "is a distribution, loguniform 0.001 to 0.1",
        ),
        (mine(n_candidates=None), f"{MINE}.n_candidates", "is missing"),
        (
            mine(search="halving", n_candidates=None),
            f"{MINE}.n_candidates",
            "is missing",
        ),
        (
            mine(grid={"lr": [0.1, 0.2]}),
            f"{MINE}.n_candidates",
            "has only 2; set it to 2 or fewer",
        ),
        (
            mine(n_candidates=10_001),
            f"{MINE}.n_candidates",
            "more than runtime.max_candidates, 10,000",
        ),
        (
            mine(search="halving", n_candidates=1, grid={"max_epochs": [1]}),
            f"{MINE}.grid.max_epochs",
            "is searched",
        ),
        (
            {f"{DROPOUT}.grid.lr": [0.1, 1, 1.0]},
            f"{DROPOUT}.grid.lr[2]",
            "is 1.0, as lr[1] is; remove one",
        ),
        (mine(fixed={"lr": 0.1}), f"{MINE}.fixed.lr", "the grid varies lr"),
        (
            mine(fixed={"optimizer__lr": 0.1}),
            f"{MINE}.grid.lr",
            "optimizer__lr is set in fixed",
        ),
        # The table.
        ({"data.sha256": "abc"}, "data.sha256", "match pattern"),
        ({"data.separator": "|"}, "data.separator", "','"),
        ({"data.decimal": ","}, "data.separator", "as data.decimal is"),
        ({"data.encoding": "rot13"}, "data.encoding", "not a text encoding"),
        ({"data.na_values": [True]}, "data.na_values[0]", "in quotes"),
        ({"data.target": "diabetis"}, "data.target", "did you mean 'diabetes'?"),
        ({f"{AGE}.min": float("nan")}, f"{AGE}.min", "should be a finite number"),
        ({f"{AGE}.type": "text"}, f"{AGE}.type", "'number', 'category'"),
        ({f"{AGE}.type": "category"}, AGE, "keep one of these"),
        ({AGE: {"classes": ["young", "old"]}}, AGE, "not the target"),
        ({TARGET: {"classes": ["no"]}}, f"{TARGET}.classes", "at least 2 items"),
        (
            {TARGET: {"classes": [False, True]}},
            f"{TARGET}.classes[0]",
            "a cell as written in the CSV",
        ),
        ({TARGET: {"classes": ["no", "yes"], "min": 0}}, TARGET, "keep one of these"),
        ({TARGET: {"use": False}}, TARGET, "is the target, and has `use`"),
        (
            {TARGET: {"type": "boolean"}},
            TARGET,
            "a target is a number, or lists its labels",
        ),
        (
            {TARGET: {"missing": "allowed"}},
            TARGET,
            "a row without its target is left_out",
        ),
        ({AGE: {"missing": "left_out"}}, AGE, "has `missing: left_out`; a row without"),
    ],
)
def test_a_mistake_has_a_place(changes: dict[str, Any], key: str, words: str) -> None:
    found = {problem.key: problem for problem in problems(changes)}
    assert found[key].file == "params.yaml"
    assert words in str(found[key])


@pytest.mark.parametrize(
    "changes",
    [
        REGRESSION
        | {
            SPLIT: None,
            "statistics.rope": 1,
            "evaluate.use": "mean",
            "prepare.target": "quantile",
        },
        TIME | {"cv.order": "age"},
        {SPLIT: "stratified_group", "cv.groups": "age"},
        {f"{DROPOUT}.grid": {"class_weight": [None, "balanced", [1, 2]]}},
        {f"{DROPOUT}.fixed": {"callbacks": {"EarlyStopping": {"patience": 3}}}},
        mine() | {"evaluate.keep": "mine", "evaluate.use": "starting_point"},
        {"evaluate.costs": COSTS},
        {
            TARGET: {"classes": ["no", "yes"]},
            "evaluate.costs": {"false_positive": 0.5, "false_negative": 1e-9},
        },
        mine(search="halving", n_candidates=None, grid={"lr": [0.1, 0.2, 0.3]})
        | {"statistics.rope": 0},
        mine(grid={"lr": [1, True], "batch_size": [1, 2]}, n_candidates=4)
        | {"evaluate.keep": "combined"},
    ],
)
def test_what_goes_together_is_taken(changes: dict[str, Any]) -> None:
    assert [
        problem for problem in problems(changes) if "grid.lr[1]" not in problem.key
    ] == []


@pytest.mark.parametrize("key", ["seed", "cv", "experiments"])
def test_a_missing_key_is_named(key: str) -> None:
    params = real_params()
    del params[key]
    with pytest.raises(UserError) as caught:
        params_of(params)
    (problem,) = caught.value.problems
    assert (problem.key, problem.finding, problem.remedy) == (
        key,
        "is missing",
        "add it",
    )
