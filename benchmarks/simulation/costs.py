"""Draws tables whose rows have known probabilities, and says what thresholds truly cost there."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit, logit, ndtr

from resampled.means.ttest import half_width
from resampled.resampling import Resampling
from stages.lib.scores.counts import Cheapest, Counts, cheapest, cost_per_row
from tests.resampled.simulation.drawing import Said, Table

N_FOLDS = 3
THRESHOLDS = np.array([0, *np.arange(1, 100) / 100, np.inf])
HALF = 50
# A false positive costs 1, a false negative 5, so of probabilities that are right, 1 / 6 is the best threshold.
COSTS = 1.0, 5.0
CALIBRATED = 17


@dataclass(frozen=True)
class Learner:
    """What a learner predicts of rows whose true probabilities have the density 2 (1 - p).

    Its log-odds are the true ones times `sharpness`, and each fit adds normal `noise` of its own to each row.
    """

    sharpness: float = 1.0
    noise: float = 0.0

    def choice(self, n_rows: int, n_repeats: int, seed: int) -> Cheapest:
        """Draw a table, and choose the threshold by what fits on repeated folds predict."""
        rng = np.random.default_rng(seed)
        proba = rng.beta(1, 2, n_rows)
        positive = rng.random(n_rows) < proba
        tests = [test for _ in range(n_repeats) for test in np.array_split(rng.permutation(n_rows), N_FOLDS)]
        scores = [
            expit(self.sharpness * logit(proba[test]) + self.noise * rng.normal(size=len(test))) for test in tests
        ]
        return Cheapest(Counts.of(positive, tests, scores, THRESHOLDS), *COSTS, CALIBRATED)

    @cached_property
    def costs(self) -> np.ndarray:
        """The expected cost of a new row at each threshold, by the midpoints of small intervals."""
        proba = (np.arange(20_000) + 0.5) / 20_000
        with np.errstate(divide="ignore"):
            above = self.sharpness * logit(proba) - logit(np.minimum(THRESHOLDS, 1))[:, None]
        called = ndtr(above / self.noise) if self.noise else above >= 0
        each = COSTS[0] * called * (1 - proba) + COSTS[1] * (1 - called) * proba
        return np.asarray((each * 2 * (1 - proba)).mean(axis=1))


LEARNERS = {
    "right": Learner(),
    "right, noisy fits": Learner(noise=0.5),
    "too extreme, noisy fits": Learner(sharpness=2.0, noise=0.5),
}


def judge_costs(name: str, n_rows: int, n_repeats: int, draw: int) -> Said:
    """Draw a table: by how much each cost per row is too high, and if the interval of what is saved holds the truth.

    The truth of thresholds that are chosen split by split is the mean of their true costs.
    """
    learner = LEARNERS[name]
    choice = learner.choice(n_rows, n_repeats, draw)
    chosen = learner.costs[cheapest(cost_per_row(choice.counts.others, *COSTS), CALIBRATED)].mean()
    saved = choice.at(HALF) - choice.by_split
    half = half_width(saved, Resampling.of_folds(N_FOLDS, n_rows, (0, max(COSTS))))
    return {
        "without luck": float(choice.by_split.mean() - chosen),
        "by the counts of the choice": choice.flattered - learner.costs[choice.place],
        "interval covers": bool(abs(saved.mean() - (learner.costs[HALF] - chosen)) <= half),
    }


TABLES = {
    "The cost of a threshold": Table(
        judge_costs,
        ("probabilities", "rows", "repeats"),
        [(name, *shape) for name in LEARNERS for shape in ((90, 2), (300, 5), (768, 10), (768, 1))],
    ),
}
