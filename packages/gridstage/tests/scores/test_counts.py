"""The threshold that costs least. Oracles: scikit-learn's confusion matrix, plain loops, and rows of a known truth."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from benchmarks.simulation.costs import HALF, LEARNERS, THRESHOLDS, judge_costs
from gridstage.scores.counts import Counts, cheapest, cost_per_row
from packages.resampled.tests.simulation.drawing import mean


def splits_of(
    n_rows: int, n_repeats: int, rng: np.random.Generator, n_folds: int = 3
) -> list[np.ndarray]:
    """Return the test rows of repeated folds."""
    return [
        test
        for _ in range(n_repeats)
        for test in np.array_split(rng.permutation(n_rows), n_folds)
    ]


def test_counts_are_those_of_a_confusion_matrix() -> None:
    rng = np.random.default_rng(0)
    positive = rng.random(60) < 0.4
    tests = splits_of(60, 2, rng)
    scores = [rng.random(len(test)).round(2) for test in tests]
    counts = Counts.of(positive, tests, scores, THRESHOLDS)
    assert counts.own.shape == counts.others.shape == (6, 101, 2)
    for split, (test, own) in enumerate(zip(tests, scores, strict=True)):
        outside = [
            (positive[row], score)
            for number, rows in enumerate(tests)
            for row, score in zip(rows, scores[number], strict=True)
            if row not in test
        ]
        truth, other_scores = map(np.array, zip(*outside, strict=True))
        assert (
            len(truth) == 40 + 40
        )  # of each repeat, the rows that the split does not test
        for place in (0, 1, 37, HALF, 100):
            for found, y, predicted in (
                (counts.own, positive[test], own >= THRESHOLDS[place]),
                (counts.others, truth, other_scores >= THRESHOLDS[place]),
            ):
                (_, false_positives), (_, true_positives) = confusion_matrix(
                    y, predicted, labels=[False, True]
                )
                assert found[split, place].tolist() == [false_positives, true_positives]
    assert counts.pooled.tolist() == counts.own.sum(axis=0).tolist()


def test_a_cost_is_that_of_the_mistakes() -> None:
    # Of 6 negatives and 4 positives: all, some and none are called positive.
    counts = np.array([[6, 4], [2, 3], [0, 0]])
    assert cost_per_row(counts, 1, 5) == pytest.approx([0.6, (2 + 5) / 10, 2.0])
    # Without positives, or without a row.
    assert cost_per_row(np.array([[6, 0], [1, 0]]), 1, 5) == pytest.approx([1, 1 / 6])
    assert np.isnan(cost_per_row(np.zeros((2, 2)), 1, 5)).all()


def test_of_equal_costs_the_nearest_is_taken_and_the_ends_are_costs_as_well() -> None:
    costs = np.array([0.5, 0.2, 0.2 * (1 + 1e-15), 0.2, 0.9])
    assert [int(cheapest(costs, near)) for near in range(5)] == [1, 1, 2, 3, 3]
    assert cheapest(np.stack([costs, costs[::-1]]), 4).tolist() == [3, 3]
    assert cheapest(np.array([0.1, 0.2, 0.3]), 2) == 0
    assert cheapest(np.zeros(3), 1) == 1


def test_of_calibrated_probabilities_the_best_threshold_follows_from_the_costs() -> (
    None
):
    learner = LEARNERS["right"]
    best = learner.calibrated
    assert learner.costs.argmin() == best == 17
    away = [
        np.mean([abs(learner.choice(n, 1, draw).place - best) for draw in range(12)])
        for n in (300, 30_000)
    ]
    assert away[1] <= 2 < away[0]
    many = learner.choice(200_000, 1, 0)
    assert abs(many.place - best) <= 1
    by_counts = cost_per_row(many.counts.pooled, *learner.each)[many.place]
    assert by_counts == pytest.approx(learner.costs[best], abs=0.01)
    assert many.at(HALF).mean() == pytest.approx(learner.costs[HALF], abs=0.01)


def test_of_probabilities_that_are_too_extreme_another_threshold_is_the_best() -> None:
    learner = LEARNERS["too extreme, noisy fits"]
    many = learner.choice(200_000, 1, 0)
    assert many.place == pytest.approx(learner.costs.argmin(), abs=2)
    assert many.place < learner.calibrated - 5
    assert many.by_split.mean() == pytest.approx(learner.costs.min(), abs=0.01)


@pytest.mark.parametrize("name", LEARNERS)
def test_the_nested_cost_is_right_where_that_of_the_choice_itself_is_too_low(
    name: str,
) -> None:
    """Of 90 rows, the choice among 101 thresholds is mostly luck; that of the table's share of positives remains."""
    judged = [judge_costs(name, 90, 2, draw) for draw in range(100)]
    error = np.std([each["without luck"] for each in judged]) / len(judged) ** 0.5
    flattered = mean(judged, "by the counts of the choice")
    assert abs(mean(judged, "without luck")) < 2.5 * error + 0.1 * abs(flattered)
    assert flattered < -0.04
    assert mean(judged, "interval covers") >= 0.9
