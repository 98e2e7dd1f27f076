"""What adopt says of tables of many kinds, and the settings that it gives them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dvc.utils.hydra import apply_overrides
from sklearn.datasets import load_iris

from stages import adopt as stage
from stages.lib.config import Params, load_params, yaml12
from stages.lib.data import load_dataset
from tests.adopt.csvs import as_text, passengers, write
from tests.conftest import Command


def test_an_id_whose_rows_have_the_same_target_is_told(here: Path, in_process: Command) -> None:
    rng = np.random.default_rng(0)
    patients = np.repeat(np.arange(40), 4)
    frame = pd.DataFrame({"patient_id": patients, "x": rng.normal(size=160), "sick": rng.integers(0, 2, 40)[patients]})
    done = in_process(stage, write("data/patients.csv", frame), "sick", "--dry-run")
    assert "warning: rows with the same patient_id have the same sick." in done.stdout
    assert "cv.groups: patient_id." in done.stdout.partition("warning: ")[2]
    frame["sick"] = rng.integers(0, 2, 160)
    assert "have the same" not in in_process(stage, write("data/visits.csv", frame), "sick", "--dry-run").stdout


def test_a_column_that_gives_the_target_away_is_kept_with_a_warning(here: Path, in_process: Command) -> None:
    frame = passengers()
    frame["alive"] = frame["survived"].map({0: "no", 1: "yes"})
    done = in_process(stage, write("data/alive.csv", frame), "survived")
    assert "warning: alive alone predicts survived" in done.stdout
    assert load_params().data.columns["alive"].use


def test_an_unknown_sign_for_a_missing_cell_is_told_with_its_cure(here: Path, in_process: Command) -> None:
    frame = passengers().assign(fare=np.linspace(5, 80, 60).round(2).astype(str))
    frame.loc[::9, "fare"] = "k.A."
    hint = (
        "hint: fare: 7 cells are not numbers, such as 'k.A.' in line 2. If 'k.A.' means a missing cell, add it to "
        "data.na_values, set data.columns.fare to {missing: allowed} and prepare.impute to median. Or fix its cells "
        "and adopt again.\n"
    )
    assert hint in in_process(stage, write("data/fares.csv", frame), "survived").stdout
    content = yaml12.load(Path("params.yaml").read_text(encoding="utf-8"))
    content["data"]["na_values"].append("k.A.")
    content["data"]["columns"]["fare"] = {"missing": "allowed"}
    content["prepare"]["impute"] = "median"
    params = Params.model_validate(content)
    data = load_dataset(params.data, True, params.seed)
    np.testing.assert_array_equal(data.X["fare"], pd.to_numeric(frame["fare"], errors="coerce"))


def test_copies_of_rows_are_kept_with_a_warning(here: Path, in_process: Command) -> None:
    """Even if an id, which is not used, differs."""
    frame = pd.concat([passengers(), passengers()[:30].assign(passenger_id=range(61, 91))])
    done = in_process(stage, write("data/twice.csv", frame), "survived")
    assert "\nwarning: data/twice.csv: 60 of 90 rows equal another one in all columns that are used. " in done.stdout


def test_a_table_without_a_header_is_adopted_by_column_numbers(here: Path, in_process: Command) -> None:
    load_iris(as_frame=True).frame.to_csv("data/iris.csv", index=False, header=False)
    assert in_process(stage, "data/iris.csv", "column_5").returncode == 0
    spec = load_params().data
    assert list(spec.columns) == [f"column_{i}" for i in range(1, 6)]
    assert not spec.header
    assert load_dataset(spec, True, 0).X.shape == (150, 4)


def test_a_header_that_ends_with_a_comma(here: Path, in_process: Command) -> None:
    first, _, rest = as_text(passengers()).partition("\n")
    Path("data/passengers.csv").write_text(f"{first},\n{rest}", encoding="utf-8")
    assert in_process(stage, "data/passengers.csv", "survived").stderr == ""
    data = load_dataset(load_params().data, True, 0)
    assert data.features == ("age", "sex", "embarked", "alone")
    assert np.array_equal(data.y, passengers()["survived"])


@pytest.mark.parametrize(
    ("frame", "sets"),
    [
        (
            pd.DataFrame({"x": range(200), "y": np.r_[np.zeros(190), np.ones(10)].astype(int)}),
            {"cv.scoring": "roc_auc", "model.class_weight": None, "model.wrapper": "NeuralNetClassifier"},
        ),
        (
            pd.DataFrame({"x": range(3, 203), "y": ["a"] * 150 + ["b"] * 30 + ["c"] * 20}),
            {"cv.scoring": "balanced_accuracy", "model.class_weight": "balanced", "cv.splitter": "stratified"},
        ),
        (
            pd.DataFrame({"x": range(3, 203), "y": ["a"] * 197 + ["b"] * 3}),
            {"cv.n_splits": 3},
        ),
        (
            pd.DataFrame({"x": range(3, 203), "y": np.linspace(1e5, 3e5, 200)}),
            {
                "cv.scoring": "r2",
                "cv.splitter": "kfold",
                "model.wrapper": "NeuralNetRegressor",
                "model.criterion": "MSELoss",
                "prepare.target": "standard",
                "prepare.impute": None,
            },
        ),
        (
            pd.DataFrame({"x": list("abcd") * 50, "y": list("no") * 100}),
            {"prepare.scale": None},
        ),
    ],
)
def test_settings_follow_the_table(
    here: Path, in_process: Command, frame: pd.DataFrame, sets: dict[str, object]
) -> None:
    frame.loc[frame.index % 2 == 0, "z"] = "odd"
    frame["z"] = frame["z"].fillna("even")
    done = in_process(stage, write("data/table.csv", frame), "y")
    assert done.stderr == ""
    text = Path("params.yaml").read_text(encoding="utf-8")
    apply_overrides("params.yaml", ["seed=7"])
    assert Path("params.yaml").read_text(encoding="utf-8") == text, "DVC writes it in another form"
    content = yaml12.load(text)
    for place, value in sets.items():
        section, key = place.split(".")
        assert content[section][key] == value, place
    assert ("prepare__scale" in content["experiments"]["net"]["grid"]) == (content["prepare"]["scale"] is not None)
