"""The committed tables of scores, as the report shows them."""

from pathlib import Path

import pytest

from stages.lib.common import UserError
from stages.lib.report.tables import read_table


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


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_numbers_are_as_long_as_the_scorer_needs(tmp_path: Path) -> None:
    millions = written(
        tmp_path / "mse.csv",
        "params,lr,mean_test_score,std_test_score,rank_test_score,ci95,p_value,tied_with_best\n"
        "lr=0.1,0.1,-1234567.891,30000.5,1,2000.25,1.0,true\n"
        "lr=0.2,0.2,-7654321.0,30000.5,2,2000.25,0.000001,false\n",
    )
    table = read_table(millions, without=["params"])
    assert table.headings == ["lr", "mean", "± 95 %", "p", "tied", "std", "rank"]
    assert table.rows == [
        ["0.1", "-1,234,568", "2,000", "1.0000", "true", "30,000", "1"],
        ["0.2", "-7,654,321", "2,000", "< 0.0001", "false", "30,000", "2"],
    ]
    r2 = written(tmp_path / "r2.csv", "setting,mean_test_score,ci95\ncombined,-0.25,0.5\nmean,-0.000001,0.00001\n")
    assert read_table(r2).rows == [["combined", "-0.2500", "0.5000"], ["mean", "0.0000", "0.0000"]]


def test_keys_and_missing_values_of_a_grid_are_readable(tmp_path: Path) -> None:
    path = written(
        tmp_path / "grid.csv",
        "params,prepare__scale,callbacks__EarlyStopping__patience,mean_test_score,ci95\n"
        "x,null,null,0.5,0.1\ny,standard,5,0.6,0.1\n",
    )
    table = read_table(path, without=["params"])
    assert table.headings == ["scale", "EarlyStopping patience", "mean", "± 95 %"]
    assert [row[:2] for row in table.rows] == [["none", "none"], ["standard", "5"]]


def test_without_intervals_there_is_no_column_of_a_test(tmp_path: Path) -> None:
    candidates = written(
        tmp_path / "candidates.csv",
        "params,mean_test_score,std_test_score,rank_test_score,ci95,p_value,tied_with_best\n"
        "a=1,0.5,0.1,2,nan,nan,nan\na=2,0.75,0.1,1,nan,nan,nan\n",
    )
    assert read_table(candidates).headings == ["mean", "std", "rank", "params"]
    leaderboard = written(
        tmp_path / "leaderboard.csv",
        "experiment,best_params,best_score,best_std,best_ci95,n_candidates,n_fits,n_tied\nlr,lr=0.1,0.5,0.1,,4,20,\n",
    )
    assert read_table(leaderboard).headings == ["experiment", "mean", "candidates", "fits", "std", "best params"]
    evaluation = written(
        tmp_path / "evaluation.csv",
        "setting,params,mean_test_score,ci95,difference,difference_ci95,p_value,tied_with_combined\n"
        "combined,a=1,0.5,nan,0.0,nan,nan,nan\nmean,,-0.125,nan,-0.625,nan,nan,nan\n",
    )
    assert read_table(evaluation).rows == [["combined", "0.5000", "", "a=1"], ["mean", "-0.1250", "-0.6250", ""]]
