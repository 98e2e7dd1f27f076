"""The table of a search: its columns and bytes, its summary, and how it is printed."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.lib.common import UserError
from stages.lib.scores import print_table, score_table, summarise, to_csv
from tests.project import ROOT, real_params

GRID: dict[str, list[Any]] = {"lr": [1e-05, 0.1], "module__weight_constraint": [None, 2.0]}


def cv_results(scores: list[list[float]]) -> dict[str, Any]:
    """Return what GridSearchCV gives for these split scores, one row for each candidate."""
    table = np.array(scores)
    means = table.mean(axis=1)
    ranks = (-np.nan_to_num(means, nan=-np.inf)).argsort().argsort() + 1
    columns = {f"split{i}_test_score": table[:, i] for i in range(table.shape[1])}
    return columns | {"mean_test_score": means, "std_test_score": table.std(axis=1), "rank_test_score": ranks}


def test_the_csv_has_the_contracts_columns_and_bytes() -> None:
    table = score_table(GRID, cv_results([[0.5, 2 / 3], [0.6, 0.7], [np.nan, 0.5], [0.1, 0.2]]), 0.5)
    assert to_csv(table) == (
        "params,lr,module__weight_constraint,mean_test_score,std_test_score,rank_test_score,"
        "ci95,p_value,tied_with_best,split0_test_score,split1_test_score\n"
        '"lr=1e-05, module__weight_constraint=null",1e-05,null,0.583333,0.083333,2,1.497441,0.391827,true,'
        "0.5,0.666667\n"
        '"lr=1e-05, module__weight_constraint=2.0",1e-05,2.0,0.65,0.05,1,0.898464,1.0,true,0.6,0.7\n'
        '"lr=0.1, module__weight_constraint=null",0.1,null,nan,nan,4,nan,nan,false,nan,0.5\n'
        '"lr=0.1, module__weight_constraint=2.0",0.1,2.0,0.15,0.05,3,0.898464,0.0,false,0.1,0.2\n'
    )


def test_the_summary_is_flat_and_of_the_best() -> None:
    table = score_table(GRID, cv_results([[0.5, 0.5], [0.6, 0.7], [0.1, 0.5], [0.1, 0.2]]), 0.5)
    assert summarise(table) == {
        "best_params": "lr=1e-05, module__weight_constraint=2.0",
        "best_score": pytest.approx(0.65),
        "best_std": pytest.approx(0.05),
        # Two splits: t(0.975, 1) · sqrt((1/2 + 1/2) · 0.005)
        "best_ci95": pytest.approx(12.706205 * 0.005**0.5),
        "n_tied": 3,
        "n_candidates": 4,
        "n_fits": 8,
    }


def test_a_search_without_a_score_has_no_best() -> None:
    results = cv_results([[np.nan, np.nan]] * 4) | {"rank_test_score": np.ones(4)}
    with pytest.raises(UserError, match="Every candidate of the grid diverged"):
        summarise(score_table(GRID, results, 0.5))


def test_the_table_shows_every_candidate_and_marks_the_best(capsys: pytest.CaptureFixture[str]) -> None:
    table = score_table(GRID, cv_results([[0.5, 0.5], [0.6, 0.7], [np.nan, 0.5], [0.1, 0.2]]), 0.5)
    print_table(table, "lr: accuracy")
    title, heading, *rows, legend = capsys.readouterr().out.splitlines()
    assert title == "lr: accuracy"
    assert heading.split() == ["mean", "±", "95", "%", "std", "p", "params"]
    assert [row.split()[0] for row in rows] == ["=", "*", "diverged", "0.1500"]
    assert rows[1].split()[1:] == ["0.6500", "0.8985", "0.0500", "1.0000", "lr=1e-05,", "weight_constraint=2.0"]
    assert legend == "* the best; = not told apart from it (p of 0.05 or more)"


def test_the_committed_tables_have_129_rows() -> None:
    tables = [pd.read_csv(ROOT / f"metrics/candidates/{name}.csv") for name in real_params()["experiments"]]
    assert sum(map(len, tables)) == 129


def test_without_a_test_the_table_says_so_and_the_summary_leaves_it_out(capsys: pytest.CaptureFixture[str]) -> None:
    table = score_table(GRID, cv_results([[0.5, 0.5], [0.6, 0.7], [np.nan, 0.5], [0.1, 0.2]]), float("nan"))
    assert to_csv(table).splitlines()[2] == (
        '"lr=1e-05, module__weight_constraint=2.0",1e-05,2.0,0.65,0.05,1,nan,nan,nan,0.6,0.7'
    )
    assert set(summarise(table)) == {"best_params", "best_score", "best_std", "n_candidates", "n_fits"}
    print_table(table, "lr: accuracy")
    _, heading, *rows, legend = capsys.readouterr().out.splitlines()
    assert heading.split() == ["mean", "std", "params"]
    assert [row.split()[0] for row in rows] == ["0.5000", "*", "diverged", "0.1500"]
    assert legend.startswith("* the best; no intervals and no test: splits in the order of time train on more and more")
