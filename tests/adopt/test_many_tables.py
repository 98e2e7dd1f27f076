"""What adopt says of tables of many kinds, and the settings that it gives them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dvc.utils.hydra import apply_overrides

from stages import adopt as stage
from stages.lib.config import yaml12
from stages.lib.data import Columns, Dataset
from stages.lib.data.copies import on_copies
from tests.adopt.csvs import passengers, write
from tests.conftest import Command


def test_copies_of_rows_are_kept_with_a_warning(here: Path, in_process: Command) -> None:
    """Even if an id, which is not used, differs."""
    frame = pd.concat([passengers(), passengers()[:30].assign(passenger_id=range(61, 91))])
    done = in_process(stage, write("data/twice.csv", frame), "survived")
    assert "\nwarning: data/twice.csv: 60 of 90 rows equal another one in all columns that are used. " in done.stdout


def test_chance_makes_no_copies() -> None:
    rng = np.random.default_rng(7)
    few = pd.DataFrame({key: pd.Categorical(rng.choice(list("xyz"), 400)) for key in "abc"})
    numbers, y = pd.DataFrame(rng.normal(size=(400, 3))), np.zeros(400)
    for table, told in ((few, False), (numbers, False), (pd.concat([numbers[:200]] * 2, ignore_index=True), True)):
        assert bool(on_copies(Dataset(table, y, Columns({}), ("0", "1")), "t.csv")) == told


@pytest.mark.parametrize(
    ("frame", "sets"),
    [
        (
            pd.DataFrame({"x": range(3, 203), "y": ["a"] * 150 + ["b"] * 30 + ["c"] * 20}),
            {"cv.scoring": "balanced_accuracy", "model.class_weight": "balanced", "cv.splitter": "stratified"},
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
