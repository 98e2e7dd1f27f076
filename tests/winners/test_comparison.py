"""How contenders compare with the combined setting, in numbers and in words."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from stages.lib.scores.score_table import to_csv
from stages.lib.winners.comparison import comparison_table, print_comparison, summarise, verdict

SCORES = {
    "combined": np.array([0.6, 0.7, 0.65, 0.75]),
    "mine": np.array([0.7, 0.72, 0.7, 0.8]),
    "starting_point": np.array([0.5, np.nan, 0.5, 0.5]),
    "majority_class": np.array([0.4, 0.5, 0.4, 0.6]),
}


def table_of(scores: dict[str, np.ndarray]) -> Any:
    return comparison_table(scores, dict.fromkeys(scores, "a=1"), test_share=1.0)


def test_the_statistics_are_those_of_scipy_on_paired_differences() -> None:
    table = table_of(SCORES).set_index("setting")
    difference = SCORES["mine"] - SCORES["combined"]
    # Nadeau and Bengio: 1/J + n_test/n_train in place of 1/J, here 5/4 in place of 1/4.
    plain = stats.ttest_1samp(difference, 0)
    corrected = plain.statistic / np.sqrt(5)
    assert table.loc["mine", "p_value"] == pytest.approx(2 * stats.t.sf(corrected, 3))
    low, high = plain.confidence_interval(0.95)
    assert table.loc["mine", "difference"] == pytest.approx(difference.mean())
    assert table.loc["mine", "difference_ci95"] == pytest.approx((high - low) / 2 * np.sqrt(5))
    assert table.loc["combined", ["difference", "difference_ci95", "p_value"]].tolist() == [0, 0, 1]
    assert table["rank_test_score"].tolist() == [2, 1, 4, 3]
    assert table["tied_with_combined"].tolist() == ["true", "true", "nan", "false"]


def test_the_metrics_are_flat_and_leave_out_what_diverged(capsys: pytest.CaptureFixture[str]) -> None:
    table = table_of(SCORES)
    summary = summarise(table)
    assert summary["best_setting"] == "mine"
    assert summary["combined_score"] == pytest.approx(0.675)
    assert {key for key in summary if key.startswith("mine_")} == {"mine_score", "mine_ci95", "mine_p_value"}
    assert "combined_p_value" not in summary
    assert not [key for key in summary if key.startswith("starting_point")]
    assert all(isinstance(value, str | float) for value in summary.values())
    print_comparison(table, "evaluation")
    shown = capsys.readouterr().out
    assert "no score" in shown
    assert "nan" not in shown
    assert to_csv(table).startswith(
        "setting,params,mean_test_score,std_test_score,rank_test_score,ci95,difference,difference_ci95,p_value,"
        "tied_with_combined,split0_test_score,"
    )


def test_where_combined_diverged_nothing_is_compared_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    table = table_of(SCORES | {"combined": np.array([0.6, np.nan, 0.6, 0.6])})
    assert set(table["tied_with_combined"]) == {"nan"}
    assert verdict(summarise(table)) == "combined diverged, so there is nothing to compare with."
    print_comparison(table, "evaluation")
    shown = capsys.readouterr().out
    assert shown.count("no score") == 2
    assert "nan" not in shown


@pytest.mark.parametrize(
    ("scores", "sentence"),
    [
        (
            {"combined": (0.7, 0.05), "starting_point": (0.71, 0.04, 0.8), "mine": (0.8, 0.03, 0.01)},
            "combined scores 0.7000 ± 0.0500; starting_point 0.7100 ± 0.0400, not told apart from it (p = 0.8); "
            "the best, mine, 0.8000 ± 0.0300, told apart from it (p = 0.01).",
        ),
        (
            {"combined": (0.7, 0.05), "starting_point": (0.6, 0.04, 0.049)},
            "combined scores 0.7000 ± 0.0500; starting_point 0.6000 ± 0.0400, told apart from it (p = 0.049); "
            "nothing scores higher.",
        ),
        (
            {"combined": (0.7, 0.05), "starting_point": (0.75, 0.04, 0.05)},
            "combined scores 0.7000 ± 0.0500; the best, starting_point, 0.7500 ± 0.0400, not told apart from it "
            "(p = 0.05).",
        ),
        (
            {"combined": (-1234.5, 20.0), "starting_point": (-9876.54, 40.0, 0.00003)},
            "combined scores -1,234.50 ± 20.00; starting_point -9,876.54 ± 40.00, told apart from it (p < 0.0001); "
            "nothing scores higher.",
        ),
        (
            {"combined": (-0.7,), "starting_point": (-0.8,), "mine": (0.25,)},  # splits in the order of time
            "combined scores -0.7000; starting_point -0.8000; the best, mine, 0.2500.",
        ),
        (
            {"combined": (0.7, 0.05), "majority_class": (0.6, 0.01, 0.02), "mine": (0.8, 0.03, 0.01)},
            "combined scores 0.7000 ± 0.0500; majority_class, which ignores the inputs, 0.6000 ± 0.0100, told apart "
            "from it (p = 0.02); the best, mine, 0.8000 ± 0.0300, told apart from it (p = 0.01).",
        ),
        (
            {"combined": (-9.0,), "mean": (-8.0,)},
            "combined scores -9.0000; the best, mean, -8.0000.",
        ),
        (
            {"combined": (0.7, 0.05), "mine": (0.6, 0.04, 0.5)},  # starting_point diverged
            "combined scores 0.7000 ± 0.0500; nothing scores higher.",
        ),
    ],
)
def test_the_verdict(scores: dict[str, tuple[float, ...]], sentence: str) -> None:
    summary: dict[str, Any] = {"best_setting": max(scores, key=lambda name: scores[name][0])}
    for name, numbers in scores.items():
        summary |= dict(zip((f"{name}_{key}" for key in ("score", "ci95", "p_value")), numbers, strict=False))
    assert verdict(summary) == sentence


def test_where_no_test_holds_none_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    scores = {"combined": np.array([-1e6, -3e6]), "mean": np.array([-7e6, -8e6])}
    table = comparison_table(scores, dict.fromkeys(scores, "a=1"), test_share=float("nan"))
    assert set(summarise(table)) == {"best_setting", "combined_score", "mean_score"}
    print_comparison(table, "evaluation")
    shown = capsys.readouterr().out
    assert "-2,000,000" in shown
    assert "-5,500,000" in shown
    for word in ("±", "nan", " p "):
        assert word not in shown


def test_a_small_p_is_printed_as_a_bound(capsys: pytest.CaptureFixture[str]) -> None:
    steady = np.linspace(0, 1e-6, 30)
    print_comparison(table_of({"combined": 0.9 + steady, "mine": 0.5 - steady}), "evaluation")
    assert "< 0.0001" in capsys.readouterr().out
