"""The whole report of another table: a regression in the order of time, of which nothing is left of the tutorial."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gridstage.commands import report
from gridstage.common import write_text
from gridstage.results import files
from gridstage.results.search import RankedSearch
from gridstage.results.writing import as_text
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.project import real_params, text_of
from packages.gridstage.tests.results.records import best_params

COMPARED = """\
params,callbacks__EarlyStopping__patience,prepare__scale,mean_test_score,std_test_score,rank_test_score,n_weights,\
n_epochs,ci95,p_value,in_best_set,p_value_holm,worse,equal,better,simplest
"callbacks__EarlyStopping__patience=null, prepare__scale=null",null,null,-1234567.0,5.0,1,41,9.0,nan,nan,nan,nan,nan,\
nan,nan,false
"callbacks__EarlyStopping__patience=5, prepare__scale=standard",5,standard,-2234567.0,5.0,2,41,9.0,nan,nan,nan,nan,nan,\
nan,nan,false
"""
EVALUATION = """\
setting,params,mean_test_score,std_test_score,rank_test_score,ci95,difference,difference_ci95,chance,kept,answer,\
n_stuck,stuck_splits,split0_test_score,split1_test_score
stopping,lr=0.1,-1234567.0,5.0,1,nan,nan,nan,nan,true,true,0,,-1234567.0,-1234567.0
mean,inputs ignored,-9234567.0,5.0,2,nan,-8000000.0,nan,nan,false,false,0,,-9234566.0,-9234568.0
"""
UNKNOWN = dict.fromkeys("ci95 low high stuck gain chance left_out".split()) | {
    "luck_removed": False
}
ANSWER: dict[str, Any] = {
    **{
        "scoring": "neg_mean_squared_error",
        "rope": 1000.0,
        "needed": 0.8,
        "net_needed": 0.8,
        "n_nets": 1,
        "tested": False,
        "n_candidates": 2,
    },
    **{"asked": False, "constant": "mean", "compared_with": None, "why": "unsurpassed"},
    **dict.fromkeys(("use", "handed_over", "kept"), "stopping"),
    "contenders": [
        UNKNOWN
        | {"name": "stopping", "kind": "net", "mean": -1234567.0, "worth": -1234567.0},
        UNKNOWN
        | {"name": "mean", "kind": "constant", "mean": -9234567.0, "worth": -9234567.0},
    ],
}
LEADERBOARD = """\
experiment,best_params,best_score,best_std,best_ci95,best_score_corrected,best_score_corrected_low,\
best_score_corrected_high,n_candidates,n_fits,n_in_best_set,best_n_stuck,tied_with_above,kept
stopping,"callbacks__EarlyStopping__patience=null, prepare__scale=null",-1234567.0,5.0,nan,nan,nan,nan,2,10,nan,0,\
false,true
"""
CURVES = """\
setting,params,also,epoch,train_loss_low,train_loss,train_loss_high,valid_loss_low,valid_loss,valid_loss_high,\
valid_score_low,valid_score,valid_score_high
best,x,,1,0.4,0.5,0.6,nan,nan,nan,nan,nan,nan
"""
IMPORTANCE = """key,importance,importance_std,p_value
prepare__scale,0.5,0.1,0.001
callbacks__EarlyStopping__patience,0.0,0.0,0.7
"""
SEARCH: dict[str, Any] = {
    "best_params": "callbacks__EarlyStopping__patience=null, prepare__scale=null",
    "best_score": -1234567.0,
    "best_std": 5.0,
    **{"n_candidates": 2, "n_fits": 10, "n_splits": 5, "n_rows": 150, "classes": {}},
}
BEST: dict[str, Any] = {
    "callbacks__EarlyStopping__patience": None,
    "prepare__scale": None,
}
PICKED = {"best_params": BEST, "simplest_params": BEST}
CHARTS = "leaderboard evaluation diagnostics inputs stopping curves/stopping importance/stopping".split()
INPUTS = "model,role,column,importance,ci95,below_rope\nstopping,net and answer,day,5000,nan,nan\n"
OFF = {
    "errors": {"median": 841.2, "most": 2045.4},
    "interval": {"level": 0.9, "edges": [], "half_widths": [2101.7]},
}
EVALUATED = {
    "kept": "stopping",
    "handed_over": "stopping",
    "n_rows": 731,
    "classes": {},
}


@pytest.fixture
def folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the results of a search on a table of bicycle rides."""
    params: dict[str, Any] = real_params()
    params["data"] |= {
        "path": "data/rides.csv",
        "header": True,
        "target": "rides",
        "url": None,
        "sha256": None,
    }
    params["data"]["columns"] = {
        "day": {"type": "date"},
        "rides": {"unit": "thousand rides", "min": 0},
    }
    params["cv"] |= {"splitter": "time", "order": "day", "n_splits": 5, "n_repeats": 1}
    params["cv"]["scoring"] = "neg_mean_squared_error"
    params["model"] |= {
        "wrapper": "NeuralNetRegressor",
        "criterion": "MSELoss",
        "module": "nets.Rides",
    }
    grid = {
        "callbacks__EarlyStopping__patience": [None, 5],
        "prepare__scale": [None, "standard"],
    }
    params["experiments"] = {"stopping": {"grid": grid, "fixed": {}}}
    params["statistics"] = {"rope": 1000.0, "pick": "best"}
    chart = '<svg xmlns="http://www.w3.org/2000/svg" width="9.5" height="9"/>'
    for path, text in {
        "params.yaml": yaml.safe_dump(params),
        "data/rides.csv": "day,rides\n2024-01-01,3\n",
        files.DATA.path: json.dumps({"rows": 731}),
        files.BEST_PARAMS.path: as_text(
            best_params({"stopping": RankedSearch(**SEARCH | PICKED)}, "stopping")
        ),
        files.ANSWER.path: json.dumps(ANSWER),
        files.EVALUATION.path: json.dumps(EVALUATED),
        files.INPUTS.path: INPUTS,
        files.ERRORS.path: json.dumps({"stopping": OFF}),
        files.LEADERBOARD.path: LEADERBOARD,
        files.SUMMARY.at("stopping"): json.dumps(SEARCH),
        files.COMPARED.at("stopping"): COMPARED,
        "metrics/curves/stopping.csv": CURVES,
        "metrics/importance/stopping.csv": IMPORTANCE,
        files.CONTENDERS.path: EVALUATION,
        **{f"metrics/charts/{name}.svg": chart for name in CHARTS},
    }.items():
        write_text(path, text)
    monkeypatch.setattr(report, "describe_head", lambda: "commit 1234567")
    monkeypatch.setattr(report, "stale_stages", list)
    return here


