"""Oracle: searches and pairs that are drawn with a known truth. `make simulate` draws many more."""

import numpy as np
import pytest

from packages.resampled.tests.simulation.drawing import mean
from packages.resampled.tests.simulation.means.labelled import judge_rare
from packages.resampled.tests.simulation.means.perfect import judge_perfect
from packages.resampled.tests.simulation.pairs.changes import (
    ROPE,
    judge_changes,
    judge_families,
)
from packages.resampled.tests.simulation.pairs.equal import CASES, HINTS, judge_equal
from packages.resampled.tests.simulation.pairs.few import judge_few
from packages.resampled.tests.simulation.verdicts import judge

# The shares of 30 candidates that the set holds, at least and at most.
SHARES = {"one best": (0.03, 0.5), "noisy training": (0.8, 1)}


@pytest.mark.parametrize("case", SHARES)
def test_the_figures_of_a_search_hold_in_few_draws(case: str) -> None:
    drawn = [judge(case, 30, 10, draw) for draw in range(15)]
    errors = np.array([each["corrected"] for each in drawn])
    assert abs(errors.mean()) < 0.002 + 2 * errors.std() / len(drawn) ** 0.5
    assert mean(drawn, "covers") >= 0.86
    assert mean(drawn, "holds the best") >= 0.88
    low, high = SHARES[case]
    assert low < mean(drawn, "share in the set") < high
    if case == "noisy training":
        assert mean(drawn, "winner's mean") > 0.025
        assert mean(drawn, "rows alone") > 0.02


def test_intervals_of_nearly_perfect_scores_hold_the_truth() -> None:
    judged = [
        judge_perfect("no chance in training", 300, 0.998, draw) for draw in range(30)
    ]
    for name, before in (("`ci95`", 0.65), ("scores alone", 0.65), ("corrected", 0.55)):
        assert mean(judged, name) >= 0.9
        assert mean(judged, f"{name} before") < before


def test_intervals_of_rare_classes_hold_the_truth() -> None:
    judged = [judge_rare("balanced accuracy of 0.9", 99, draw) for draw in range(40)]
    assert mean(judged, "corrected") >= 0.9
    assert mean(judged, "`ci95`") >= 0.9
    assert mean(judged, "`ci95` before") < 0.93


def test_few_rows_that_differ_are_seldom_called_level() -> None:
    for name in ("1 % of rows gained, 300 rows", "1 % of rows gained, 768 rows"):
        judged = [judge_few(name, draw) for draw in range(100)]
        assert (
            mean(judged, "level") <= 0.05 < mean(judged, "level, by the interval alone")
        )
    assert (
        mean(
            [judge_few("no difference, 3,000 rows", draw) for draw in range(20)],
            "level",
        )
        > 0.8
    )


def test_equal_nets_are_seldom_called_better_or_worse() -> None:
    """Without chance in training, the plain standard error would claim a difference in a third of them."""
    for name in ("calm, 0.017", "no chance in training"):
        judged = judge_changes(name, 0.0, 100)
        assert mean(judged, "better") + mean(judged, "worse") <= 0.1


def test_a_difference_is_found_and_more_often_than_by_scores_alone() -> None:
    """Of the calm ones, some of what fits differ by might be luck of the training rows, which repeats do not remove."""
    judged = judge_changes("calm, 0.017", 0.03, 60)
    assert mean(judged, "better") > 0.4 > 0.1 > mean(judged, "better, scores alone")
    assert mean(judge_changes("calm, 0.017", -0.05, 40), "worse") > 0.9


def test_level_is_said_of_nets_that_predict_alike_and_not_at_the_rope() -> None:
    assert mean(judge_changes("nearly the same predictions", 0.0, 60), "level") > 0.2
    assert mean(judge_changes("nearly the same predictions", ROPE, 60), "level") <= 0.05


def test_a_family_of_eight_holds_its_level() -> None:
    found = judge_families("no chance in training", 40)
    assert mean(found, "as a family") <= 0.1


@pytest.mark.parametrize(
    "name",
    [
        "ridge, 4 inputs, accuracy, n = 100, 10 × 2",
        "ridge, 10 inputs, accuracy, n = 300, random labels, 4 × 10",
        "5 nearest rows, 4 inputs, balanced_accuracy, n = 300, 20% positive, 10 × 3",
        "ridge, 4 inputs, accuracy, n = 200, 20 groups, 10 × 4",
        "boosted trees, 4 inputs, accuracy, n = 1000, 2 × 5",
    ],
)
def test_learners_that_are_equal_by_construction_are_seldom_told_apart(
    name: str,
) -> None:
    """Before, from 0.09 to 0.24 of such pairs were; of 60, more than 8 are in 1 of 200 tries if 0.05 are on average."""
    assert CASES[name].learner not in HINTS
    judged = [judge_equal(name, draw) for draw in range(60)]
    for column in ("claimed", "excluded", "claimed, scores alone"):
        assert mean(judged, column) <= 8 / 60


@pytest.mark.parametrize(
    "name",
    [
        "3 of its components, 10 inputs, r2, n = 300, 10 × 3",
        "ridge, 4 inputs, neg_mean_absolute_error, n = 100, one target far off, 10 × 3",
        "lasso of 0.5, 10 inputs, r2, n = 300, 10 × 3",
    ],
)
def test_learners_that_few_rows_sway_are_told_apart_less_often_than_before(
    name: str,
) -> None:
    judged = [judge_equal(name, draw) for draw in range(60)]
    for column in ("claimed", "excluded"):
        assert mean(judged, column) <= 8 / 60
    assert mean(judged, "claimed before") > mean(judged, "claimed") + 0.05
