"""The answer in words: what to use, how good it is, what comes next, and whether a net is worth it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from resampled.means.rows import bundled
from resampled.means.ttest import half_width
from resampled.pairs.pair import Pair
from resampled.resampling import Resampling
from stages.lib.config import CV
from stages.lib.evaluate.contest import Contest, choose
from stages.lib.results.reading import typed
from stages.lib.results.writing import as_csv
from stages.lib.scores.reached import Reached, by_unit_of, reached_table
from stages.lib.told.answer import Answer, answer_told

FOLDS, IN_TIME = Resampling.of_folds(3), Resampling(float("nan"))
SPLITS = np.random.default_rng(0).normal(size=30)
# What is said of the files.
KEPT = "models/best.onnx is the kept net, joint."
BOTH = "models/best.onnx and models/answer.onnx are the kept net, joint."
NETS = ("joint", "dropout", "combined", "starting_point", "net")


def scores(mean: float, spread: float = 0.02, seed: int = 0) -> np.ndarray:
    """Return scores that share most of their noise with other contenders'."""
    own = np.random.default_rng(seed).normal(size=30)
    noise = spread * SPLITS + 0.01 * own
    return mean + noise - noise.mean()


CONSTANT = {"majority_class": np.full(30, 0.65)}


def contest_of(
    contenders: dict[str, np.ndarray],
    kept: str = "joint",
    resampling: Resampling = FOLDS,
    rope: float = 0.01,
    stuck: dict[str, np.ndarray] | None = None,
    **corrected: float,
) -> Contest:
    """Return a contest; `corrected` has by net its score without luck."""
    nets = {name: (stuck or {}).get(name, np.zeros(30, dtype=bool)) for name in NETS}
    reached = {
        name: Reached({"score": each}, float(half_width(each, resampling)), stuck=nets.get(name))
        for name, each in contenders.items()
    }
    worth = {name: (score, score - 0.03, score + 0.03) for name, score in corrected.items()}
    return Contest(reached, kept, resampling, rope, corrected=worth)


def ask(contenders: dict[str, np.ndarray], requested: str | None = None, **changes: object) -> Answer:
    contest = contest_of(contenders, **changes)  # type: ignore[arg-type]
    return answer_told(contest, choose(contest, requested), "accuracy", requested is not None)


def test_the_net_that_surely_gains_on_every_simpler_model_is_used() -> None:
    found = ask(
        {
            "joint": scores(0.8),
            "dropout": scores(0.78, seed=1),
            "logistic_regression": scores(0.74, seed=2),
            "hist_gradient_boosting": scores(0.72, seed=3),
        }
        | CONSTANT,
        joint=0.79,
    )
    assert (found.use, found.runner_up, found.handed_over) == ("joint", "dropout", "joint")
    assert found.headline.startswith("Use the net joint: its accuracy is 0.8000 ± 0.0")
    assert found.headline.endswith(" on fresh splits of the rows.")
    assert found.reasons.startswith(
        "On rows that had no say in its choice, it scores 0.7900 (95 % from 0.7600 to 0.8200). logistic_regression, "
        "which is simpler, scores 0.7400 ± 0.0"
    )
    assert found.reasons.endswith(": the chance that the net joint is better by more than 0.01 is over 99 %.")
    assert found.files == BOTH
    assert found.text == f"{found.headline} {found.reasons} {found.files}"


def test_a_net_that_owes_its_gain_to_luck_is_not_used() -> None:
    """As for the passengers of the Titanic: the plain scores speak for the net, the one without luck does not."""
    models = {"joint": scores(0.825), "logistic_regression": scores(0.80, seed=2)} | CONSTANT
    assert ask(models).use == "joint"
    found = ask(models, joint=0.798)
    assert (found.use, found.runner_up) == ("logistic_regression", "joint")
    assert found.reasons.startswith("The net joint would gain nothing: it scores 0.8250 ± 0.0")
    assert ", and 0.7980 (95 % from 0.7680 to 0.8280) on rows that had no say in its choice. The chance that it is" in (
        found.reasons
    )
    assert found.reasons.endswith("by more than 0.01 is 16 %, and a model that is less simple needs 80 %.")
    assert found.files == f"models/answer.onnx is logistic_regression; {KEPT}"
    chance = contest_of(models, joint=0.812).chance("joint", "logistic_regression")
    assert 0.5 < chance < 0.8  # likely, and not enough
    found = ask(models, joint=0.812)
    assert found.use == "logistic_regression"
    assert f"is better by more than 0.01 is {int(100 * chance)} %, and" in found.reasons


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
    ("linear", "trees", "net", "use"),
    [
        (0.70, 0.75, 0.80, "joint"),
        (0.80, 0.75, 0.70, "logistic_regression"),
        (0.70, 0.80, 0.75, "random_forest"),
        # The trees may be no better than the linear model, and the net no better than the trees.
        (0.770, 0.772, 0.774, "logistic_regression"),
        # The net surely surpasses the linear model, but not the trees.
        (0.770, 0.789, 0.796, "random_forest"),
        # Trees that score lower than the linear model are no obstacle to a net.
        (0.70, 0.69, 0.75, "joint"),
    ],
)
def test_the_simplest_model_that_no_other_one_surpasses_is_used(
    linear: float, trees: float, net: float, use: str
) -> None:
    models = {"logistic_regression": scores(linear, seed=1), "random_forest": scores(trees, seed=2)}
    models |= {"hist_gradient_boosting": scores(0.68, seed=3), "joint": scores(net)}
    found = ask(models | CONSTANT)
    assert found.use == use
    assert ("The net joint would gain" in found.text) == (use != "joint")
    assert ("which is simpler" in found.text) == (use != "logistic_regression")


