"""The tables of results, as the report shows them."""

from typing import Any

import pandas as pd

from gridstage.config import Params
from gridstage.report.tables import losses, thresholds
from gridstage.results import Results, WorkingTree, files
from gridstage.results.reading import typed
from gridstage.told.answer import ranking
from gridstage.told.candidates import text_table
from gridstage.told.printed import leaderboard
from packages.gridstage.tests.project import real_params
from packages.gridstage.tests.read_sample import SAMPLE
from packages.gridstage.tests.results.records import ranked_search

RANK = ["rank_test_score"]


def table(*lines: str) -> pd.DataFrame:
    return typed(
        "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
    )


def test_what_has_no_score_is_told() -> None:
    found = text_table(
        table(
            "setting,rank_test_score,mean_test_score,ci95,difference,chance,kept,answer,stuck_splits,split0_test_score",
            "joint,2,nan,nan,nan,nan,true,false,0 2,nan",
            "linear_regression,1,0.25,0.125,nan,nan,false,true,,0.5",
        ),
        RANK,
    )
    assert found.headings == ["setting", "mean", "± 95 %", "to the answer", "chance"]
    assert found.rows == [
        ["linear_regression", "0.2500", "0.1250", "–", ""],
        ["joint", "no score", "–", "–", ""],
    ]
    assert found.marks == {0: "answer", 1: "kept"}


def test_rows_are_marked_by_what_they_are() -> None:
    found = text_table(
        table(
            "setting,rank_test_score,mean_test_score,kept,answer",
            "mean,2,0.1,false,false",
            "joint,1,0.2,true,true",
        ),
        RANK,
    )
    assert (found.headings, found.marks) == (["setting", "mean"], {0: "answer kept"})
    header = "params,rank_test_score,mean_test_score"
    assert text_table(table(header, "a=1,2,0.5", "a=2,1,0.75")).marks == {0: "best"}
    assert text_table(table(header, "a=1,1,nan", "a=2,2,nan")).marks == {}


def test_numbers_are_as_long_as_the_scorer_needs() -> None:
    found = text_table(
        table(
            "params,lr,mean_test_score,std_test_score,mean_test_r2,std_test_r2,rank_test_score,n_weights,n_epochs,ci95,"
            "p_value,in_best_set,p_value_holm,worse,equal,better,simplest",
            "lr=0.1,0.1,-1234567.891,30000.5,0.5,0.1,1,1234,40.0,2000.25,1.0,true,1.0,0.0,1.0,0.0,true",
            "lr=0.2,0.2,-7654321.0,30000.5,-0.25,0.1,2,1234,12.25,2000.25,0.000001,nan,0.000002,0.987,0.013,0.0,false",
        ),
        without=["params", "p_value_holm"],
    )
    names = ["rank", "mean", "± 95 %", "r2", "may be the best", "lr"]
    assert found.headings == [*names, "weights", "epochs", "std"]
    assert found.rows == [
        [
            "1",
            "-1,234,570",
            "2,000",
            "0.5000",
            "yes, the simplest",
            "0.1",
            "1,234",
            "40",
            "30,000",
        ],
        "2 -7,654,320 2,000 -0.2500 – 0.2 1,234 12.2 30,000".split(),
    ]


def test_keys_and_missing_values_of_a_grid_are_readable() -> None:
    rows = ("x,null,null,2,0.5,0.1", "y,standard,5,1,0.6,0.1")
    found = text_table(
        table(
            "params,prepare__scale,callbacks__EarlyStopping__patience,rank_test_score,mean_test_score,ci95",
            *rows,
        ),
        ["params", *RANK],
    )
    assert found.headings == ["mean", "± 95 %", "scale", "EarlyStopping patience"]
    assert [row[2:] for row in found.rows] == [["standard", "5"], ["none", "none"]]


def test_without_intervals_there_is_no_column_of_a_test() -> None:
    candidates = table(
        "params,mean_test_score,std_test_score,rank_test_score,ci95,p_value,in_best_set,p_value_holm,worse",
        "a=1,0.5,0.1,2,nan,nan,nan,nan,nan",
        "a=2,0.75,0.1,1,nan,nan,nan,nan,nan",
    )
    assert text_table(candidates).headings == ["rank", "mean", "std", "params"]
    evaluation = table(
        "setting,params,rank_test_score,mean_test_score,ci95,difference,difference_ci95,chance,kept,answer",
        "joint,a=1,1,0.5,nan,nan,nan,nan,true,true",
        "starting_point,model as it stands,2,-0.125,nan,-0.625,nan,nan,false,false",
    )
    assert text_table(evaluation, RANK).rows == [
        ["joint", "0.5000", "–", "a=1"],
        ["starting_point", "-0.1250", "-0.6250", "as in params.yaml"],
    ]


