"""How contenders compare with the kept setting, and how many rows stand behind that."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from resampled.means.ttest import half_width
from resampled.resampling import Resampling
from stages.lib.config import CV
from stages.lib.evaluate.comparison import comparison_table, summarise
from stages.lib.evaluate.contest import Choice, Contest
from stages.lib.scores.reached import Reached
from stages.lib.told.printed import print_comparison

FOLDS = Resampling.of_folds(2)
SCORES = {
    "kept": np.array([0.6, 0.7, 0.65, 0.75]),
    "mine": np.array([0.7, 0.72, 0.7, 0.8]),
    "starting_point": np.array([0.5, np.nan, 0.5, 0.5]),
    "majority_class": np.array([0.39, 0.49, 0.39, 0.58]),
}


def table_of(scores: dict[str, np.ndarray], resampling: Resampling = FOLDS, stuck: Any = None, **also: Any) -> Any:
    reached = {
        name: Reached(
            {"score": each} | {scorer: others[name] for scorer, others in also.items()},
            float(half_width(each, resampling)),
            "a=1",
            (stuck or {}).get(name),
        )
        for name, each in scores.items()
    }
    cv = CV(n_splits=2, scoring="neg_brier_score", also_score=[*also])  # which has no second scorer
    return comparison_table(Contest(reached, "kept", resampling, rope=0.01), cv, "mine")


CHOICE = Choice("mine", None, "mine", None, [], None)
COUNTS = {"n_rows": 3, "classes": {"no": 1, "yes": 2}, "n_groups": 2}


def test_the_statistics_are_those_of_scipy_on_paired_differences() -> None:
    table = table_of(SCORES).set_index("setting")
    difference = SCORES["mine"] - SCORES["kept"]
    # Half more than by Nadeau and Bengio: 1/J + 1.5 · n_test/n_train in place of 1/J, here 7/4 in place of 1/4.
    plain = stats.ttest_1samp(difference, 0)
    corrected = plain.statistic / np.sqrt(7)
    assert table.loc["mine", "p_value"] == pytest.approx(2 * stats.t.sf(corrected, 3))
    low, high = plain.confidence_interval(0.95)
    assert table.loc["mine", "difference"] == pytest.approx(difference.mean())
    assert table.loc["mine", "difference_ci95"] == pytest.approx((high - low) / 2 * np.sqrt(7))
    posterior = stats.t(3, difference.mean(), difference.mean() / corrected)
    assert table.loc["mine", ["worse", "equal", "better"]].tolist() == pytest.approx(
        [posterior.cdf(-0.01), posterior.cdf(0.01) - posterior.cdf(-0.01), posterior.sf(0.01)]
    )
    assert table.loc["kept", ["difference", "difference_ci95", "p_value"]].tolist() == [0, 0, 1]
    assert table.loc["kept", ["worse", "equal", "better"]].tolist() == [0, 1, 0]
    assert table["rank_test_score"].tolist() == [2, 1, 4, 3]
    assert table["kept"].tolist() == [True, False, False, False]
    assert table["answer"].tolist() == [False, True, False, False]


def test_better_and_worse_allow_for_the_number_of_contenders() -> None:
    table = table_of(SCORES | {"same": SCORES["kept"]}).set_index("setting")
    # Holm: of two that score otherwise, the smaller p-value counts twice.
    p = table["p_value"]
    assert p["majority_class"] < p["mine"]
    assert table.loc["majority_class", "p_value_holm"] == pytest.approx(2 * p["majority_class"])
    assert table.loc["mine", "p_value_holm"] == pytest.approx(max(p["mine"], 2 * p["majority_class"]))
    assert table.loc[["kept", "same"], "p_value_holm"].tolist() == [1, 1]
    assert table["standing"].to_dict() == {
        "kept": "as good",
        "mine": "could be as good",
        "starting_point": "",
        "majority_class": "worse",
        "same": "as good",
    }
    # One that is worse beside the kept net alone is no longer so among many.
    many = table_of(SCORES | {f"n{i}": SCORES["mine"] + i * 1e-3 for i in range(9)}).set_index("setting")
    assert many.loc["majority_class", "p_value"] < 0.05 < many.loc["majority_class", "p_value_holm"]
    assert many.loc["majority_class", "standing"] == "could be as good"


@pytest.mark.parametrize(("n_rows", "standing"), [(300, "could be as good"), (3000, "as good")])
def test_as_good_is_said_only_if_so_many_rows_say_so(n_rows: int, standing: str) -> None:
    """Where one of 300 rows differs, more than three may in another table, and three are the rope."""
    kept = np.full(30, 0.7)
    scores = {"kept": kept, "mine": kept + np.tile([0.003, 0, 0], 10), "same": kept}
    table = table_of(scores, Resampling.of_folds(3, n_rows, (0, 1))).set_index("setting")
    assert table.loc["mine", ["worse", "better"]].max() < 0.05
    assert table["standing"].tolist() == ["as good", standing, "as good"]


def test_the_metrics_are_flat_and_leave_out_what_diverged(capsys: pytest.CaptureFixture[str]) -> None:
    table = table_of(SCORES)
    summary = summarise(table, CHOICE, COUNTS)
    assert [summary[key] for key in ("best_setting", "kept", "use", "handed_over")] == ["mine", "kept", "mine", "mine"]
    assert [summary[key] for key in ("n_rows", "classes", "n_groups")] == [3, {"no": 1, "yes": 2}, 2]
    assert "runner_up" not in summary
    assert summary["kept_score"] == pytest.approx(0.675)
    assert {key for key in summary if key.startswith("mine_")} == {"mine_score", "mine_ci95", "mine_p_value"}
    assert "kept_p_value" not in summary
    assert not [key for key in summary if key.startswith("starting_point")]
    print_comparison(table, "evaluation", 0.01)
    shown = capsys.readouterr().out
    assert "no score" in shown
    assert "nan" not in shown
    assert shown.index("mine") < shown.index("*  kept") < shown.index("majority_class") < shown.index("starting_point")
    table = table_of(SCORES, stuck={"kept": np.array([False, True, False, True])})
    assert table.set_index("setting").loc["kept", ["is_net", "n_stuck", "stuck_splits"]].tolist() == [True, 2, "1 3"]
    assert table.set_index("setting").loc["mine", ["is_net", "n_stuck", "stuck_splits"]].tolist() == [False, 0, ""]
    print_comparison(table, "a title", 0.01)
    shown = capsys.readouterr().out
    assert "stuck" in shown.splitlines()[1]
    assert "stuck: how many of the 4 fits have a net that answers nearly all rows alike" in shown


def test_of_many_contenders_the_best_and_the_kept_one_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    scores = {f"net_{i}": np.array([0.6, 0.7, 0.6, 0.7]) + i / 1000 for i in range(60)}
    print_comparison(table_of({"kept": np.array([0.5, 0.6, 0.5, 0.6])} | scores), "evaluation", 0.01)
    shown = capsys.readouterr().out
    rows = shown.partition("… and")[0].splitlines()[2:]
    assert [row.lstrip(" *").split()[0] for row in rows] == [*(f"net_{59 - i}" for i in range(20)), "kept"]
    assert "\n… and 40 more; metrics/evaluation/contenders.csv has all 61\n" in shown


def test_where_no_test_holds_none_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    scores = {"kept": np.array([-1e6, -3e6]), "mean": np.array([-7e6, -8e6])}
    table = table_of(scores, Resampling(float("nan")))
    assert {key for key in summarise(table, CHOICE, COUNTS) if "_" in key} == {
        *("best_setting", "handed_over", "kept_score", "mean_score", "n_groups", "n_rows")
    }
    print_comparison(table, "evaluation", 0.01)
    shown = capsys.readouterr().out
    assert "-2,000,000" in shown
    assert "-5,500,000" in shown
    for word in ("±", "nan", " p ", "<"):
        assert word not in shown
