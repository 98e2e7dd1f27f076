"""`gridstage adopt`: what it prints, what it writes, and when it writes nothing."""

import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dvc.utils.hydra import apply_overrides

from gridstage.commands import adopt as stage
from gridstage.common import write_text
from gridstage.config import load_params, yaml12
from gridstage.data import load_dataset
from packages.gridstage.tests.adopt.conftest import git, passengers, write
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.project import text_of


def test_it_writes_what_the_stages_read(here: Path, in_process: Command) -> None:
    before = text_of("params.yaml")
    old = yaml12.load(before)
    said = in_process(stage, "data/passengers.csv", "survived").succeeded()
    assert said.endswith(
        "params.yaml: replaced data, prepare, cv, statistics, evaluate, model, experiments. Run `dvc repro`.\n"
    )
    after = text_of("params.yaml")
    new = yaml12.load(after)
    replaced = set("data prepare cv statistics model experiments".split())
    assert {key for key in new if new[key] != old.get(key)} == replaced
    assert after.startswith(before.partition("\ndata:\n")[0])
    for line in before.splitlines():
        if line.startswith("#"):
            assert line in after

    apply_overrides("params.yaml", ["seed=7"])
    assert text_of("params.yaml") == after, "DVC writes it in another form"

    params = load_params()
    frame = passengers()
    assert params.data.labels == ("0", "1")
    assert params.data.na_values == [""]
    data = load_dataset(params.data, True, params.seed)
    assert data.columns.types == {
        "age": "number",
        "sex": "category",
        "embarked": "category",
        "alone": "boolean",
    }
    assert data.columns.lacking == ("age", "embarked")
    assert np.array_equal(data.y, frame["survived"])
    np.testing.assert_array_equal(data.X["age"], pd.to_numeric(frame["age"]))
    assert list(data.X["sex"]) == list(frame["sex"])
    assert (params.prepare.impute, params.prepare.indicator) == ("median", True)
    assert (params.cv.splitter, params.cv.scoring) == ("stratified", "accuracy")
    assert params.model.callbacks == {
        "LRScheduler": {"policy": "CosineAnnealingLR", "T_max": 120}
    }


def test_it_says_what_it_took_each_column_for(here: Path, in_process: Command) -> None:
    without = in_process(stage, "data/passengers.csv").stdout
    assert without.endswith(
        "Name the column to predict: gridstage adopt data/passengers.csv TARGET\n"
    )
    shown = in_process(stage, "data/passengers.csv", "survived").stdout
    assert shown.startswith(
        "data/passengers.csv: 60 rows, 9 columns; commas between cells; utf-8; a header; missing cells: empty\n"
    )
    lines = {
        line.split()[0]: " ".join(line.split()) for line in shown.splitlines() if line
    }
    assert (
        lines["passenger_id"]
        == "passenger_id not used 1 to 60 row numbers: they count from 1 to 60"
    )
    assert lines["sex"] == "sex category female, male text of 2 values"
    assert lines["survived"] == "survived target 0 50 %, 1 50 % 2 classes"
    assert lines["cv.n_repeats"] == "cv.n_repeats 2 at most 1,000 rows"
    assert lines["ship"] == "ship not used Aurora constant"
    assert "hint: boarded may order the rows in time." in shown


def test_rows_without_a_target_are_left_out(here: Path, in_process: Command) -> None:
    frame = passengers().assign(survived=["", *["no", "yes", "yes"] * 19, "", ""])
    frame.loc[0, "ship"] = "Borea"
    shown = in_process(stage, write("data/passengers.csv", frame), "survived").stdout
    assert shown.startswith(
        "data/passengers.csv: 57 rows, 9 columns; 3 rows without a target left out; commas"
    )
    lines = {
        line.split()[0]: " ".join(line.split()) for line in shown.splitlines() if line
    }
    assert (
        lines["passenger_id"]
        == "passenger_id not used 2 to 58 row numbers: they count from 2 to 58, with gaps"
    )
    assert lines["survived"] == "survived target 3 no 33.3 %, yes 66.7 % 2 classes"
    assert "constant" in lines["ship"]
    params = load_params()
    assert params.data.columns["survived"].missing == "left_out"
    assert len(load_dataset(params.data, True, params.seed).y) == 57


def test_columns_that_give_the_target_away_are_named(
    here: Path, in_process: Command
) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        rng.uniform(5, 50, (60, 3)).round(1), columns=["low", "high", "weight"]
    )
    shown = in_process(
        stage,
        write("data/cars.csv", frame.assign(price=(frame.low + frame.high) / 2)),
        "price",
    ).stdout
    assert (
        "warning: price is given away by low and high alone: 100 % of it is explained. Leave out"
        in shown
    )


