"""`python -m stages.check`: lists every problem at once, as the stages would tell them, or says what searches take."""

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

import nets
from stages import check, search
from stages.lib.check import everything
from stages.lib.check.trial import seconds_a_step
from stages.lib.config import load_params
from stages.lib.engine import seed_everything
from stages.lib.scores.splits import drawn_anew
from tests.check.conftest import Write
from tests.conftest import Command
from tests.project import IDENTITY, real_params
from tests.read_sample import SAMPLE


def line_of(text: str) -> int:
    """Return the line of params.yaml that contains a text."""
    return next(i for i, line in enumerate(Path("params.yaml").read_text().splitlines(), start=1) if text in line)


def test_the_committed_project_is_fine_and_its_searches_are_counted(
    write: Write, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measured(*given: Any) -> float:
        return max(seconds_a_step(*given), 0.001)  # on a fast machine all searches take less than two minutes

    monkeypatch.setattr(everything, "seconds_a_step", measured)
    write({})
    done = in_process(check)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("params.yaml: fine, 768 rows\n")
    told = {row[0]: row[1:3] for row in map(str.split, done.stdout.splitlines())}
    for name in real_params()["experiments"]:
        found = json.loads((SAMPLE / f"metrics/search/{name}.json").read_bytes())
        assert told[name] == [f"{found[key]:,}" for key in ("n_candidates", "n_fits")]
    assert re.search(r"All searches together: about \d+ min, one after the other", done.stdout)
    assert {path.name for path in Path().iterdir()} == {"stages", "data", "dvc.yaml", "params.yaml"}


def test_all_problems_are_listed_at_once_with_their_lines(write: Write, in_process: Command) -> None:
    write(
        {
            "seed": 2**32,
            "model.lr": "fast",
            "data.columns.age.max": 50,
            "experiments.dropout.grid.module__dropout_rate": [0.1, 2.0, 3.0],
            "experiments.neurons.fixed.optimizer": "Adamm",
            "experiments.joint.n_candidates": -1,
        }
    )
    done = in_process(check)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "error: params.yaml: seed is 4294967296: it should be less than or equal to 4294967295 (line 1)",
        f"error: params.yaml: model.lr is 'fast': it should be a valid number (line {line_of('lr: fast')})",
        "error: params.yaml: experiments.joint.n_candidates is -1: it should be greater than or equal to 1 "
        f"(line {line_of('n_candidates: -1')})",
        "error: data/pima-indians-diabetes.csv: line 9, column age: 53 is outside 21 to 50 (years) "
        "(80 more such cells); fix it, or change min and max of data.columns.age in params.yaml "
        f"(line {line_of('  age:')})",
        "error: params.yaml: experiments.dropout.grid.module__dropout_rate[1]: dropout_rate is 2.0; it should be at "
        f"least 0 and below 1 (1 more such value) (line {line_of('- 2.0')})",
        "error: params.yaml: experiments.neurons.fixed.optimizer: 'Adamm' is not an optimizer of torch.optim; did you "
        f"mean 'Adam'? (line {line_of('Adamm')})",
    ]


def test_what_all_experiments_share_is_told_once(write: Write, in_process: Command) -> None:
    write({"model.optimizer": "Adamm", "experiments.optimizer.fixed": {"optimizer__momentum": 0.5}})
    told = in_process(check).stderr.splitlines()
    assert [line for line in told if "Adamm" in line] == [
        "error: params.yaml: model.optimizer: 'Adamm' is not an optimizer of torch.optim; did you mean 'Adam'? "
        f"(line {line_of('Adamm')})"
    ]


LATER = (
    "note: {}; `dvc repro fetch` {} the file at data.url. Run `make check` again after that, because it tries the "
    "training then\n"
)


def test_another_file_than_the_pinned_one_is_named(write: Write, in_process: Command) -> None:
    Path("later.csv").write_text("1,2\n", encoding="utf-8")
    for command in (["init", "--quiet"], ["add", "later.csv"]):
        subprocess.run(["git", *command], check=True)
    subprocess.run(["git", "commit", "--quiet", "--message", "one"], env=os.environ | IDENTITY, check=True)
    write({"data.path": "later.csv"}, "dropout")
    done = in_process(check)
    pinned, own = real_params()["data"]["sha256"], hashlib.sha256(b"1,2\n").hexdigest()
    assert (done.returncode, done.stdout) == (0, "params.yaml: fine\n")
    why = f"later.csv has the sha256 {own}, not the {pinned} of data.sha256"
    assert done.stderr == LATER.format(why, "replaces it by")


