"""`python -m stages.adopt`: what it prints, what it writes, and when it writes nothing."""

import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

from stages import adopt as stage
from stages.lib.config import Params, load_params, yaml12
from stages.lib.data import load_dataset
from tests.adopt.csvs import as_text, passengers
from tests.conftest import Command
from tests.project import ROOT


def git(*arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.invalid")
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a git repository with the real params.yaml and a CSV."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    Path("params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    Path("data").mkdir()
    Path("data/passengers.csv").write_text(as_text(passengers()), encoding="utf-8")
    git("init", "--quiet")
    git("add", "params.yaml")
    git("commit", "--quiet", "--message", "Start")
    return tmp_path


def write(name: str, frame: pd.DataFrame) -> str:
    Path(name).write_text(frame.to_csv(index=False), encoding="utf-8")
    return name


def test_it_writes_what_the_stages_read(here: Path, in_process: Command) -> None:
    before = Path("params.yaml").read_text(encoding="utf-8")
    old = yaml12.load(before)
    done = in_process(stage, "data/passengers.csv", "survived")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(
        "params.yaml: replaced data, prepare, cv, statistics, evaluate, model, experiments. Run `dvc repro`.\n"
    )
    after = Path("params.yaml").read_text(encoding="utf-8")
    new = yaml12.load(after)
    replaced = {"data", "prepare", "cv", "statistics", "model", "experiments"}
    assert {key for key in new if new[key] != old.get(key)} == replaced
    assert after.startswith(before.partition("\ndata:\n")[0])
    for line in before.splitlines():
        if line.startswith("#"):
            assert line in after

    params = load_params()
    frame = passengers()
    assert params.data.labels == ("0", "1")
    assert params.data.na_values == [""]
    data = load_dataset(params.data, True, params.seed)
    assert data.types == {"age": "number", "sex": "category", "embarked": "category", "alone": "boolean"}
    assert data.lacking == ("age", "embarked")
    assert np.array_equal(data.y, frame["survived"])
    np.testing.assert_array_equal(data.X["age"], pd.to_numeric(frame["age"]))
    assert list(data.X["sex"]) == list(frame["sex"])
    assert (params.prepare.impute, params.prepare.indicator) == ("median", True)
    assert (params.cv.splitter, params.cv.scoring) == ("stratified", "accuracy")
    assert params.model.callbacks == {"EarlyStopping": {"patience": 10, "load_best": True}}


def test_it_says_what_it_took_each_column_for(here: Path, in_process: Command) -> None:
    shown = in_process(stage, "data/passengers.csv", "survived").stdout
    assert shown.startswith(
        "data/passengers.csv: 60 rows, 9 columns; commas between cells; utf-8; a header; missing cells: empty\n"
    )
    lines = {line.split()[0]: " ".join(line.split()) for line in shown.splitlines() if line}
    assert lines["passenger_id"] == "passenger_id not used 1 to 60 row numbers: they count from 1 to 60"
    assert lines["sex"] == "sex category female, male text of 2 values"
    assert lines["survived"] == "survived target 0 50 %, 1 50 % 2 classes"
    assert lines["ship"] == "ship not used Aurora constant"
    assert lines["cv.scoring"].startswith("cv.scoring accuracy")
    assert "hint: boarded may order the rows in time." in shown


def test_a_dry_run_only_prints(here: Path, in_process: Command) -> None:
    before = Path("params.yaml").read_bytes()
    done = in_process(stage, "data/passengers.csv", "survived", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert Path("params.yaml").read_bytes() == before
    written = done.stdout[done.stdout.index("\ndata:\n") :].partition("params.yaml was")[0]
    in_process(stage, "data/passengers.csv", "survived")
    now = yaml12.load(Path("params.yaml").read_text(encoding="utf-8"))
    assert yaml12.load(written) == {name: now[name] for name in now if name not in {"seed", "engine", "runtime"}}


def test_without_a_target_it_lists_the_columns(here: Path, in_process: Command) -> None:
    before = Path("params.yaml").read_bytes()
    done = in_process(stage, "data/passengers.csv")
    assert (done.returncode, done.stderr) == (0, "")
    for name in passengers():
        assert f"\n{name} " in done.stdout
    assert done.stdout.endswith("Name the column to predict: python -m stages.adopt data/passengers.csv TARGET\n")
    assert Path("params.yaml").read_bytes() == before


def test_what_git_does_not_have_is_replaced_by_force_only(here: Path, in_process: Command) -> None:
    text = Path("params.yaml").read_text(encoding="utf-8")
    changed = text.replace("seed: 7", "seed: 8")
    Path("params.yaml").write_text(changed, encoding="utf-8")
    done = in_process(stage, "data/passengers.csv", "survived")
    assert done.returncode == 1
    assert done.stderr == (
        "error: git does not have params.yaml as it is, so it could not be brought back. "
        "Commit it, or add --force to replace its blocks.\n"
    )
    assert Path("params.yaml").read_text(encoding="utf-8") == changed
    assert in_process(stage, "data/passengers.csv", "survived", "--force").returncode == 0
    assert load_params().seed == 8
    assert load_params().data.target == "survived"


@pytest.mark.parametrize("lost", ["untracked", "ignored", "no repository"])
def test_git_must_track_the_file(here: Path, in_process: Command, lost: str) -> None:
    git("rm", "--quiet", "--cached", "params.yaml")
    git("commit", "--quiet", "--message", "Forget")
    if lost == "ignored":
        Path(".gitignore").write_text("params.yaml\n", encoding="utf-8")
    if lost == "no repository":
        subprocess.run(["rm", "-rf", ".git"], check=True)
    before = Path("params.yaml").read_bytes()
    done = in_process(stage, "data/passengers.csv", "survived")
    assert "git does not have params.yaml as it is" in done.stderr
    assert Path("params.yaml").read_bytes() == before


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
        "hint: fare: 7 cells are no numbers, such as 'k.A.' in line 2. If 'k.A.' means a missing cell, add it to "
        "data.na_values, set data.columns.fare to {missing: allowed} and prepare.impute to median. Or mend its cells "
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
    content = yaml12.load(Path("params.yaml").read_text(encoding="utf-8"))
    for place, value in sets.items():
        section, key = place.split(".")
        assert content[section][key] == value, place
    assert ("prepare__scale" in content["experiments"]["first"]["grid"]) == (content["prepare"]["scale"] is not None)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "a CSV file and the column to predict are needed: python -m stages.adopt FILE.csv"),
        (("data/passengers.csv", "survived", "age"), "a CSV file and the column to predict are needed"),
        (("data/passengers.csv", "survived", "--forced"), "a CSV file and the column to predict are needed"),
        (("data/none.csv", "survived"), "data/none.csv can't be read: No such file or directory."),
        (("data", "survived"), "data can't be read: Is a directory."),
        (("/etc/hostname", "x"), "/etc/hostname is outside of the repository. Copy it into data/ first."),
        (("data/passengers.csv", "survive"), "data/passengers.csv has no column 'survive'; did you mean 'survived'?"),
        (("data/passengers.csv", "name"), "the target 'name' has 60 different texts in 60 rows"),
        (
            ("data/passengers.csv", "age"),
            "the target 'age' is missing in 9 of 60 rows, first in line 2. Choose another target, or remove",
        ),
        (("data/passengers.csv", "ship"), "the target 'ship' is Aurora in every row."),
        (("data/series.csv", "sales"), "no column is left to predict 'sales' from: month: dates"),
        (("data/ragged.csv", "y"), "data/ragged.csv: line 3 has 1 column instead of 2"),
        (("data/infinite.csv", "y"), "infinite"),
    ],
)
def test_a_mistake_is_a_sentence_and_the_file_stays(
    here: Path, in_process: Command, arguments: tuple[str, ...], sentence: str
) -> None:
    months = [f"20{i:02}-01" for i in range(20)]
    write("data/series.csv", pd.DataFrame({"month": months, "sales": np.linspace(0.5, 20, 20)}))
    Path("data/ragged.csv").write_text("x,y\n1.5,0\n2\n" + "3,1\n4.5,0\n" * 20, encoding="utf-8")
    Path("data/infinite.csv").write_text("x,y\n1.5,0\n1e400,1\n" + "3,1\n4.5,0\n" * 20, encoding="utf-8")
    before = Path("params.yaml").read_bytes()
    done = in_process(stage, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert sentence in done.stderr
    assert Path("params.yaml").read_bytes() == before


def test_it_runs_at_the_top_of_the_repository(here: Path, in_process: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("data")
    done = in_process(stage, "passengers.csv", "survived")
    assert done.stderr == "error: params.yaml is missing here. Run from the top of the repository.\n"


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (b"engine: lockstep", b"engine: vmap", "params.yaml: engine is 'vmap': it is called lockstep now"),
        (b"n_jobs:", b"n_job:", "params.yaml: runtime.n_job is unknown; did you mean 'n_jobs'?"),
        (b"# The seed", b"# The s\xe9\xe9d", "params.yaml is not UTF-8. Save the file as UTF-8 text."),
    ],
)
def test_what_it_leaves_is_checked_too(here: Path, in_process: Command, old: bytes, new: bytes, error: str) -> None:
    content = Path("params.yaml").read_bytes().replace(old, new, 1)
    Path("params.yaml").write_bytes(content)
    done = in_process(stage, "data/passengers.csv", "survived", "--force")
    assert f"error: {error}" in done.stderr
    assert Path("params.yaml").read_bytes() == content
