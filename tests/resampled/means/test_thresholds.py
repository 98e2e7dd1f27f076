"""The threshold that costs least. Oracles: scikit-learn's confusion matrix, plain loops, and rows of a known truth."""

from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from resampled.means.thresholds import Cheapest, Counts, cheapest, cost_per_row
from resampled.means.ttest import half_width
from resampled.resampling import Resampling

THRESHOLDS = np.array([0, *np.arange(1, 100) / 100, np.inf])
HALF = 50
# A false positive costs 1, a false negative 5, so of calibrated probabilities, 1 / 6 is the best threshold.
COSTS = 1.0, 5.0
CALIBRATED = 17


def splits_of(n_rows: int, n_repeats: int, rng: np.random.Generator, n_folds: int = 3) -> list[np.ndarray]:
    """Return the test rows of repeated folds."""
    return [test for _ in range(n_repeats) for test in np.array_split(rng.permutation(n_rows), n_folds)]


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
        assert len(truth) == 40 + 40  # of each repeat, the rows that the split does not test
        for place in (0, 1, 37, HALF, 100):
            for found, y, predicted in (
                (counts.own, positive[test], own >= THRESHOLDS[place]),
                (counts.others, truth, other_scores >= THRESHOLDS[place]),
            ):
                (_, false_positives), (_, true_positives) = confusion_matrix(y, predicted, labels=[False, True])
                assert found[split, place].tolist() == [false_positives, true_positives]
    assert counts.pooled.tolist() == counts.own.sum(axis=0).tolist()


@pytest.mark.parametrize("thresholds", [[0.0, 0.5, 0.5], [0.2, 0.5]])
def test_thresholds_that_do_not_rise_or_miss_a_score_are_refused(thresholds: list[float]) -> None:
    with pytest.raises(ValueError, match="should rise, and the first one should be no more than any score"):
        Counts.of(np.array([True]), [np.array([0])], [np.array([0.1])], np.array(thresholds))


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


@dataclass(frozen=True)
class Truth:
    """Rows with calibrated probabilities, drawn from a Beta distribution, whose cost at each threshold is known."""

    a: float = 1.0
    b: float = 2.0

    def choice(self, n_rows: int, n_repeats: int, seed: int) -> Cheapest:
        """Draw rows, each of which has the same score in every split that tests it."""
        rng = np.random.default_rng(seed)
        proba = rng.beta(self.a, self.b, n_rows)
        positive = rng.random(n_rows) < proba
        tests = splits_of(n_rows, n_repeats, rng)
        return Cheapest(Counts.of(positive, tests, [proba[test] for test in tests], THRESHOLDS), *COSTS, CALIBRATED)

    @property
    def costs(self) -> np.ndarray:
        """The expected cost of a row at each threshold, by the midpoints of small intervals."""
        proba = (np.arange(20_000) + 0.5) / 20_000
        weight = proba ** (self.a - 1) * (1 - proba) ** (self.b - 1)
        weight /= weight.sum()
        false_positive, false_negative = COSTS
        called = proba >= THRESHOLDS[:, None]
        each = np.where(called, false_positive * (1 - proba), false_negative * proba)
        return np.asarray(each @ weight)


def test_of_calibrated_probabilities_the_best_threshold_follows_from_the_costs() -> None:
    truth = Truth()
    assert truth.costs.argmin() == CALIBRATED
    away = [np.mean([abs(truth.choice(n, 1, draw).place - CALIBRATED) for draw in range(12)]) for n in (300, 30_000)]
    assert away[1] <= 2 < away[0]
    many = truth.choice(200_000, 1, 0)
    assert abs(many.place - CALIBRATED) <= 1
    assert many.flattered == pytest.approx(truth.costs[CALIBRATED], abs=0.01)
    assert many.at(HALF).mean() == pytest.approx(truth.costs[HALF], abs=0.01)


def test_the_nested_cost_is_right_where_that_of_the_choice_itself_is_too_low() -> None:
    """Of 90 rows, the choice among 101 thresholds is mostly luck."""
    truth, nested, flattered = Truth(), [], []
    for draw in range(200):
        choice = truth.choice(90, 2, draw)
        counts = choice.counts.others
        chosen = cheapest(cost_per_row(counts, *COSTS), CALIBRATED)
        nested.append(choice.by_split.mean() - truth.costs[chosen].mean())
        flattered.append(choice.flattered - truth.costs[choice.place])
    errors = [(np.mean(each), np.std(each) / len(each) ** 0.5) for each in (nested, flattered)]
    (bias, error), (luck, luck_error) = errors
    assert abs(bias) < 2.5 * error
    assert luck < -4 * luck_error
    assert luck < -0.02


def test_the_interval_of_what_a_threshold_saves_holds_the_truth() -> None:
    truth, resampling = Truth(), Resampling.of_folds(3, 300, (0, max(COSTS)))
    held = []
    for draw in range(100):
        choice = truth.choice(300, 5, draw)
        chosen = cheapest(cost_per_row(choice.counts.others, *COSTS), CALIBRATED)
        saved = choice.at(HALF) - choice.by_split
        right = truth.costs[HALF] - truth.costs[chosen].mean()
        held.append(abs(saved.mean() - right) <= half_width(saved, resampling))
    assert np.mean(held) >= 0.9
