"""What the report says of tables and results, without a browser."""

from pathlib import Path

import pytest

from stages.lib.common import UserError
from stages.lib.report.page import read_table, read_verdict
from stages.lib.report.templating import breakable


def test_what_has_no_score_is_told(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.csv"
    path.write_text(
        "setting,mean_test_score,ci95,difference,tied_with_combined,split0_test_score\n"
        "combined,nan,nan,nan,nan,nan\nlinear_regression,0.25,0.125,nan,nan,0.5\n",
        encoding="utf-8",
    )
    table = read_table(path, unscored="no score")
    assert table.headings == ["setting", "mean", "± 95 %", "to combined", "tied"]
    assert table.rows == [["combined", "no score", "–", "", ""], ["linear_regression", "0.2500", "0.1250", "–", "–"]]
    assert table.best == 1
    best_first = read_table(path, unscored="no score", by_score=True)
    assert (best_first.rows, best_first.best) == (table.rows[::-1], 0)


def test_long_names_break_at_their_joints_alone() -> None:
    shown = breakable("<b>, module__n_neurons=5, lr=0.05, my_.Net")
    assert shown == "&lt;b&gt;, module__<wbr>n_<wbr>neurons=5, lr=0.05, my_.<wbr>Net"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "is not a table of scores"),
        (b"params,mean_test_score\n", "is not a table of scores"),
        (b"<<<<<<< HEAD\nparams,mean_test_score\na=1,0.5\n", "is not a table of scores"),
        (b"params,mean_test_score\na=1,0.5\n<<<<<<< HEAD\n", "is not a table of scores"),
        (b"params,mean_test_score\na=1,high\n", "is not a table of scores"),
        (b"params,rank_test_score\na=1,1\n", "is not a table of scores"),
        (b"params,mean_test_score\na=\xff,0.5\n", "is not text"),
        (None, "is missing"),
    ],
)
def test_a_broken_table_is_named(tmp_path: Path, content: bytes | None, fault: str) -> None:
    path = tmp_path / "neurons.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=f"neurons.csv {fault}. Run `dvc repro`"):
        read_table(path)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("{", "is not JSON"),
        ("{}", "is not what the stage evaluate writes"),
        ('{"best_setting": "combined", "combined_score": 0.5}', "is not what the stage evaluate writes"),
        ('{"best_setting": "a", "combined_score": 0.5, "combined_ci95": 1, "a_score": 1}', "is not what the stage"),
    ],
)
def test_a_broken_evaluation_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, fault: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics/evaluation.json").write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=f"metrics/evaluation.json {fault}"):
        read_verdict()
