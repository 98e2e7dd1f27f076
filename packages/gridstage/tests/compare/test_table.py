"""What is said of a search's candidates, from the files that the search has written."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gridstage.compare.table import compared_table
from gridstage.results import Results, files
from gridstage.scores.score_table import may_be_best, score_table
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.evaluate.contests import FOLDS, IN_TIME
from packages.gridstage.tests.project import small_params, write_params
from packages.gridstage.tests.read_sample import SAMPLE
from resampled.means.ttest import half_width
from resampled.resampling import Resampling
from stages import compare

RNG = np.random.default_rng(5)
GOOD = 0.7 + RNG.normal(scale=0.01, size=12)
# The second candidate is lower by 0.001 on average, far less than its noise.
NOISE = RNG.normal(scale=0.005, size=12)
SCORES = np.stack(
    [GOOD, GOOD - 0.001 + NOISE - NOISE.mean(), GOOD - 0.3, np.full(12, np.nan)]
)
CANDIDATES: list[dict[str, Any]] = [
    {"lr": lr, "optimizer": None} for lr in (0.1, 0.01, 1e-05, 9.0)
]


def candidates(
    resampling: Resampling = FOLDS, stages: np.ndarray | None = None
) -> pd.DataFrame:
    seen: dict[str, Any] = {
        "n_weights": np.array([90, 1200, 50, 50]),
        "n_epochs": np.array([10.0, 5.0, 5.0, 2.5]),
        "stuck": np.zeros(SCORES.shape, dtype=bool),
        "ci95": half_width(SCORES, resampling),
    }
    table = score_table(
        CANDIDATES, {"score": SCORES}, resampling, **seen, stages=stages, by_unit=None
    )
    in_set = may_be_best(table, resampling, seed=0, by_unit=None)
    return table.assign(in_best_set=in_set)


def test_each_candidate_is_compared_with_the_best() -> None:
    table = compared_table(candidates(), FOLDS, 0.01)
    assert not [column for column in table if str(column).startswith("split")]
    assert table["in_best_set"].tolist() == [True, True, False, False]
    assert table["simplest"].tolist() == [True, False, False, False]
    shares = table[["worse", "equal", "better"]].to_numpy()
    assert shares[0].tolist() == [0, 1, 0]
    np.testing.assert_allclose(shares[:3].sum(axis=1), 1)
    assert shares[1, 1] > 0.9
    assert shares[2].tolist() == [1, 0, 0]
    assert np.isnan(shares[3]).all()
    # Two tests: the smaller p-value is doubled, as Holm says, the best's own stays.
    p = table["p_value"].to_numpy()
    assert table["p_value_holm"].to_numpy()[:3].tolist() == [1.0, p[1], 2 * p[2]]


def test_after_halving_only_those_trained_to_the_end_are_compared() -> None:
    table = compared_table(candidates(stages=np.array([2, 1, 2, 1])), FOLDS, 0.01)
    assert table["in_best_set"].tolist() == [True, False, False, False]
    assert np.isnan(table["equal"]).tolist() == [False, True, False, True]


def test_in_time_order_nothing_is_tested() -> None:
    table = compared_table(candidates(IN_TIME), IN_TIME, 0.01)
    assert table["in_best_set"].isna().all()
    assert table[["p_value_holm", "worse", "equal", "better"]].isna().all(axis=None)
    assert table["simplest"].tolist() == [True, False, False, False]


def test_what_the_search_knows_by_rows_is_taken_from_its_table() -> None:
    """Its set, and the errors of the differences from the best, of which the shares are Student's."""
    by_search = candidates().assign(in_best_set=[False, True, True, False], error=0.02)
    table = compared_table(by_search, FOLDS, 0.01)
    assert table["in_best_set"].tolist() == [False, True, True, False]
    difference = table["mean_test_score"][1] - table["mean_test_score"][0]
    expected = stats.t.cdf((-0.01 - difference) / 0.02, 11)
    assert table["worse"][1] == pytest.approx(expected)
    assert "error" not in table


def test_the_stage_writes_and_says_it(here: Path, in_process: Command) -> None:
    write_params(small_params())
    place = "metrics/search/dropout"
    shutil.copytree(SAMPLE / place, place)
    said = in_process(compare, "dropout").succeeded()
    table = Results().table(files.COMPARED, "dropout")
    searched = Results().table(files.CANDIDATES, "dropout")
    assert (
        table["in_best_set"].tolist() == searched["in_best_set"].tolist()
    )  # by rows, which the stage does not have
    assert f"{searched['in_best_set'].sum()} of 50 may be the best" in said
    assert said.endswith(
        "\nWhat mattered: dropout_rate. Not shown to matter: weight_constraint.\n"
    )
    mattered = Results().table(files.IMPORTANCE, "dropout")
    assert sorted(mattered["key"]) == [
        "module__dropout_rate",
        "module__weight_constraint",
    ]
    Path(f"{place}/summary.json").unlink()
    assert in_process(compare, "dropout").stderr.startswith(
        f"error: {place}/summary.json is missing. Run `dvc repro"
    )
    assert in_process(compare, "none").stderr.startswith(
        "error: params.yaml: experiments has no 'none'"
    )
