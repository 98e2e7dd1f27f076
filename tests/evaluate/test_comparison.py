"""How contenders are tabulated beside the one to use, and what is printed of them."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from resampled.means.ttest import half_width
from resampled.resampling import Resampling
from stages.lib.config import CV
from stages.lib.evaluate.answer import answer_of, comparison_table
from stages.lib.evaluate.contest import Contest, choose
from stages.lib.results.answer import Answer
from stages.lib.scores.reached import Reached
from stages.lib.told.printed import print_ranking

FOLDS = Resampling.of_folds(2)
SCORES = {
    "kept": np.array([0.6, 0.7, 0.65, 0.75]),
    "logistic_regression": np.array([0.7, 0.72, 0.7, 0.8]),
    "starting_point": np.array([0.5, np.nan, 0.5, 0.5]),
    "majority_class": np.array([0.39, 0.49, 0.39, 0.58]),
}
ALL = np.zeros(4, dtype=bool)
STUCK = {"kept": np.array([False, True, False, True]), "starting_point": ALL}


def compared(
    scores: dict[str, np.ndarray],
    resampling: Resampling = FOLDS,
    stuck: Any = STUCK,
    asked: str | None = None,
    **also: Any,
) -> tuple[Any, Answer]:
    """Return the table of contenders and the answer; all by a scorer that has no second one."""
    reached = {
        name: Reached(
            {"score": each} | {scorer: others[name] for scorer, others in also.items()},
            float(half_width(each, resampling)),
            "a=1",
            stuck.get(name),
        )
        for name, each in scores.items()
    }
    contest = Contest(reached, "kept", resampling, rope=0.01)
    answer = answer_of(contest, choose(contest, asked), "neg_brier_score", 9, asked is not None)
    table = comparison_table(contest, CV(n_splits=2, scoring="neg_brier_score", also_score=[*also]), answer)
    return table.set_index("setting"), answer


def test_differences_to_the_model_to_use_are_those_of_scipy_in_pairs() -> None:
    table, answer = compared(SCORES, asked="kept")
    difference = SCORES["kept"] - SCORES["logistic_regression"]
    # Half more than by Nadeau and Bengio: 1/J + 1.5 · n_test/n_train in place of 1/J, here 7/4 in place of 1/4.
    plain = stats.ttest_1samp(difference, 0)
    low, high = plain.confidence_interval(0.95)
    assert answer.use == "logistic_regression"
    assert table.loc["kept", "difference"] == pytest.approx(difference.mean())
    assert table.loc["kept", "difference_ci95"] == pytest.approx((high - low) / 2 * np.sqrt(7))
    posterior = stats.t(3, difference.mean(), difference.mean() / (plain.statistic / np.sqrt(7)))
    assert table.loc["kept", "chance"] == pytest.approx(posterior.sf(0.01))
    assert table.loc[["logistic_regression", "starting_point"], ["difference", "chance"]].isna().all(axis=None)
    assert table["rank_test_score"].tolist() == [2, 1, 4, 3]
    # What was asked for is handed over, and all the same compared with what is advised.
    assert table["kept"].tolist() == table["answer"].tolist() == [True, False, False, False]
    assert (answer.use, answer.kept, answer.handed_over) == ("logistic_regression", "kept", "kept")


def test_where_nothing_is_used_all_are_compared_with_the_constant() -> None:
    table, answer = compared(
        {"kept": SCORES["majority_class"] + 0.001, "majority_class": SCORES["majority_class"][::-1]}
    )
    assert answer.use is None
    assert table.loc["kept", "difference"] == pytest.approx(0.001)
    assert answer.needed == 0.975
    assert 0 < table.loc["kept", "chance"] < 0.975


def test_what_is_printed_goes_by_worth_and_has_no_number_that_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    table, answer = compared(SCORES, roc_auc=SCORES)
    assert table.loc["kept", ["is_net", "n_stuck", "stuck_splits"]].tolist() == [True, 2, "1 3"]
    assert table.loc["logistic_regression", ["is_net", "n_stuck", "stuck_splits"]].tolist() == [False, 0, ""]
    assert table.loc["kept", "mean_test_roc_auc"] == pytest.approx(0.675)
    print_ranking(answer, "evaluation")
    shown = capsys.readouterr().out
    assert "nan" not in shown
    assert (
        shown.index("*  logistic_reg")
        < shown.index("kept")
        < shown.index("majority_class")
        < shown.index("starting_point")
    )
    assert "no score" in shown
    assert "\nchance: that of being better by 0.01 than logistic_regression.\n" in shown
    assert shown.endswith("\nstuck: fits whose net gives nearly all rows the same answer.\n")


def test_of_many_contenders_the_best_and_the_answer_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    nets = {f"net_{i}": np.array([0.6, 0.7, 0.6, 0.7]) + i / 1e5 for i in range(60)}
    linear = {"logistic_regression": np.array([0.5999, 0.7, 0.6, 0.7])}
    print_ranking(
        compared({"kept": nets["net_59"]} | nets | linear, stuck=dict.fromkeys(("kept", *nets), ALL))[1], "all"
    )
    shown = capsys.readouterr().out
    rows = [line for line in shown.partition("… and")[0].splitlines()[2:] if line[3:4].strip()]
    assert rows[0].split()[0] == "kept"
    assert rows[-1].startswith("*  logistic_")
    assert "\n… and 41 more; metrics/evaluation/contenders.csv has all 62\n" in shown


def test_where_no_test_holds_none_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    scores = {"kept": np.array([-1e6, -3e6]), "mean": np.array([-7e6, -8e6])}
    table, answer = compared(scores, Resampling(float("nan")), {"kept": ALL[:2]})
    assert table.loc["mean", "difference"] == -5.5e6
    assert table["difference_ci95"].isna().all()
    print_ranking(answer, "evaluation")
    shown = capsys.readouterr().out
    assert "-2,000,000" in shown
    for word in ("±", "nan", "chance", "<"):
        assert word not in shown
