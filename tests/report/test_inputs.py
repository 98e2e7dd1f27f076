"""What the report says of the inputs."""

from pathlib import Path

import pytest

from stages.lib.common import UserError, write_text
from stages.lib.report.summary import read_answer, read_losses
from tests.read_sample import SAMPLE

HEADER = "model,role,column,importance,ci95,below_rope\n"


def test_the_committed_inputs_are_those_of_the_answer_and_the_net(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SAMPLE)
    answer, table = read_answer(), read_losses("0.01")
    assert answer["handed_over"] == "logistic_regression"
    assert answer["inputs"].startswith(
        "When a column is shuffled, logistic_regression loses the most accuracy for glucose (0.1"
    )
    assert table.headings == ["input", "★ logistic_regression, the answer", "◆ joint, the kept net"]
    assert table.rows[0] == ["glucose", "0.1302 ± 0.0299", "0.1375 ± 0.0269"]
    below = [row[0] for row in table.rows if row[1].endswith(", below 0.01")]
    assert (len(table.rows), below) == (8, ["skin_fold"])


def test_without_intervals_there_is_no_column_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_text("metrics/inputs.csv", HEADER + "joint,net and answer,age,0.5,nan,nan\n")
    table = read_losses("0.01")
    assert table.headings == ["input", "★ ◆ joint, the kept net and answer"]
    assert table.rows == [["age", "0.5000"]]


@pytest.mark.parametrize("table", ["a,b\n1,2\n", HEADER + "joint,net,age,x,nan,nan\n"])
def test_a_broken_table_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    monkeypatch.chdir(tmp_path)
    write_text("metrics/inputs.csv", table)
    with pytest.raises(UserError, match=r"metrics/inputs.csv is not a table of importances. Run `dvc repro`\."):
        read_losses("0.01")
