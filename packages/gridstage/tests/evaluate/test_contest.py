"""Which model the rule chooses, by which chance, and how contenders are tabulated beside it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gridstage.config import CV
from gridstage.data import Columns, Dataset
from gridstage.evaluate.answer import answer_of, comparison_table, what_gives_away
from gridstage.evaluate.contest import NEEDED, Contest, choose, needed_of_best
from gridstage.results.answer import Answer, Why
from gridstage.results.reading import typed
from gridstage.results.writing import as_csv
from gridstage.scores.reached import Reached, by_unit_of, reached_table
from gridstage.told.answer import lead
from gridstage.told.printed import print_ranking
from packages.gridstage.tests.evaluate.contests import (
    CONSTANT,
    FOLDS,
    ask,
    contest_of,
    scores,
)
from packages.resampled.tests.simulation.searches import by_row
from resampled.means.by_unit import ByUnit
from resampled.means.ttest import half_width
from resampled.pairs.pair import Pair
from resampled.resampling import Resampling

RNG = np.random.default_rng(0)


def test_the_chance_is_that_of_the_verdict_at_the_difference_without_luck() -> None:
    """One repeat of three folds, of which no rows are known: by scipy's Student."""
    one, other = np.array([0.8, 0.82, 0.79]), np.array([0.75, 0.8, 0.77])
    contest = contest_of({"joint": one, "logistic_regression": other}, joint=0.79)
    error = np.sqrt((1 / 3 + 0.75) * (one - other).var(ddof=1))
    expected = stats.t.sf((0.01 - (0.79 - other.mean())) / error, 2)
    assert contest.chance("joint", "logistic_regression") == pytest.approx(expected)


def test_what_is_kept_of_rows_tells_more_than_the_scores() -> None:
    """Nets that are right on the same rows, but for their noise: the error is that of a pair with these rows."""
    right, folds = (
        RNG.random(300) < 0.7,
        np.stack([RNG.permutation(300) % 3 for _ in range(10)]),
    )
    hits = right ^ (RNG.random((2, 10, 300)) < np.array([0.05, 0.17])[:, None, None])
    by_split = [
        [
            each[o == fold].mean()
            for each, o in zip(of, folds, strict=True)
            for fold in range(3)
        ]
        for of in hits
    ]
    by_unit = by_row(hits, folds).bundled(100, RNG)
    each_unit = [by_unit.take([0]), by_unit.take([1])]
    reached = {
        name: Reached(
            {"score": np.array(each)}, 0.1, stuck=np.zeros(30, dtype=bool), by_unit=rows
        )
        for name, each, rows in zip(
            ("joint", "dropout"), by_split, each_unit, strict=True
        )
    }
    table = typed(
        as_csv(reached_table(reached, CV(n_splits=3, scoring="neg_brier_score")))
    )
    again = ByUnit.together(
        [each for text in table["by_unit"] if (each := by_unit_of(text))]
    )
    assert again.values == pytest.approx(by_unit.values, abs=1e-6)
    assert again.moves == pytest.approx(by_unit.moves, abs=1e-6)
    assert again.alone == pytest.approx(by_unit.alone, rel=1e-5)
    of_before = table["by_unit"][0].partition("|")[0]
    assert by_unit_of(of_before) is by_unit_of("") is None
    alone = {name: replace(each, by_unit=None) for name, each in reached.items()}
    chances = [
        Contest(each, None, FOLDS, 0.01).chance("joint", "dropout")
        for each in (reached, alone)
    ]
    pair = Pair(
        np.array(by_split[1]),
        np.array(by_split[0]),
        FOLDS,
        0.01,
        by_unit=by_unit.take([1, 0]),
    )
    assert chances[0] == pytest.approx(pair.share_beyond)
    assert chances[0] > 0.9 > chances[1] + 0.1


