"""The answer in words: what to use, how good it is, what comes next, and whether a net is worth it."""

import numpy as np

from stages.lib.scores import half_width
from stages.lib.scores.reached import Reached
from stages.lib.winners.answer import Answer, answer
from stages.lib.winners.contest import Contest

SPLITS = np.random.default_rng(0).normal(size=30)
# What is said of the files.
KEPT = "The kept net, joint, is models/best.safetensors"
BOTH = f"{KEPT} and models/answer.safetensors."
NETS = ("joint", "dropout", "combined", "starting_point")


def scores(mean: float, spread: float = 0.02, seed: int = 0) -> np.ndarray:
    """Return scores that share most of their noise with other contenders'."""
    own = np.random.default_rng(seed).normal(size=30)
    noise = spread * SPLITS + 0.01 * own
    return mean + noise - noise.mean()


def ask(
    contenders: dict[str, np.ndarray],
    kept: str = "joint",
    test_share: float = 0.5,
    rope: float = 0.01,
    corrected: tuple[float, float, float] | None = None,
    stuck: dict[str, np.ndarray] | None = None,
    requested: str | None = None,
) -> Answer:
    nets = {name: (stuck or {}).get(name, np.zeros(30, dtype=bool)) for name in NETS}
    reached = {
        name: Reached({"score": each}, float(half_width(each, test_share)), stuck=nets.get(name))
        for name, each in contenders.items()
    }
    return answer(Contest(reached, kept, test_share, rope, corrected=corrected), "accuracy", requested)


def test_the_kept_net_that_gains_on_every_other_model_is_used() -> None:
    found = ask(
        {
            "joint": scores(0.8),
            "dropout": scores(0.78, seed=1),
            "logistic_regression": scores(0.74, seed=2),
            "hist_gradient_boosting": scores(0.72, seed=3),
            "majority_class": np.full(30, 0.65),
        }
    )
    assert (found.use, found.runner_up) == ("joint", "dropout")
    assert found.text.startswith("Use the net joint: its accuracy is 0.8000 ± 0.0")
    assert "The runner-up, the net dropout, scores 0.7800 ± 0.0" in found.text
    assert "chance that it is worse by more than 0.01)." in found.text
    assert "A net is worth it here: logistic_regression scores 0.7400" in found.text
    assert found.text.endswith(BOTH)
    assert found.handed_over == "joint"


def test_stuck_fits_of_the_answer_are_told() -> None:
    stuck = {"joint": np.arange(30) < 2}
    found = ask({"joint": scores(0.8), "logistic_regression": scores(0.7, seed=2)}, stuck=stuck)
    others = scores(0.8)[2:].mean()
    assert f" (2 of 30 fits are stuck; without them {others:.4f}) on fresh splits" in found.text


def test_a_linear_model_level_with_the_best_net_is_used_as_the_simpler_one() -> None:
    found = ask(
        {"joint": scores(0.772), "logistic_regression": scores(0.771, seed=1), "majority_class": np.full(30, 0.65)}
    )
    assert (found.use, found.runner_up) == ("logistic_regression", "joint")
    assert "Use logistic_regression: its accuracy is 0.7710" in found.text
    assert "The runner-up, the net joint, scores 0.7720" in found.text
    assert (
        "chance that the two differ by less than 0.01). That gain does not justify giving up the simpler model."
        in found.text
    )
    assert "A net does no better here than a model without one. models/answer.safetensors is logistic_reg" in found.text
    assert found.text.endswith(f"models/answer.safetensors is logistic_regression. {KEPT}.")
    assert found.handed_over == "logistic_regression"


def test_trees_are_used_where_they_score_higher_than_the_net_and_the_linear_model() -> None:
    models = {"joint": scores(0.74), "linear_regression": scores(0.7, seed=1), "mean": np.full(30, 0.0)}
    found = ask(models | {"random_forest": scores(0.8, seed=2)})
    assert (found.use, found.runner_up) == ("random_forest", "joint")
    assert found.text.endswith(f"A net is not worth it here. models/answer.safetensors is random_forest. {KEPT}.")


def test_the_net_is_told_beside_a_runner_up_of_trees() -> None:
    found = ask(
        {"joint": scores(0.73), "logistic_regression": scores(0.8, seed=1), "random_forest": scores(0.79, seed=2)}
    )
    assert (found.use, found.runner_up) == ("logistic_regression", "random_forest")
    assert "A net is not worth it here: the net joint scores 0.7300" in found.text


def test_another_net_is_used_only_if_it_gains_on_the_kept_one() -> None:
    others = {"majority_class": np.full(30, 0.5)}
    found = ask({"joint": scores(0.77), "dropout": scores(0.773, seed=1)} | others)
    assert (found.use, found.runner_up) == ("joint", "dropout")
    found = ask({"joint": scores(0.7), "dropout": scores(0.8, seed=1)} | others)
    assert found.use == "dropout"
    assert found.text.endswith(f"models/answer.safetensors is the net dropout. {KEPT}.")
    found = ask({"joint": scores(0.7), "starting_point": scores(0.8, seed=1)} | others)
    assert found.text.endswith(f"models/answer.safetensors is the net starting_point. {KEPT}.")


