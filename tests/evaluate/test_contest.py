"""Which model the rule chooses, and the chance that decides it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from resampled.means.rows import bundled
from resampled.pairs.pair import Pair
from stages.lib.config import CV
from stages.lib.data import Columns, Dataset
from stages.lib.evaluate.answer import what_gives_away
from stages.lib.evaluate.contest import NEEDED, Contest
from stages.lib.results.answer import Why
from stages.lib.results.reading import typed
from stages.lib.results.writing import as_csv
from stages.lib.scores.reached import Reached, by_unit_of, reached_table
from stages.lib.told.answer import lead
from tests.evaluate.contests import CONSTANT, FOLDS, ask, contest_of, scores


def test_the_chance_is_that_of_the_verdict_at_the_difference_without_luck() -> None:
    """One repeat of three folds, of which no rows are known: by scipy's Student."""
    one, other = np.array([0.8, 0.82, 0.79]), np.array([0.75, 0.8, 0.77])
    contest = contest_of({"joint": one, "logistic_regression": other}, joint=0.79)
    error = np.sqrt((1 / 3 + 0.75) * (one - other).var(ddof=1))
    expected = stats.t.sf((0.01 - (0.79 - other.mean())) / error, 2)
    assert contest.chance("joint", "logistic_regression") == pytest.approx(expected)


def test_what_is_kept_of_rows_tells_more_than_the_scores() -> None:
    """Nets that are right on the same rows, but for their noise: the error is that of a pair with these rows."""
    rng = np.random.default_rng(0)
    right, folds = rng.random(300) < 0.7, np.stack([rng.permutation(300) % 3 for _ in range(10)])
    hits = right ^ (rng.random((2, 10, 300)) < np.array([0.05, 0.17])[:, None, None])
    by_split = [[each[o == fold].mean() for each, o in zip(of, folds, strict=True) for fold in range(3)] for of in hits]
    by_unit = bundled(hits.astype(float), 100, rng)
    reached = {
        name: Reached({"score": np.array(each)}, 0.1, stuck=np.zeros(30, dtype=bool), by_unit=rows)
        for name, each, rows in zip(("joint", "dropout"), by_split, by_unit, strict=True)
    }
    table = typed(as_csv(reached_table(reached, CV(n_splits=3, scoring="neg_brier_score"))))
    again = [by_unit_of(text) for text in table["by_unit"]]
    assert np.array(again) == pytest.approx(by_unit, abs=1e-6)
    alone = {name: replace(each, by_unit=None) for name, each in reached.items()}
    chances = [Contest(each, "joint", FOLDS, 0.01).chance("joint", "dropout") for each in (reached, alone)]
    pair = Pair(np.array(by_split[1]), np.array(by_split[0]), FOLDS, 0.01, by_unit=by_unit[::-1])
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
    models = {"logistic_regression": scores(linear, seed=1), "random_forest": scores(trees, seed=2)}
    models |= {"hist_gradient_boosting": scores(0.68, seed=3), "joint": scores(net)}
    found = ask(models | CONSTANT)
    assert (found.use, found.why, found.compared_with) == (use, why, beside)
    assert ("which is simpler" in lead(found)) == (why == "surpasses")
    assert ("The best net, joint, gets" in lead(found)) == (use != "joint")
    worth = [each.worth or 0.0 for each in found.contenders]
    assert worth == sorted(worth, reverse=True)


def test_a_net_that_owes_its_gain_to_luck_is_not_used() -> None:
    """As for the passengers of the Titanic: the plain scores speak for the net, the one without luck does not."""
    models = {"joint": scores(0.825), "logistic_regression": scores(0.80, seed=2)} | CONSTANT
    assert ask(models).use == "joint"
    found = ask(models, joint=0.812)
    chance = contest_of(models, joint=0.812).chance("joint", "logistic_regression")
    assert 0.5 < chance < NEEDED  # likely, and not enough
    assert found.use == "logistic_regression"
    assert found["joint"].chance == pytest.approx(chance)
    assert lead(found).endswith(f"; joint has {int(100 * chance)} %.")


def test_a_column_that_gives_the_target_away_is_noted_and_so_is_a_score_that_suggests_one() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(200) < 0.4).astype(float)
    types = Columns({"a": "number", "code": "number"}, {})
    honest, telling = (
        Dataset(pd.DataFrame({"a": rng.normal(size=200), "code": code}), y, types, ("no", "yes"))
        for code in (rng.normal(size=200), y + 3)
    )
    usual = ask({"joint": scores(0.8)} | CONSTANT)
    assert what_gives_away(honest, usual) == {}
    assert what_gives_away(telling, usual) == {"given_away": [[["code"], 1.0]]}
    assert what_gives_away(honest, ask({"joint": np.full(30, 0.9995)} | CONSTANT)) == {"given_away": []}