def test_a_dry_run_only_prints(here: Path, in_process: Command) -> None:
    before = Path("params.yaml").read_bytes()
    said = in_process(stage, "data/passengers.csv", "survived", "--dry-run").succeeded()
    assert Path("params.yaml").read_bytes() == before
    written = said[said.index("\ndata:\n") :].partition("params.yaml was")[0]
    in_process(stage, "data/passengers.csv", "survived")
    now = yaml12.load(text_of("params.yaml"))
    assert yaml12.load(written) == {
        name: now[name] for name in now if name not in {"seed", "engine", "runtime"}
    }


def test_what_the_target_is_can_be_told(here: Path, in_process: Command) -> None:
    write("data/rooms.csv", passengers().assign(rooms=np.tile([3, 5, 6], 20)))
    assert in_process(stage, "data/rooms.csv", "rooms").returncode == 0
    assert load_params().model.wrapper == "NeuralNetRegressor"
    assert (
        in_process(stage, "data/rooms.csv", "rooms", "--classes", "--force").returncode
        == 0
    )
    params = load_params()
    assert (params.model.wrapper, params.prepare.target) == (
        "NeuralNetClassifier",
        None,
    )
    assert params.data.columns["rooms"].classes == ["3", "5", "6"]
    assert (
        in_process(
            stage, "data/passengers.csv", "survived", "--number", "--force"
        ).returncode
        == 0
    )
    assert load_params().cv.scoring == "r2"


def test_what_git_does_not_have_is_replaced_by_force_only(
    here: Path, in_process: Command
) -> None:
    text = text_of("params.yaml")
    changed = text.replace("seed: 7", "seed: 8")
    write_text("params.yaml", changed)
    done = in_process(stage, "data/passengers.csv", "survived")
    assert done.returncode == 1
    assert done.stderr == (
        "error: git does not have params.yaml as it is. Commit it, or add --force: then params.yaml is replaced, and "
        "git can't bring it back.\n"
    )
    assert text_of("params.yaml") == changed
    assert (
        in_process(stage, "data/passengers.csv", "survived", "--force").returncode == 0
    )
    assert load_params().seed == 8
    assert load_params().data.target == "survived"


@pytest.mark.parametrize("lost", ["untracked", "ignored", "no repository"])
def test_git_must_track_the_file(here: Path, in_process: Command, lost: str) -> None:
    git("rm", "--quiet", "--cached", "params.yaml")
    git("commit", "--quiet", "--message", "Forget")
    if lost == "ignored":
        write_text(".gitignore", "params.yaml\n")
    if lost == "no repository":
        subprocess.run(["rm", "-rf", ".git"], check=True)
    before = Path("params.yaml").read_bytes()
    done = in_process(stage, "data/passengers.csv", "survived")
    assert (
        "git does not have params.yaml as it is" in done.stderr
        or "is not a git repository" in done.stderr
    )
    assert Path("params.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("data/none.csv", "survived"),
            "data/none.csv can't be read: No such file or directory.",
        ),
        (("data", "survived"), "data can't be read: Is a directory."),
        (
            ("/etc/hostname", "x"),
            "/etc/hostname is outside of the project. Copy it into data/ first.",
        ),
        (
            ("data/passengers.csv", "survive"),
            "data/passengers.csv has no column 'survive'; did you mean 'survived'?",
        ),
        (("data/few.csv", "y"), "data/few.csv has 3 rows with a target, too few"),
        (
            ("data/series.csv", "sales"),
            "no column is left to predict 'sales' from: month: dates",
        ),
        (("data/ragged.csv", "y"), "data/ragged.csv: line 3 has 1 column instead of 2"),
        (("data/infinite.csv", "y"), "infinite"),
    ],
)
def test_a_mistake_is_a_sentence_and_the_file_stays(
    here: Path, in_process: Command, arguments: tuple[str, ...], sentence: str
) -> None:
    months = [f"20{i:02}-01" for i in range(20)]
    write(
        "data/series.csv",
        pd.DataFrame({"month": months, "sales": np.linspace(0.5, 20, 20)}),
    )
    write_text("data/few.csv", "x,y\n1.5,0\n2,1\n3,0\n")
    write_text("data/ragged.csv", "x,y\n1.5,0\n2\n" + "3,1\n4.5,0\n" * 20)
    write_text("data/infinite.csv", "x,y\n1.5,0\n1e400,1\n" + "3,1\n4.5,0\n" * 20)
    before = Path("params.yaml").read_bytes()
    said = in_process(stage, *arguments).refused()
    assert said.startswith("error: ")
    assert sentence in said
    assert Path("params.yaml").read_bytes() == before