@pytest.mark.parametrize(
    ("linear", "trees", "net", "use", "why", "beside"),
    [
        (0.70, 0.75, 0.80, "joint", "surpasses", "random_forest"),
        (0.80, 0.75, 0.70, "logistic_regression", "unsurpassed", "joint"),
        (0.70, 0.80, 0.75, "random_forest", "surpasses", "logistic_regression"),
        # The trees may be no better than the linear model, and the net no better than the trees.
        (0.770, 0.772, 0.774, "logistic_regression", "unsurpassed", "joint"),
        # The net surely surpasses the linear model, but not the trees.
        (0.770, 0.789, 0.796, "random_forest", "surpasses", "logistic_regression"),
        # Trees that score lower than the linear model are no obstacle to a net.
        (0.70, 0.69, 0.75, "joint", "surpasses", "logistic_regression"),
    ],
)
def test_the_simplest_model_that_no_other_one_surpasses_is_used(
    linear: float, trees: float, net: float, use: str, why: Why, beside: str
) -> None:
    models = {
        "logistic_regression": scores(linear, seed=1),
        "random_forest": scores(trees, seed=2),
    }
    models |= {"hist_gradient_boosting": scores(0.68, seed=3), "joint": scores(net)}
    found = ask(models | CONSTANT)
    assert (found.use, found.why, found.compared_with) == (use, why, beside)
    assert ("which is simpler" in lead(found)) == (why == "surpasses")
    assert ("The best net, joint, gets" in lead(found)) == (use != "joint")
    worth = [each.worth or 0.0 for each in found.contenders]
    assert worth == sorted(worth, reverse=True)


def test_the_best_of_several_nets_needs_a_higher_chance() -> None:
    needed = list(map(needed_of_best, (1, 2, 3, 4, 5, 8, 10)))
    assert needed == [NEEDED, 0.87, 0.9, 0.92, 0.93, 0.96, 0.96]
    assert needed_of_best(1000) == 0.99
    nets = {"joint": scores(0.762), "simplest": scores(0.7655, seed=3)}
    models = nets | {"logistic_regression": scores(0.74, seed=2)}
    chance = contest_of(models).chance("simplest", "logistic_regression")
    assert needed_of_best(2) < chance < needed_of_best(3)
    assert ask(models).use == "simplest"
    models["starting_point"] = scores(0.7, seed=5)
    assert ask(models).use == "logistic_regression"
    assert ask(models, named="simplest").use == "simplest"
    # One with the settings of another is no further net, nor one that may be no better than the constant.
    contest = contest_of(models)
    alike = replace(contest.reached["starting_point"], params="joint")
    contest = replace(contest, reached={**contest.reached, "starting_point": alike})
    assert choose(contest).n_nets == 2
    assert ask(models | {"majority_class": np.full(30, 0.71)}).n_nets == 2


def test_a_net_that_owes_its_gain_to_luck_is_not_used() -> None:
    """As for the passengers of the Titanic: the plain scores speak for the net, the one without luck does not."""
    models = {
        "joint": scores(0.825),
        "logistic_regression": scores(0.80, seed=2),
    } | CONSTANT
    assert ask(models).use == "joint"
    found = ask(models, joint=0.812)
    chance = contest_of(models, joint=0.812).chance("joint", "logistic_regression")
    assert 0.5 < chance < NEEDED  # likely, and not enough
    assert found.use == "logistic_regression"
    assert found["joint"].chance == pytest.approx(chance)
    assert lead(found).endswith(f"; joint has {int(100 * chance)} %.")


def test_a_column_that_gives_the_target_away_is_noted_and_so_is_a_score_that_suggests_one() -> (
    None
):
    y = (RNG.random(200) < 0.4).astype(float)
    types = Columns({"a": "number", "code": "number"}, {})
    honest, telling = (
        Dataset(
            pd.DataFrame({"a": RNG.normal(size=200), "code": code}),
            y,
            types,
            ("no", "yes"),
        )
        for code in (RNG.normal(size=200), y + 3)
    )
    usual = ask({"joint": scores(0.8)} | CONSTANT)
    assert what_gives_away(honest, usual) is None
    assert what_gives_away(telling, usual) == [(["code"], 1.0)]
    nearly_perfect = np.resize(
        [0.999, 1.0], 30
    )  # of two that score the same on every split, nothing is tested
    assert what_gives_away(honest, ask({"joint": nearly_perfect} | CONSTANT)) == []