def test_a_leaderboard_goes_by_corrected_scores() -> None:
    keys = (
        "best_score",
        *(f"best_score_corrected{end}" for end in ("", "_low", "_high")),
    )
    lucky_numbers: dict[str, Any] = dict(
        zip(keys, (0.75, 0.6875, 0.65, 0.725), strict=True)
    )
    solid_numbers: dict[str, Any] = dict(
        zip(keys, (0.71875, 0.71875, 0.6, 0.8), strict=True)
    )
    lucky, solid = (
        ranked_search({"module__a": 1}, n_candidates=n, n_in_best_set=n, **numbers)
        for n, numbers in ((1000, lucky_numbers), (1, solid_numbers))
    )
    params, tied = Params.model_validate(real_params()), {"lucky": True, "solid": False}
    found = leaderboard(params, {"lucky": lucky, "solid": solid}, tied)
    assert [*found] == [
        "experiment",
        "candidates",
        "mean",
        "corrected",
        "95 %",
        "tied",
        "in the set",
        "best",
    ]
    assert [[*row] for row in zip(*found.values(), strict=True)] == [
        ["solid", "1", "0.7188", "0.7188", "0.6000 to 0.8000", "", "1", "a=1"],
        ["lucky", "1,000", "0.7500", "0.6875", "0.6500 to 0.7250", "=", "1,000", "a=1"],
    ]
    in_time = {name: ranked_search({"module__a": 1}) for name in tied}
    assert [*leaderboard(params, in_time, tied)] == [
        "experiment",
        "candidates",
        "mean",
        "best",
    ]


def test_a_constant_is_marked_and_a_diverged_net_is_not() -> None:
    rows = ("a=1,0.75,0.03,1", "a=2,0.5,nan,2", "a=3,nan,nan,3")
    found = text_table(table("params,mean_test_score,ci95,rank_test_score", *rows))
    assert [row[1:3] for row in found.rows] == [
        ["0.7500", "0.0300"],
        ["0.5000", "–"],
        ["diverged", "–"],
    ]


def test_contenders_stand_by_what_they_are_worth() -> None:
    answer = Results(WorkingTree(SAMPLE)).read(files.ANSWER)
    found = ranking(answer)
    assert found.headings == [
        "model",
        "worth",
        "95 %",
        "chance",
        "mean",
        "note",
    ]
    assert [row[0] for row in found.rows] == [each.name for each in answer.contenders]
    assert {mark: found.rows[place][0] for place, mark in found.marks.items()} == {
        "answer": "logistic_regression",
        "kept": "joint",
    }
    both = ranking(answer.model_copy(update={"handed_over": "joint", "tested": False}))
    assert both.headings == ["model", "mean", "note"]
    assert list(both.marks.values()) == ["answer kept"]


def test_a_few_thresholds_of_the_answer_are_shown_and_the_cheapest_is_marked() -> None:
    columns = "model,role,threshold,predicted,precision,recall,false_alarms,cost,chosen"
    rows = [
        "tree,answer,0.0,1,0.35,1,1,0.65,false",
        "tree,answer,0.1,0.8,0.4258,0.97,0.7,0.5034,false",
    ]
    rows += [
        "tree,answer,0.17,0.65,0.5,0.92,0.5,0.4534,true",
        "tree,answer,0.7,0,nan,0,0,1.75,false",
    ]
    found = thresholds(table(columns, *rows, "net,net,0.1,0.7,0.4,0.9,0.6,0.5,true"))
    assert found.headings == [
        "threshold",
        "predicted",
        "precision",
        "recall",
        "false alarms",
        "cost per row",
    ]
    assert found.rows == [
        "0.1 0.800 0.426 0.970 0.700 0.5034".split(),
        "0.17 0.650 0.500 0.920 0.500 0.4534".split(),
        "0.7 0.000 – 0.000 0.000 1.7500".split(),
    ]
    assert found.marks == {1: "best"}
    # Where no model helps, an end is the cheapest; without costs, none is.
    ends = thresholds(table(columns, rows[0].replace("false", "true"), *rows[1:2]))
    assert [row[0] for row in ends.rows] == ["0 (all rows)", "0.1"]
    without = thresholds(
        table(
            columns,
            rows[1].replace("0.5034", "nan").replace("answer", "net and answer"),
        )
    )
    assert (without.headings[-1], without.rows[0][-1], without.marks) == (
        "false alarms",
        "0.700",
        {},
    )
    assert thresholds(table(columns)).rows == []


def test_what_inputs_are_worth_has_a_column_for_each_model() -> None:
    found = losses(Results(WorkingTree(SAMPLE)).table(files.INPUTS), "0.01")
    assert found.headings == [
        "input",
        "★ logistic_regression, the answer",
        "◆ joint, the kept net",
    ]
    assert found.rows[0] == ["glucose", "0.1302 ± 0.0299", "0.1394 ± 0.0290"]
    below = [row[0] for row in found.rows if row[1].endswith(", below 0.01")]
    assert (len(found.rows), below) == (8, ["skin_fold"])
    untested = table(
        "model,role,column,importance,ci95,below_rope",
        "joint,net and answer,age,0.5,nan,nan",
    )
    found = losses(untested, "0.01")
    assert found.headings == ["input", "★ ◆ joint, the kept net and answer"]
    assert found.rows == [["age", "0.5000"]]
