"""`gridstage check`: lists every problem at once, as the stages would tell them, or says what searches take."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gridstage.check.plan import ONE_BY_ONE
from gridstage.commands import adopt, check
from gridstage.common import write_text
from lockstep.kernel import library
from lockstep.kernel.library import levels, load
from packages.gridstage.tests.check.conftest import Write
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.project import real_params, text_of
from packages.gridstage.tests.read_sample import SAMPLE
from stages import search


def line_of(text: str) -> int:
    """Return the line of params.yaml that contains a text."""
    return next(
        i
        for i, line in enumerate(Path("params.yaml").read_text().splitlines(), start=1)
        if text in line
    )


def test_the_committed_project_is_fine_and_its_searches_are_counted(
    write: Write, in_process: Command
) -> None:
    write({})
    said = in_process(check).succeeded()
    assert said.startswith("params.yaml: fine, 768 rows\n")
    searches = dict(re.findall(r"(\w+): (.*), about \d+ s on one core", said))
    for name in real_params()["experiments"]:
        found = json.loads(
            (SAMPLE / f"metrics/search/{name}/summary.json").read_bytes()
        )
        n_splits = found["n_fits"] // found["n_candidates"]
        size = f"{found['n_candidates']} candidates on {n_splits} splits"
        assert searches[name] == size
    assert [*searches] == [*real_params()["experiments"]]
    assert {path.name for path in Path().iterdir()} == {
        "stages",
        "data",
        "dvc.yaml",
        "params.yaml",
    }


def test_problems_are_listed_with_their_lines_stage_by_stage(
    write: Write, in_process: Command
) -> None:
    names = {"experiments.neurons.fixed.optimizer": "Adamm"}
    write({"seed": 2**32, "model.lr": "fast", "experiments.joint.n_candidates": -1})
    said = in_process(check).refused()
    assert said.splitlines() == [
        "note: the table and the nets are checked once params.yaml is fixed",
        "error: params.yaml: seed is 4294967296; it should be less than or equal to 4294967295 (line 1)",
        f"error: params.yaml: model.lr is 'fast'; it should be a valid number (line {line_of('lr: fast')})",
        "error: params.yaml: experiments.joint.n_candidates is -1; it should be greater than or equal to 1 "
        f"(line {line_of('n_candidates: -1')})",
    ]
    wrong_name = "error: params.yaml: experiments.neurons.fixed.optimizer: 'Adamm' is not an optimizer of torch.optim; "
    write(names | {"data.columns.age.max": 50})
    assert [
        line.partition("did you")[0] for line in in_process(check).stderr.splitlines()
    ] == [
        "note: the nets are checked once the table is there and fine",
        "error: data/pima-indians-diabetes.csv: line 9, column age: 53 is outside 21 to 50 (years) "
        "(80 more such cells); fix it, or change min and max of data.columns.age in params.yaml",
        wrong_name,
    ]
    write(
        names | {"experiments.dropout.grid.module__dropout_rate": [0.1, 2.0, 3.0]},
        "dropout",
        "neurons",
    )
    assert [
        line.partition("did you")[0] for line in in_process(check).stderr.splitlines()
    ] == [
        "error: params.yaml: experiments.dropout.grid.module__dropout_rate[1]: dropout_rate is 2.0; it should be at "
        f"least 0 and below 1 (line {line_of('- 2.0')})",
        "error: params.yaml: experiments.dropout.grid.module__dropout_rate[2]: dropout_rate is 3.0; it should be at "
        f"least 0 and below 1 (line {line_of('- 3.0')})",
        wrong_name,
    ]


def test_one_by_one_has_no_plan_and_each_experiment_is_tried(
    write: Write, in_process: Command
) -> None:
    grid = {"module__weight_constraint": [1.0, 2.0]}
    many: dict[str, Any] = {
        f"e{i}": {"grid": grid, "fixed": {"module__dropout_rate": i / 10}}
        for i in range(3)
    }
    write({"engine": "one-by-one", "experiments": many})
    done = in_process(check)
    assert done.returncode == 0
    assert done.stdout.count(": 2 candidates on 30 splits\n") == 3
    many["e2"]["fixed"]["module__dropout_rate"] = 1.5
    write({"experiments": many})
    (error,) = in_process(check).stderr.splitlines()
    assert error.startswith(
        "error: params.yaml: model, with experiments.e2.fixed: dropout_rate is 1.5"
    )


def test_a_csv_that_is_to_be_downloaded_is_no_problem(
    write: Write, in_process: Command
) -> None:
    write({"data.path": "data/later.csv"}, "dropout")
    done = in_process(check)
    assert (done.returncode, done.stdout) == (0, "params.yaml: fine\n")
    assert (
        done.stderr
        == "note: data/later.csv is missing; run `python -m stages.fetch`, then `gridstage check` again\n"
    )


def test_without_the_kernel_the_check_and_the_search_refuse(
    write: Write, in_process: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write({}, "optimizer")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(library, "PACKAGE", tmp_path)
    load.cache_clear()
    checked, searched = in_process(check), in_process(search, "optimizer")
    said = (
        f"error: The kernel is not built for {levels()[0]}. Run `python -m lockstep.kernel.build`. Without it, results "
        "have other bytes. `engine: one-by-one` in params.yaml does not need it.\n"
    )
    assert (
        (checked.returncode, checked.stderr)
        == (searched.returncode, searched.stderr)
        == (1, said)
    )
    write({"engine": "one-by-one"}, "optimizer")
    assert in_process(check).stderr == f"note: {ONE_BY_ONE}\n"
    load.cache_clear()


def test_copies_of_rows_are_noted(write: Write, in_process: Command) -> None:
    lines = text_of(SAMPLE / "data/pima-indians-diabetes.csv").splitlines()
    write_text("table.csv", "\n".join([*lines, *lines[:100]]))
    write(
        {"data.path": "table.csv", "data.url": None, "data.sha256": None}, "optimizer"
    )
    done = in_process(check)
    assert done.returncode == 0
    assert done.stderr.startswith(
        "note: table.csv: 200 of 868 rows equal another one in all columns that are used. "
    )
    assert done.stderr.count("\n") == 1


def test_costs_of_more_than_two_classes_are_found_in_the_table(
    write: Write, in_process: Command
) -> None:
    lines = text_of(SAMPLE / "data/pima-indians-diabetes.csv").splitlines()
    of_three = [f"{line.rpartition(',')[0]},{i % 3}" for i, line in enumerate(lines)]
    write_text("table.csv", "\n".join(of_three))
    changes: dict[str, Any] = {
        "data.path": "table.csv",
        "data.url": None,
        "data.sha256": None,
        "data.columns.diabetes": {},
    }
    changes |= {
        "model.criterion": "CrossEntropyLoss",
        "evaluate.costs": {"false_positive": 1, "false_negative": 5},
    }
    write(changes, "optimizer")
    (error,) = in_process(check).stderr.splitlines()
    assert error.startswith(
        "error: params.yaml: evaluate.costs has costs of mistakes, but the target is 3 classes; they"
    )
    assert error.endswith(f"set them to null (line {line_of('costs:')})")


@pytest.mark.parametrize(
    ("changes", "rows", "words"),
    [
        (
            {"cv.splitter": "kfold", "model.train_split": 600},
            768,
            "splits n_splits=600 greater than the number of",
        ),
        (
            {},
            12,
            "n_splits=5 cannot be greater than the number of members in each class",
        ),
        (
            {"model.class_weight": [1, 2, 1]},
            768,
            "params.yaml: model.class_weight, or that of an experiment, has 3 weights, but",
        ),
        (
            {"model.iterator_train__drop_last": True, "model.batch_size": 900},
            768,
            "a training fold has 410 rows, so an epoch has no batch and nothing is learnt. Set batch_size to 410",
        ),
    ],
)
def test_the_stage_and_the_check_say_the_same(
    write: Write, in_process: Command, changes: dict[str, Any], rows: int, words: str
) -> None:
    lines = (
        (SAMPLE / "data/pima-indians-diabetes.csv")
        .read_bytes()
        .splitlines(keepends=True)
    )
    Path("table.csv").write_bytes(b"".join(lines[:rows]))
    write(
        {"data.path": "table.csv", "data.url": None, "data.sha256": None} | changes,
        "optimizer",
    )
    checked, searched = in_process(check), in_process(search, "optimizer")
    assert checked.returncode == searched.returncode == 1
    assert words in checked.stderr
    assert words in searched.stderr


def test_a_broken_cell_of_an_adopted_table_is_the_only_error(
    write: Write, in_process: Command
) -> None:
    cells = {"x": [i % 7 + 0.5 for i in range(80)], "city": ["Rome", "Paris"] * 40}
    table = pd.DataFrame(cells | {"y": ["no", "yes", "yes", "no"] * 20})
    write({"experiments": {"mine": {"grid": {"lr": [0.01, 0.02]}, "fixed": {}}}})
    table.to_csv("mine.csv", index=False)
    assert in_process(adopt, "mine.csv", "y", "--force").returncode == 0
    write_text("mine.csv", table.to_csv(index=False).replace("\n3.5,", "\nseven,", 1))
    (error,) = [
        line
        for line in in_process(check).stderr.splitlines()
        if line.startswith("error: ")
    ]
    assert "column x: 'seven' is not a number" in error


def test_another_installed_version_is_a_note(write: Write, in_process: Command) -> None:
    write({}, "dropout")
    write_text("requirements.txt", "numpy==1.0\n")
    done = in_process(check)
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert done.stderr.startswith("note: other packages are installed than requirement")
    assert "numpy==1.0 (" in done.stderr
