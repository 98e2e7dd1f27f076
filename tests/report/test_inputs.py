"""What the report says of the inputs."""

import json
from pathlib import Path

import pytest

from stages.lib.common import UserError
from stages.lib.report.summary import read_inputs
from tests.project import ROOT

HEADER = "model,role,column,importance,ci95,below_rope\n"
TOLD = {"handed_over": "joint", "inputs": "When a column is shuffled, joint loses the most r2 for age (0.5)."}


def write(folder: Path, table: str, evaluation: object) -> None:
    (folder / "metrics").mkdir()
    (folder / "metrics/inputs.csv").write_text(table, encoding="utf-8")
    (folder / "metrics/evaluation.json").write_text(json.dumps(evaluation), encoding="utf-8")


def test_the_committed_inputs_are_those_of_the_answer_and_the_net(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = read_inputs()
    assert found.handed_over == "logistic_regression"
    assert found.text.startswith(
        "When a column is shuffled, logistic_regression loses the most accuracy for glucose (0.1"
    )
    assert found.table.headings == ["input", "logistic_regression, the answer", "joint, the net"]
    assert found.table.rows[0] == ["glucose", "0.1302 ± 0.0299", "0.1375 ± 0.0269"]
    below = [row[0] for row in found.table.rows if row[1].endswith(", below the rope")]
    assert (len(found.table.rows), below) == (8, ["skin_fold"])


def test_without_intervals_there_is_no_column_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, HEADER + "joint,net and answer,age,0.5,nan,nan\n", TOLD)
    found = read_inputs()
    assert found.table.headings == ["input", "joint, the net and answer"]
    assert found.table.rows == [["age", "0.5000"]]


@pytest.mark.parametrize(
    ("table", "evaluation", "sentence"),
    [
        ("a,b\n1,2\n", TOLD, "metrics/inputs.csv is not a table of importances. Run `dvc repro`."),
        (HEADER + "joint,net,age,x,nan,nan\n", TOLD, "metrics/inputs.csv is not a table of importances"),
        (
            HEADER,
            {"answer": "Use it."},
            "metrics/evaluation.json is not what the stage evaluate writes. Run `dvc repro",
        ),
    ],
)
def test_what_is_broken_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, evaluation: object, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, table, evaluation)
    with pytest.raises(UserError) as caught:
        read_inputs()
    assert sentence in str(caught.value)
