"""What adopt says of tables of many kinds, of their targets, and the settings that it gives them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gridstage.adopt import Table, Target, read_table, take_target
from gridstage.commands import adopt as stage
from gridstage.common import UserError, write_text
from gridstage.config import yaml12
from gridstage.data import Columns, Dataset
from gridstage.data.aside.copies import on_copies
from packages.gridstage.tests.adopt.conftest import passengers, write
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.project import text_of
from packages.gridstage.tests.refusals import refused

N = 60
RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(frame: pd.DataFrame, target: str = "y", **options: Any) -> Table:
    write_text("table.csv", frame.to_csv(index=False, **options))
    return read_table("table.csv", target)


def target_of(cells: Any, classes: bool | None = None, **options: Any) -> Target:
    target = "y" if options.get("header", True) else "column_2"
    table = read(
        pd.DataFrame({"x": np.arange(len(cells)), "y": list(cells)}), target, **options
    )
    return take_target(table, target, classes)


@pytest.mark.parametrize(
    ("cells", "labels", "balanced"),
    [
        ([0, 1] * 30, ["0", "1"], True),
        ([-1, 1] * 30, ["-1", "1"], True),
        (["1.00", "2.00"] * 30, ["1.00", "2.00"], True),
        ([True, False] * 30, ["False", "True"], True),
        (["yes", "no"] * 30, ["no", "yes"], True),
        ([1, 2, 3] * 20, ["1", "2", "3"], True),
        ([0, 1, 2, 3] * 15, ["0", "1", "2", "3"], True),
        (["a"] * 40 + ["b"] * 20, ["a", "b"], False),
        (["a"] * 39 + ["b"] * 21, ["a", "b"], True),
        (["a"] * 57 + ["b"] * 3, ["a", "b"], False),
        # Numbers.
        ([3, 4, 5, 6, 7, 8] * 10, [], None),
        ([1, 2] * 29 + [3, 3], [], None),  # too few of the third
        (RNG.normal(size=N), [], None),
        (range(N), [], None),
        ([0.5, 1.5] * 30, [], None),
    ],
)
def test_classes_or_a_number(
    cells: Any, labels: list[str], balanced: bool | None
) -> None:
    found = target_of(cells)
    assert found.labels == labels
    assert found.classifies == bool(labels)
    if labels:
        written = pd.read_csv("table.csv", dtype=str)["y"]
        assert found.counts == [int((written == label).sum()) for label in labels]
        assert found.balanced == balanced
    assert found.shares


def test_the_user_knows_better() -> None:
    gap = [1, 2, 3, 5, 6, 7] * 10  # the kinds of glass, of which no row has the fourth
    assert "--classes takes them for classes" in target_of(gap).why
    assert target_of(gap, classes=True).labels == ["1", "2", "3", "5", "6", "7"]
    children = [0, 1, 2, 3] * 15
    assert "--number takes them for a number" in target_of(children).why
    assert not target_of(children, classes=False).classifies
    assert not target_of([0, 1] * 30, classes=False).classifies
    with refused("the target 'y' is text, such as 'no', which is not a number"):
        target_of(["yes", "no"] * 30, classes=False)
    assert target_of([0.5, 1.5] * 30, classes=True).y.tolist() == [0, 1] * 30
    with refused("has 60 different values in 60 rows"):
        target_of(RNG.normal(size=N), classes=True)


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        (["a"] * 60, "the target 'y' is the same in every row. Choose another target."),
        ([f"text {i}" for i in range(60)], "has 60 different values in 60 rows."),
        (
            ["a"] * 30 + ["b"] * 29 + ["c"],
            "the class 'c' of 'y' has one row only, in line 61.",
        ),
    ],
)
def test_a_target_that_can_not_be_predicted(cells: Any, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        target_of(cells)
    assert str(caught.value).startswith("table.csv: ")
    assert sentence in str(caught.value)


def test_copies_of_rows_are_kept_with_a_warning(
    here: Path, in_process: Command
) -> None:
    """Even if an id, which is not used, differs."""
    frame = pd.concat(
        [passengers(), passengers()[:30].assign(passenger_id=range(61, 91))]
    )
    done = in_process(stage, write("data/twice.csv", frame), "survived")
    assert (
        "\nwarning: data/twice.csv: 60 of 90 rows equal another one in all columns that are used. "
        in done.stdout
    )


def test_chance_makes_no_copies() -> None:
    rng = np.random.default_rng(7)
    few = pd.DataFrame(
        {key: pd.Categorical(rng.choice(list("xyz"), 400)) for key in "abc"}
    )
    numbers, y = pd.DataFrame(rng.normal(size=(400, 3))), np.zeros(400)
    for table, told in (
        (few, False),
        (numbers, False),
        (pd.concat([numbers[:200]] * 2, ignore_index=True), True),
    ):
        assert (
            bool(on_copies(Dataset(table, y, Columns({}), ("0", "1")), "t.csv")) == told
        )


@pytest.mark.parametrize(
    ("frame", "sets"),
    [
        (
            pd.DataFrame(
                {"x": range(3, 203), "y": ["a"] * 150 + ["b"] * 30 + ["c"] * 20}
            ),
            {
                "cv.scoring": "balanced_accuracy",
                "model.class_weight": "balanced",
                "cv.splitter": "stratified",
            },
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
    content = yaml12.load(text_of("params.yaml"))
    for place, value in sets.items():
        section, key = place.split(".")
        assert content[section][key] == value, place
    assert ("prepare__scale" in content["experiments"]["net"]["grid"]) == (
        content["prepare"]["scale"] is not None
    )