def test_stuck_fits_of_the_answer_are_told() -> None:
    stuck = {"joint": np.arange(30) < 2}
    found = ask({"joint": scores(0.8), "logistic_regression": scores(0.7, seed=2)}, stuck=stuck)
    others = scores(0.8)[2:].mean()
    assert f" (2 of 30 fits are stuck; without them {others:.4f}) on fresh splits" in found.headline


def test_another_net_speaks_only_if_it_surely_gains_on_the_kept_one() -> None:
    others = {"majority_class": np.full(30, 0.5)}
    found = ask({"joint": scores(0.77), "dropout": scores(0.773, seed=1)} | others)
    assert (found.use, found.runner_up) == ("joint", "dropout")
    found = ask({"joint": scores(0.7), "dropout": scores(0.8, seed=1)} | others)
    assert found.use == "dropout"
    assert found.files == f"models/answer.onnx is the net dropout; {KEPT}"
    found = ask({"joint": scores(0.7), "starting_point": scores(0.8, seed=1)} | others)
    assert found.files == f"models/answer.onnx is the net starting_point; {KEPT}"


def test_what_is_no_better_than_a_constant_is_not_used() -> None:
    models = {"joint": scores(0.652), "logistic_regression": scores(0.64, seed=1), "majority_class": np.full(30, 0.651)}
    assert ask({"joint": scores(0.7)} | CONSTANT).use == "joint"
    assert ask({"joint": scores(0.7)} | CONSTANT, joint=0.655).use is None  # it owes the rest to luck
    found = ask(models, joint=0.649)
    assert (found.use, found.runner_up, found.handed_over) == (None, "joint", "majority_class")
    assert found.headline == (
        "Use none of these models: majority_class, which ignores the inputs, could be as good (accuracy 0.6510 ± "
        "0.0000)."
    )
    assert found.reasons.startswith("The best of them, the net joint, scores 0.6520 ± 0.0")
    assert found.reasons.endswith(
        ". On rows that had no say in its choice, it scores 0.6490 (95 % from 0.6190 to 0.6790)."
    )
    assert found.files == f"models/answer.onnx is majority_class; {KEPT}"


def test_a_kept_net_that_diverged_is_told() -> None:
    diverged = scores(0.8)
    diverged[3] = np.nan
    found = ask({"joint": diverged, "dropout": scores(0.7), "logistic_regression": scores(0.6)})
    assert (found.use, found.runner_up) == ("dropout", "logistic_regression")
    assert found.files == (
        f"models/answer.onnx is the net dropout; {KEPT[:-1]}, which diverged on some splits; set evaluate.keep "
        "to another setting."
    )
    found = ask({"joint": diverged, "majority_class": np.full(30, 0.5)})
    assert (found.use, found.handed_over) == (None, "majority_class")
    assert found.text.startswith("Use none of these models: none of them has a score. models/answer.onnx is maj")
    assert ask({"joint": diverged}).handed_over == "joint"


def test_splits_in_the_order_of_time_have_neither_intervals_nor_probabilities() -> None:
    models = {
        "joint": np.array([-2.0, -3.0]),
        "linear_regression": np.array([-4.0, -5.0]),
        "mean": np.array([-9.0, -8]),
    }
    found = ask(models, resampling=IN_TIME)
    assert found.text == (
        "Use the net joint: its accuracy is -2.5000 on the splits of the searches, because rows in the order of time "
        f"can't be split in another way. linear_regression, which is simpler, scores -4.5000. {BOTH}"
    )
    found = ask(models, resampling=IN_TIME, rope=3.0)
    assert (found.use, found.reasons) == (
        "linear_regression",
        "The net joint would gain 2.0000: it scores -2.5000; less than 3 does not matter.",
    )
    models["joint"] = np.array([-4.0, -6.0])
    assert ask(models, resampling=IN_TIME).reasons == "The net joint would gain nothing: it scores -5.0000."


def test_the_same_setting_under_two_names_is_no_runner_up() -> None:
    found = ask({"joint": scores(0.8), "combined": scores(0.8), "dropout": scores(0.7, seed=1)})
    assert (found.use, found.runner_up) == ("joint", "dropout")
    # The kept one is named.
    found = ask({"combined": scores(0.772), "joint": scores(0.772), "logistic_regression": scores(0.771, seed=1)})
    assert (found.use, found.runner_up) == ("logistic_regression", "joint")
    assert ask({"joint": scores(0.8), "combined": scores(0.8)}).runner_up is None