def shown(folder: Path) -> str:
    """Return the text of the page, without its styles, its script and the settings."""
    page = text_of(folder / "report.html")
    page = re.sub(r"<(style|script|pre)>.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(
        re.sub(
            r'<wbr>|<(?!img)[^>]*>|src="[^"]*"', " ", page.replace("<wbr>", "")
        ).split()
    )


def test_nothing_is_left_of_the_tutorial(folder: Path, in_process: Command) -> None:
    in_process(report).succeeded()
    text = shown(folder)
    for word in ("diabetes", "Pima", "accuracy", "class", "patient", "nan", "null and"):
        assert not re.search(rf"\b{word}", text, re.IGNORECASE), word
    assert "Grid search: rides in rides.csv" in text
    assert (
        "731 rows of data/rides.csv. The target is rides, a number in thousand rides."
        in text
    )
    assert (
        "minus the mean squared error, in (thousand rides)²; the nearer to 0, the better."
        in text
    )
    assert "Rows are in the order of day" in text


def test_it_speaks_of_no_interval_where_there_is_none(
    folder: Path, in_process: Command
) -> None:
    in_process(report)
    text = shown(folder)
    assert "There are no intervals and no test: splits in the order of time" in text
    for words in (
        "±",
        "be the best",
        "as good",
        "worse",
        "its interval",
        "fresh splits",
        "95 %",
        "orrected",
        "vs.",
    ):
        assert words not in text
    assert (
        "Predicting rides in rides.csv Use the net stopping: neg_mean_squared_error -1,234,570 on "
        in text
    )
    assert (
        "Half of the predictions of stopping are off by at most 841 thousand rides on the splits of the searches"
        in text
    )
    assert (
        "Intervals of 2,102 thousand rides to both sides would have held nine in ten of them; later rows"
        in text
    )
    assert text.count("Half of the predictions") == 1  # the kept net is the answer
    assert (
        "stopping best -1,234,570, picks EarlyStopping patience=null, scale=null The best is EarlyStopping"
        in text
    )
    assert "What mattered: scale. Not shown to matter: EarlyStopping patience." in text
    headings = "rank mean EarlyStopping patience scale weights epochs std"
    assert f"{headings} 1 -1,234,570 none none 41 9 5 2 -2,234,570 5 standard" in text


def test_the_table_that_is_cut_off_is_named(folder: Path, in_process: Command) -> None:
    write_text(
        folder / "metrics/importance/stopping.csv",
        IMPORTANCE[: len(IMPORTANCE) * 2 // 3],
    )
    assert (
        "metrics/importance/stopping.csv is not a table of importances"
        in in_process(report).stderr
    )
