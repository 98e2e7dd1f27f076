"""The committed tables of scores, as the report shows them."""

from pathlib import Path

import pytest

from stages.lib.common import UserError
from stages.lib.report.tables import read_table


def test_what_has_no_score_is_told(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.csv"
    path.write_text(
        "setting,mean_test_score,ci95,difference,standing,kept,answer,stuck_splits,split0_test_score\n"
        "joint,nan,nan,nan,,true,false,0 2,nan\nlinear_regression,0.25,0.125,nan,,false,true,,0.5\n",
        encoding="utf-8",
    )
    table = read_table(path)
    assert table.headings == ["setting", "mean", "± 95 %", "vs. kept net", "difference"]
    assert table.rows == [["linear_regression", "0.2500", "0.1250", "–", "–"], ["joint", "no score", "–", "", ""]]
    assert table.marks == {0: "answer", 1: "kept"}


def test_a_row_may_be_the_answer_and_the_kept_net(tmp_path: Path) -> None:
    text = "setting,mean_test_score,kept,answer\nmean,0.1,false,false\njoint,0.2,true,true\n"
    table = read_table(written(tmp_path / "evaluation.csv", text))
    assert (table.headings, table.marks) == (["setting", "mean"], {0: "answer kept"})


def test_the_best_candidate_is_marked_unless_all_diverged(tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", "params,mean_test_score\na=1,0.5\na=2,0.75\n")
    assert (read_table(path).rows[0][-1], read_table(path).marks) == ("a=2", {0: "best"})
    assert read_table(written(path, "params,mean_test_score\na=1,nan\na=2,nan\n")).marks == {}


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
        "params,lr,mean_test_score,std_test_score,mean_test_r2,std_test_r2,rank_test_score,n_weights,n_epochs,ci95,p_value,"
        "in_best_set,p_value_holm,worse,equal,better,simplest\n"
        "lr=0.1,0.1,-1234567.891,30000.5,0.5,0.1,1,1234,40.0,2000.25,1.0,true,1.0,0.0,1.0,0.0,true\n"
        "lr=0.2,0.2,-7654321.0,30000.5,-0.25,0.1,2,1234,12.25,2000.25,0.000001,false,0.000002,0.987,0.013,0.0,false\n",
    )
    table = read_table(millions, without=["params", "p_value_holm"])
    shown = [dict(zip(table.headings, row, strict=True)) for row in table.rows]
    first = {"lr": "0.1", "mean": "-1,234,570", "± 95 %": "2,000", "r2": "0.5000"}
    second = {"lr": "0.2", "mean": "-7,654,320", "± 95 %": "2,000", "r2": "-0.2500", "may be the best": "no"}
    first |= {"may be the best": "yes, the simplest"}
    assert shown == [
        first | {"weights": "1,234", "epochs": "40", "std": "30,000", "rank": "1"},
        second | {"weights": "1,234", "epochs": "12.2", "std": "30,000", "rank": "2"},
    ]
    names = ["rank", "mean", "± 95 %", "r2", "may be the best", "lr"]
    assert table.headings == [*names, "weights", "epochs", "std"]
    assert table.headings[table.details] == "weights"
    r2 = written(tmp_path / "r2.csv", "setting,mean_test_score,ci95\ncombined,-0.25,0.5\nmean,-0.000001,0.00001\n")
    assert read_table(r2).rows == [["mean", "0.0000", "0.0000"], ["combined", "-0.2500", "0.5000"]]


def test_keys_and_missing_values_of_a_grid_are_readable(tmp_path: Path) -> None:
    path = written(
        tmp_path / "grid.csv",
        "params,prepare__scale,callbacks__EarlyStopping__patience,mean_test_score,ci95\n"
        "x,null,null,0.5,0.1\ny,standard,5,0.6,0.1\n",
    )
    table = read_table(path, without=["params"])
    assert table.headings == ["mean", "± 95 %", "scale", "EarlyStopping patience"]
    assert [row[2:] for row in table.rows] == [["standard", "5"], ["none", "none"]]


def test_without_intervals_there_is_no_column_of_a_test(tmp_path: Path) -> None:
    candidates = written(
        tmp_path / "candidates.csv",
        "params,mean_test_score,std_test_score,rank_test_score,ci95,p_value,in_best_set,p_value_holm,worse,equal,better\n"
        "a=1,0.5,0.1,2,nan,nan,nan,nan,nan,nan,nan\na=2,0.75,0.1,1,nan,nan,nan,nan,nan,nan,nan\n",
    )
    assert read_table(candidates).headings == ["rank", "mean", "std", "params"]
    leaderboard = written(
        tmp_path / "leaderboard.csv",
        "experiment,best_params,best_score,best_std,best_ci95,best_score_corrected,best_score_corrected_low,"
        "best_score_corrected_high,n_candidates,n_fits,n_in_best_set\n"
        "lr,lr=0.1,0.5,0.1,,,,,4,20,\n",
    )
    assert read_table(leaderboard).headings == ["experiment", "mean", "candidates", "fits", "std", "best params"]
    evaluation = written(
        tmp_path / "evaluation.csv",
        "setting,params,mean_test_score,ci95,difference,difference_ci95,p_value,p_value_holm,worse,equal,better,standing,"
        "kept,answer\n"
        "joint,a=1,0.5,nan,0.0,nan,nan,nan,nan,nan,nan,,true,true\n"
        "mean,,-0.125,nan,-0.625,nan,nan,nan,nan,nan,nan,,false,false\n",
    )
    assert read_table(evaluation).rows == [["joint", "0.5000", "", "a=1"], ["mean", "-0.1250", "-0.6250", ""]]


def test_a_leaderboard_goes_by_corrected_scores(tmp_path: Path) -> None:
    path = written(
        tmp_path / "leaderboard.csv",
        "experiment,best_params,best_score,best_ci95,best_score_corrected,best_score_corrected_low,"
        "best_score_corrected_high,n_candidates,n_fits,n_in_best_set\n"
        "lucky,module__a=1,0.75,0.1,0.6875,0.65,0.725,1000,5000,12\nsolid,a=2,0.71875,0.1,0.71875,0.6,0.8,1,5,1\n",
    )
    table = read_table(path)
    assert table.headings[:6] == ["experiment", "corrected", "95 % interval", "mean", "± 95 %", "may be the best"]
    assert [row[:4] for row in table.rows] == [
        ["solid", "0.7188", "0.6000 to 0.8000", "0.7188"],
        ["lucky", "0.6875", "0.6500 to 0.7250", "0.7500"],
    ]
    assert table.rows[1][-4:] == ["12", "1,000", "5,000", "a=1"]


def test_a_table_shows_the_best_first(tmp_path: Path) -> None:
    rows = [f"a={i},{i},{(7 * i) % 50 / 100},0.1,{50 - (7 * i) % 50}\n" for i in range(50)]
    path = written(tmp_path / "c.csv", "params,a,mean_test_score,ci95,rank_test_score\n" + "".join(rows))
    table = read_table(path, without=["params"])
    assert table.headings == ["rank", "mean", "± 95 %", "a"]
    assert [row[0] for row in table.rows] == [str(rank) for rank in range(1, 51)]
    assert (table.marks, table.rows[0][1]) == ({0: "best"}, "0.4900")


def test_a_row_is_in_the_set_or_not_whatever_its_p(tmp_path: Path) -> None:
    header = "params,mean_test_score,ci95,rank_test_score,in_best_set,p_value_holm\n"
    rows = "a=1,0.75,0.03,1,true,1.0\na=2,0.7,0.03,2,false,0.05\na=3,0.6,0.1,3,nan,nan\n"
    table = read_table(written(tmp_path / "c.csv", header + rows), without=["params", "p_value_holm"])
    assert [row[3] for row in table.rows] == ["yes", "no", "–"]


def test_a_constant_is_marked_and_a_diverged_net_is_not(tmp_path: Path) -> None:
    path = written(
        tmp_path / "candidates.csv",
        "params,mean_test_score,ci95,rank_test_score\na=1,0.75,0.03,1\na=2,0.5,nan,2\na=3,nan,nan,3\n",
    )
    assert [row[1:3] for row in read_table(path).rows] == [
        ["0.7500", "0.0300"],
        ["0.5000", "constant"],
        ["diverged", "–"],
    ]


def test_scores_in_small_units_show_their_digits(tmp_path: Path) -> None:
    path = written(tmp_path / "mse.csv", "setting,mean_test_score,ci95\na,-1.23456e-07,2e-08\nb,-4.5e-07,3e-08\n")
    assert [row[1:] for row in read_table(path).rows] == [
        ["-0.0000001235", "0.0000000200"],
        ["-0.0000004500", "0.0000000300"],
    ]


def test_searches_that_are_tied_are_called_so(tmp_path: Path) -> None:
    path = written(
        tmp_path / "leaderboard.csv",
        "experiment,best_params,best_score,best_ci95,best_score_corrected,best_score_corrected_low,"
        "best_score_corrected_high,n_in_best_set,tied_with_above\n"
        "one,a=1,0.75,0.1,0.6875,0.65,0.725,12,true\ntwo,a=2,0.71875,0.1,0.6876,0.6,0.8,1,false\n",
    )
    table = read_table(path)
    place = table.headings.index("tied with the one above")
    assert [(row[0], row[place]) for row in table.rows] == [("two", "no"), ("one", "yes")]


def test_after_halving_the_best_is_of_those_that_were_trained_to_the_end(tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", "params,mean_test_score,rank_test_score,stage\na=1,0.8,2,1\na=2,0.7,1,2\n")
    assert [row[0] for row in read_table(path).rows] == ["1", "2"]
    assert [row[-1] for row in read_table(path).rows] == ["a=2", "a=1"]
