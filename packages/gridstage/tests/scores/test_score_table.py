"""The table of a search: its columns and bytes, its summary, and its print. Oracle: scikit-learn's GridSearchCV."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV

from gridstage.results.record import Counted
from gridstage.results.writing import as_csv
from gridstage.scores.score_table import (
    grid_keys,
    may_be_best,
    score_table,
    simplest_row,
    split_scores,
    stuck_of,
    summary_of,
)
from gridstage.told.candidates import print_candidates
from gridstage.told.findings import best_told
from packages.gridstage.tests.evaluate.contests import FOLDS, IN_TIME
from resampled.means.corrected import Corrected
from resampled.means.ttest import half_width
from resampled.resampling import Resampling

CANDIDATES: list[dict[str, Any]] = [
    {"lr": lr, "module__weight_constraint": limit}
    for lr in (1e-05, 0.1)
    for limit in (None, 2.0)
]
SCORES = [[0.5, 2 / 3], [0.6, 0.7], [np.nan, 0.5], [0.1, 0.2]]
FILE = "metrics/search/lr/candidates.csv"
CORRECTED = Corrected(0.61, 0.52, 0.7, "splits")
COUNTED = Counted(n_rows=100, classes={})


def table_of(
    scores: list[list[float]], resampling: Resampling = FOLDS, **more: Any
) -> pd.DataFrame:
    counts: dict[str, Any] = {
        "n_weights": np.array([9, 9, 7, 7]),
        "n_epochs": np.array([3.0, 2.5, 3.0, 3.0]),
    }
    by_split = np.array(scores)
    own: dict[str, Any] = {
        "stages": None,
        "ci95": half_width(by_split, resampling),
        "stuck": np.zeros(by_split.shape, dtype=bool),
    }
    own |= {key: more.pop(key) for key in own if key in more}
    found = {"score": by_split} | {name: np.array(each) for name, each in more.items()}
    return score_table(CANDIDATES, found, resampling, **counts, **own, by_unit=None)


def test_the_csv_has_the_contracts_columns_and_bytes() -> None:
    assert as_csv(table_of(SCORES)) == (
        "params,lr,module__weight_constraint,mean_test_score,std_test_score,rank_test_score,n_weights,n_epochs,"
        "n_stuck,stuck_splits,ci95,error,degrees,p_value,split0_test_score,split1_test_score\n"
        '"lr=1e-05, module__weight_constraint=null",1e-05,null,0.5833333333333333,0.08333333333333331,2,9,3.0,0,,'
        "1.49744058868,0.0527046276695,1.0,0.425875756683,0.5,0.6666666666666666\n"
        '"lr=1e-05, module__weight_constraint=2.0",1e-05,2.0,0.6499999999999999,0.04999999999999999,1,9,2.5,0,,'
        "0.898464353209,0.0,1.0,1.0,0.6,0.7\n"
        '"lr=0.1, module__weight_constraint=null",0.1,null,nan,nan,4,7,3.0,0,,nan,nan,nan,nan,nan,0.5\n'
        '"lr=0.1, module__weight_constraint=2.0",0.1,2.0,0.15000000000000002,0.05,3,7,3.0,0,,0.898464353209,0.0,1.0,'
        "0.0,0.1,0.2\n"
    )


class Known(BaseEstimator):
    """An estimator whose scores are known."""

    def __init__(self, number: int = 0) -> None:
        self.number = number

    def fit(self, X: Any, y: Any) -> "Known":
        return self

    def predict(self, X: Any) -> Any:
        raise NotImplementedError


@pytest.mark.filterwarnings("ignore:One or more of the test scores")
def test_means_and_ranks_are_scikit_learns() -> None:
    scores = np.random.default_rng(0).random((4, 2))
    scores[1], scores[3, 0] = scores[0, ::-1], np.nan  # a tie, and one that diverged
    search = GridSearchCV(
        Known(),
        {"number": range(4)},
        cv=[(np.array([0, 1]), np.array([split])) for split in range(2)],
        scoring=lambda known, X, y: scores[known.number, int(X[0, 0])],
        refit=False,
    ).fit(np.arange(2.0)[:, np.newaxis], np.zeros(2))
    table = table_of(scores.tolist())
    for key in ("mean_test_score", "std_test_score", "rank_test_score"):
        np.testing.assert_array_equal(table[key], search.cv_results_[key])


def test_other_scorers_stand_beside_the_one_that_selects() -> None:
    table = table_of(
        SCORES, roc_auc=[[0.7, 0.8], [0.6, 0.8], [np.nan, 0.5], [0.5, 0.5]]
    )
    columns = list(table.columns)
    assert columns[5:8] == ["mean_test_roc_auc", "std_test_roc_auc", "rank_test_score"]
    assert grid_keys(table) == ["lr", "module__weight_constraint"]
    assert split_scores(table).shape == (4, 2)
    assert summary_of(table, CORRECTED, COUNTED, n_fits=8).content()[
        "best_roc_auc"
    ] == pytest.approx(0.7)


def test_after_halving_those_that_stayed_rank_first() -> None:
    table = table_of(
        [[0.8, 0.9], [0.6, 0.7], [np.nan, 0.5], [0.1, 0.2]],
        stages=np.array([1, 2, 1, 2]),
    )
    assert table["rank_test_score"].tolist() == [3, 1, 4, 2]
    assert table["stage"].tolist() == [1, 2, 1, 2]
    assert np.isnan(table["p_value"]).tolist() == [True, False, True, False]
    summary = summary_of(table, CORRECTED, COUNTED, n_fits=12, net_epochs_spared=1000)
    assert summary.best_params == "lr=1e-05, module__weight_constraint=2.0"
    assert summary.corrected_over == "splits"
    assert (summary.n_fits, summary.net_epochs_spared) == (12, 1000)


def test_the_summary_is_flat_and_of_the_best() -> None:
    summary = summary_of(table_of(SCORES), CORRECTED, COUNTED, n_fits=8)
    assert summary.content() == {
        "best_params": "lr=1e-05, module__weight_constraint=2.0",
        "best_score": pytest.approx(0.65),
        "best_std": pytest.approx(0.05),
        # Two splits: t(0.975, 1) · sqrt((1/2 + 1/2) · 0.005)
        "best_ci95": pytest.approx(12.706205 * 0.005**0.5),
        "best_score_corrected": 0.61,
        "best_score_corrected_low": 0.52,
        "best_score_corrected_high": 0.7,
        "corrected_noise": 0.0,
        "corrected_over": "splits",
        "n_candidates": 4,
        "n_fits": 8,
        "n_splits": 2,
        "n_rows": 100,
        "classes": {},
    }
    assert best_told(summary, 4, 4).endswith(
        "on splits that had no say in the choice (though their rows had), it is worth 0.6100 (0.5200 to 0.7000)."
    )


def test_stuck_fits_are_counted_listed_and_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stuck = np.array([[True, True], [True, False], [False, False], [False, False]])
    table = table_of(SCORES, stuck=stuck)
    assert table["n_stuck"].tolist() == [2, 1, 0, 0]
    assert table["stuck_splits"].tolist() == ["0 1", "0", "", ""]
    np.testing.assert_array_equal(stuck_of(table), stuck)
    summary = summary_of(table, None, COUNTED, n_fits=8)
    assert summary.best_n_stuck == 1
    assert summary.best_score_not_stuck == pytest.approx(0.7)
    assert best_told(summary, 4, 4).endswith(
        " (1 of 2 fits is stuck; without it 0.7000)."
    )
    print_candidates(table, "lr: accuracy", FILE)
    _, heading, *rows, _, legend = capsys.readouterr().out.splitlines()
    assert heading.split() == ["mean", "±", "95", "%", "stuck", "std", "params"]
    assert rows[0].split()[3] == "1"
    assert (
        legend == "stuck: how many fits have a net that answers nearly all rows alike"
    )
    table["stuck_splits"] = ["2", "", "", ""]
    with pytest.raises(ValueError, match="there is no split 2"):
        stuck_of(table)


def test_the_table_shows_every_candidate_the_best_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_candidates(table_of(SCORES), "lr: accuracy", FILE)
    title, heading, *rows, legend = capsys.readouterr().out.splitlines()
    assert title == "lr: accuracy"
    assert heading.split() == ["mean", "±", "95", "%", "std", "params"]
    assert [row.split()[0] for row in rows] == ["*", "0.5833", "0.1500", "diverged"]
    assert rows[0].split()[1:] == [
        "0.6500",
        "0.8985",
        "0.0500",
        "lr=1e-05,",
        "weight_constraint=2.0",
    ]
    assert legend == "* the best"
    print_candidates(table_of([[np.nan] * 2] * 4), "lr: accuracy", FILE)
    *shown, legend = capsys.readouterr().out.splitlines()
    assert not any("*" in line for line in shown)
    assert legend == "every candidate diverged, so none is the best"
    print_candidates(
        table_of(SCORES, ci95=np.array([np.nan, 0.1, np.nan, 0.1])),
        "lr: accuracy",
        FILE,
    )
    assert capsys.readouterr().out.splitlines()[3].split()[:2] == ["0.5833", "–"]


@pytest.mark.parametrize("width", [80, 200])
def test_of_many_candidates_the_best_are_shown_and_a_line_says_where_the_rest_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    grid = [
        {"lr": i / 1000, "module__a_long_name_of_a_setting": f"a_long_text_{i}"}
        for i in range(1000)
    ]
    scores = {"score": np.random.default_rng(0).random((1000, 2))}
    counts: dict[str, Any] = {
        "n_weights": np.full(1000, 9),
        "n_epochs": np.full(1000, 3.0),
        "stages": None,
        "ci95": half_width(scores["score"], FOLDS),
        "stuck": np.zeros((1000, 2), dtype=bool),
    }
    table = score_table(grid, scores, FOLDS, **counts, by_unit=None)
    print_candidates(table, "lr: accuracy", FILE)
    printed = capsys.readouterr().out
    _, _, *rows, where, legend = printed.splitlines()
    best = np.sort(scores["score"].mean(axis=1))[::-1][:20]
    means = re.findall(r"^(?:\*| )  *(\d\.\d{4}) ", "\n".join(rows), flags=re.MULTILINE)
    assert means == [f"{mean:.4f}" for mean in best]
    assert (where, legend) == (f"… and 980 more; {FILE} has all 1,000", "* the best")
    print_candidates(table[:50], "lr: accuracy", FILE)
    assert "more" not in (few := capsys.readouterr().out)
    assert all(f"lr={i / 1000}," in few for i in range(50))


def test_the_simplest_is_of_those_that_may_be_the_best() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(scale=0.02, size=30)
    scores = [
        list(0.7 + noise),
        list(0.699 + rng.normal(scale=0.02, size=30)),
        [np.nan] * 30,
        list(0.3 + noise),
    ]
    table = table_of(scores)
    in_set = may_be_best(table, FOLDS, seed=1, by_unit=None)
    assert in_set.tolist() == [True, True, False, False]
    assert (
        simplest_row(table, in_set) == 1
    )  # as many weights as the first, fewer epochs
    assert may_be_best(table, IN_TIME, seed=1, by_unit=None).tolist() == [
        False,
        True,
        False,
        False,
    ]  # the best alone
    # After halving, those that left are in no set.
    halved = table_of(scores, stages=np.array([1, 2, 2, 2]))
    assert may_be_best(halved, FOLDS, seed=1, by_unit=None).tolist() == [
        False,
        True,
        False,
        False,
    ]