def test_what_is_no_better_than_a_constant_is_not_used() -> None:
    found = ask(
        {"joint": scores(0.652), "logistic_regression": scores(0.64, seed=1), "majority_class": np.full(30, 0.651)}
    )
    assert (found.use, found.runner_up, found.handed_over) == (None, "joint", "majority_class")
    assert found.text.endswith(f"models/answer.safetensors is majority_class. {KEPT}.")
    assert found.text.startswith("Use none of these models: the best of them, the net joint, scores 0.6520 ± 0.0")
    assert "majority_class, which ignores the inputs, scores 0.6510 ± 0.0000 (" in found.text


def test_a_kept_net_that_diverged_is_told() -> None:
    diverged = scores(0.8)
    diverged[3] = np.nan
    found = ask({"joint": diverged, "dropout": scores(0.7), "logistic_regression": scores(0.6)})
    assert (found.use, found.runner_up) == ("dropout", "logistic_regression")
    assert found.text.endswith(
        "models/answer.safetensors is the net dropout. The kept net, joint, diverged on some splits; set evaluate.keep "
        "to another setting."
    )
    found = ask({"joint": diverged, "majority_class": np.full(30, 0.5)})
    assert (found.use, found.handed_over) == (None, "majority_class")
    assert found.text.startswith("Use none of these models: none of them has a score.")
    assert ask({"joint": diverged}).handed_over == "joint"


def test_splits_in_the_order_of_time_have_neither_intervals_nor_probabilities() -> None:
    models = {
        "joint": np.array([-2.0, -3.0]),
        "linear_regression": np.array([-4.0, -5.0]),
        "mean": np.array([-9.0, -8]),
    }
    found = ask(models, test_share=float("nan"))
    assert found.text == (
        "Use the net joint: its accuracy is -2.5000 on the splits of the searches, because rows in the order of time "
        "can't be split in another way. The runner-up, linear_regression, scores -4.5000. A net is worth it here. "
        f"{BOTH}"
    )


def test_the_same_setting_under_two_names_is_no_runner_up() -> None:
    found = ask({"joint": scores(0.8), "combined": scores(0.8), "dropout": scores(0.7, seed=1)})
    assert (found.use, found.runner_up) == ("joint", "dropout")
    # The kept one is named, and told about once.
    found = ask({"combined": scores(0.772), "joint": scores(0.772), "logistic_regression": scores(0.771, seed=1)})
    assert (found.use, found.runner_up) == ("logistic_regression", "joint")
    assert found.text.count("0.7720") == 1
    found = ask({"joint": scores(0.8), "combined": scores(0.8)})
    assert found.runner_up is None
    assert "runner-up" not in found.text


def test_a_net_that_is_not_the_best_one_is_not_called_so() -> None:
    nets = {"joint": scores(0.772), "starting_point": scores(0.774, seed=1)}
    found = ask(nets | {"logistic_regression": scores(0.771, seed=2)})
    assert (found.use, found.runner_up) == ("logistic_regression", "starting_point")
    assert "than a model without one: the net joint scores 0.7720" in found.text


def test_what_no_share_speaks_for_is_undecided() -> None:
    found = ask({"joint": scores(0.776, 0.04, seed=1), "logistic_regression": np.full(30, 0.771)})
    assert found.use == "logistic_regression"
    assert "Whether a net is worth it here is undecided. models/answer.safetensors is logistic_regr" in found.text


def test_the_kept_net_is_told_with_its_worth_on_rows_that_did_not_choose_it() -> None:
    models = {"joint": scores(0.8), "logistic_regression": scores(0.74, seed=1), "majority_class": np.full(30, 0.65)}
    worth = "; on rows that had no say in its choice, it scores 0.7644 (95 % from 0.7355 to 0.7934)."
    assert ask(models, corrected=(0.76444, 0.7355, 0.7934)).text.endswith(BOTH.rstrip(".") + worth)
    better = models | {"dropout": scores(0.9, seed=2)}
    assert ask(better, corrected=(0.76444, 0.7355, 0.7934)).text.endswith(KEPT + worth)


def test_another_contender_is_handed_over_where_one_is_chosen() -> None:
    models = {"joint": scores(0.8), "logistic_regression": scores(0.74, seed=1), "majority_class": np.full(30, 0.65)}
    found = ask(models, requested="logistic_regression")
    assert (found.use, found.handed_over) == ("joint", "logistic_regression")
    assert found.text.endswith(f"As evaluate.use says, models/answer.safetensors is logistic_regression. {KEPT}.")
    assert ask(models, requested="joint").text.endswith(BOTH)