TWO_FOLDS = Resampling.of_folds(2)
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
    resampling: Resampling = TWO_FOLDS,
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
    contest = Contest(reached, None, resampling, rope=0.01)
    answer = answer_of(
        contest, choose(contest, asked), "neg_brier_score", 9, asked is not None
    )
    table = comparison_table(
        contest, CV(n_splits=2, scoring="neg_brier_score", also_score=[*also]), answer
    )
    return table.set_index("setting"), answer


def test_differences_to_the_model_to_use_are_those_of_scipy_in_pairs() -> None:
    table, answer = compared(SCORES, asked="kept")
    difference = SCORES["kept"] - SCORES["logistic_regression"]
    # Half more than by Nadeau and Bengio: 1/J + 1.5 · n_test/n_train in place of 1/J, here 7/4 in place of 1/4.
    plain = stats.ttest_1samp(difference, 0)
    low, high = plain.confidence_interval(0.95)
    assert answer.use == "logistic_regression"
    assert table.loc["kept", "difference"] == pytest.approx(difference.mean())
    assert table.loc["kept", "difference_ci95"] == pytest.approx(
        (high - low) / 2 * np.sqrt(7)
    )
    posterior = stats.t(
        3, difference.mean(), difference.mean() / (plain.statistic / np.sqrt(7))
    )
    assert table.loc["kept", "chance"] == pytest.approx(posterior.sf(0.01))
    assert (
        table.loc[["logistic_regression", "starting_point"], ["difference", "chance"]]
        .isna()
        .all(axis=None)
    )
    assert table["rank_test_score"].tolist() == [2, 1, 4, 3]
    # What was asked for is handed over, and all the same compared with what is advised.
    assert (
        table["kept"].tolist()
        == table["answer"].tolist()
        == [True, False, False, False]
    )
    assert (answer.use, answer.kept, answer.handed_over) == (
        "logistic_regression",
        "kept",
        "kept",
    )


def test_where_nothing_is_used_all_are_compared_with_the_constant() -> None:
    table, answer = compared(
        {
            "kept": SCORES["majority_class"] + 0.001,
            "majority_class": SCORES["majority_class"][::-1],
        }
    )
    assert answer.use is None
    assert table.loc["kept", "difference"] == pytest.approx(0.001)
    assert answer.needed == 0.975
    assert 0 < table.loc["kept", "chance"] < 0.975


def test_what_is_printed_goes_by_worth_and_has_no_number_that_is_not_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table, answer = compared(SCORES, roc_auc=SCORES)
    stuck = table[["n_stuck", "stuck_splits"]]
    assert stuck.loc["kept"].tolist() == [2, "1 3"]
    assert stuck.loc["logistic_regression"].tolist() == [0, ""]
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
    assert shown.endswith(
        "\nstuck: fits whose net gives nearly all rows the same answer.\n"
    )


def test_of_many_contenders_the_best_and_the_answer_are_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    nets = {f"net_{i}": np.array([0.6, 0.7, 0.6, 0.7]) + i / 1e5 for i in range(60)}
    linear = {"logistic_regression": np.array([0.5999, 0.7, 0.6, 0.7])}
    print_ranking(
        compared(
            {"kept": nets["net_59"]} | nets | linear,
            stuck=dict.fromkeys(("kept", *nets), ALL),
        )[1],
        "all",
    )
    shown = capsys.readouterr().out
    rows = [
        line
        for line in shown.partition("… and")[0].splitlines()[2:]
        if line[3:4].strip()
    ]
    assert rows[0].split()[0] == "kept"
    assert rows[-1].startswith("*  logistic_")
    assert "\n… and 41 more; metrics/evaluation/contenders.csv has all 62\n" in shown


def test_where_no_test_holds_none_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    scores = {"kept": np.array([-1e6, -3e6]), "mean": np.array([-7e6, -8e6])}
    table, answer = compared(scores, Resampling(float("nan")), {"kept": ALL[:2]})
    assert table.loc["mean", "difference"] == -5.5e6
    assert table["difference_ci95"].isna().all()
    print_ranking(answer, "evaluation")
    shown = capsys.readouterr().out
    assert "-2,000,000" in shown
    for word in ("±", "nan", "chance", "<"):
        assert word not in shown