def test_a_csv_that_is_to_be_downloaded_is_no_problem(write: Write, in_process: Command) -> None:
    write({"data.path": "data/later.csv"}, "dropout")
    done = in_process(check)
    assert (done.returncode, done.stdout) == (0, "params.yaml: fine\n")
    assert done.stderr == LATER.format("data/later.csv is missing", "gets")
    write({"data.path": "data/later.csv", "experiments.dropout.grid.module__dropout_rate": [1.5]}, "dropout")
    assert "module__dropout_rate[0]: dropout_rate is 1.5" in in_process(check).stderr


def test_copies_of_rows_are_noted(write: Write, in_process: Command) -> None:
    lines = (SAMPLE / "data/pima-indians-diabetes.csv").read_text(encoding="utf-8").splitlines()
    Path("table.csv").write_text("\n".join([*lines, *lines[:100]]), encoding="utf-8")
    write({"data.path": "table.csv", "data.url": None, "data.sha256": None}, "optimizer")
    done = in_process(check)
    assert done.returncode == 0
    assert done.stderr.startswith("note: table.csv: 200 of 868 rows equal another one in all columns that are used. ")
    assert done.stderr.count("\n") == 1


TWELVE = (
    "model.train_split is 5, but a training fold has only 4 rows of one class, too few for so many parts. Set it to 4"
)


@pytest.mark.parametrize(
    ("changes", "rows", "sentence"),
    [
        (
            {"model.train_split": 100_000},
            768,
            "model.train_split is 100000, but a training fold has only 333 rows of one",
        ),
        (
            {"experiments.optimizer.fixed": {"train_split": 900}},
            768,
            "experiments.optimizer.fixed.train_split is 900, but",
        ),
        (
            {"cv.splitter": "kfold", "model.train_split": 600},
            768,
            "model.train_split is 600, but a training fold has onl",
        ),
        ({}, 12, TWELVE),
    ],
)
def test_the_stage_and_the_check_say_the_same(
    write: Write, in_process: Command, changes: dict[str, Any], rows: int, sentence: str
) -> None:
    lines = (SAMPLE / "data/pima-indians-diabetes.csv").read_bytes().splitlines(keepends=True)
    Path("table.csv").write_bytes(b"".join(lines[:rows]))
    write({"data.path": "table.csv", "data.url": None, "data.sha256": None} | changes, "optimizer")
    checked, searched = in_process(check), in_process(search, "optimizer")
    assert checked.returncode == searched.returncode == 1
    assert checked.stderr == searched.stderr
    assert f"error: params.yaml: {sentence}" in checked.stderr


NORMED = """
from torch import nn

class Normed(nn.Sequential):
    def __init__(self, n_inputs):
        super().__init__(nn.BatchNorm1d(n_inputs), nn.Linear(n_inputs, 1), nn.Sigmoid())
"""


def test_a_last_batch_of_one_row_is_foreseen(
    write: Write, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nets, "__path__", [str(Path.cwd())])
    Path("normed_net.py").write_text(NORMED, encoding="utf-8")
    net = {"model.module": "nets.normed_net.Normed", "model.train_split": None}
    write(net | {"model.batch_size": 59}, "optimizer")
    done = in_process(check)
    assert done.returncode == 1
    assert "params.yaml: model.batch_size is 59, so in the last fit, on all rows, which trains on 768" in done.stderr
    searched = in_process(search, "optimizer")
    assert (searched.returncode, searched.stderr) == (1, done.stderr)
    write(net | {"model.batch_size": 59, "model.iterator_train__drop_last": True}, "optimizer")
    assert in_process(check).returncode == 0


def test_the_largest_seed_seeds_all_that_takes_one(write: Write, in_process: Command) -> None:
    write({"seed": 2**32 - 1, "data.sample": 0.5}, "joint")
    assert in_process(check).returncode == 0
    params = load_params()
    for seed in (params.seed, drawn_anew(params).seed):
        seed_everything(seed)
