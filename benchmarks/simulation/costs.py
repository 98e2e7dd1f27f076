"""Draws tables whose rows have known probabilities, and says what thresholds truly cost there."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit, logit, ndtr

from gridstage.scores.counts import Cheapest, Counts, cheapest, cost_per_row
from packages.resampled.tests.simulation.drawing import Said, Table
from resampled.means.ttest import half_width
from resampled.resampling import Resampling

N_FOLDS = 3
THRESHOLDS = np.array([0, *np.arange(1, 100) / 100, np.inf])
HALF = 50


@dataclass(frozen=True)
class Learner:
    """What a learner predicts of rows whose true probabilities p have the density b (1 - p) ** (b - 1).

    Its log-odds are the true ones times `sharpness`, and each fit adds normal `noise` of its own to each row. One in
    1 + b rows is positive, in each fold as well. A false positive costs 1, and a false negative `miss`, so of
    probabilities that are right, 1 / (1 + miss) is the best threshold.
    """

    sharpness: float = 1.0
    noise: float = 0.0
    b: float = 2.0
    miss: float = 5.0

    @property
    def each(self) -> tuple[float, float]:
        """What a mistake of each kind costs."""
        return 1.0, self.miss

    @property
    def calibrated(self) -> int:
        """The place of the best threshold for probabilities that are right."""
        return round(100 / (1 + self.miss))

    def choice(self, n_rows: int, n_repeats: int, seed: int) -> Cheapest:
        """Draw a table, and choose the threshold by what fits on repeated folds predict."""
        rng = np.random.default_rng(seed)
        proba = rng.beta(1, self.b, n_rows)
        positive = rng.random(n_rows) < proba
        tests = []
        for _ in range(n_repeats):
            order = rng.permutation(n_rows)
            order = order[np.argsort(positive[order], kind="stable")]
            tests += [order[fold::N_FOLDS] for fold in range(N_FOLDS)]
        scores = [
            expit(
                self.sharpness * logit(proba[test])
                + self.noise * rng.normal(size=len(test))
            )
            for test in tests
        ]
        return Cheapest(
            Counts.of(positive, tests, scores, THRESHOLDS), *self.each, self.calibrated
        )

    @cached_property
    def costs(self) -> np.ndarray:
        """The expected cost of a new row at each threshold, by the midpoints of small intervals."""
        proba = (np.arange(20_000) + 0.5) / 20_000
        with np.errstate(divide="ignore"):
            above = (
                self.sharpness * logit(proba)
                - logit(np.minimum(THRESHOLDS, 1))[:, None]
            )
        called = ndtr(above / self.noise) if self.noise else above >= 0
        each = called * (1 - proba) + self.miss * (1 - called) * proba
        return np.asarray((each * self.b * (1 - proba) ** (self.b - 1)).mean(axis=1))


LEARNERS = {
    "right": Learner(),
    "right, noisy fits": Learner(noise=0.5),
    "too extreme, noisy fits": Learner(sharpness=2.0, noise=0.5),
    "right, misses cost 20": Learner(miss=20.0),
    "noisy fits, 1 in 10 positive, misses cost 20": Learner(
        noise=0.5, b=9.0, miss=20.0
    ),
    "right, 1 in 10 positive, misses cost 30": Learner(b=9.0, miss=30.0),
}


def judge_costs(name: str, n_rows: int, n_repeats: int, draw: int) -> Said:
    """Draw a table: by how much each cost per row is too high, and if the interval of what is saved holds the truth.

    The truth of thresholds that are chosen split by split is the mean of their true costs.
    """
    learner = LEARNERS[name]
    choice = learner.choice(n_rows, n_repeats, draw)
    chosen = learner.costs[
        cheapest(cost_per_row(choice.counts.others, *learner.each), learner.calibrated)
    ].mean()
    saved, half = choice.at(HALF) - choice.by_split, choice.half_width(HALF, n_rows)
    error = saved.mean() - (learner.costs[HALF] - chosen)
    by_counts = cost_per_row(choice.counts.pooled, *learner.each)[choice.place]
    before = half_width(saved, Resampling.of_folds(N_FOLDS, n_rows, (0, learner.miss)))
    return {
        "without luck": float(choice.by_split.mean() - chosen),
        "by the counts of the choice": float(by_counts - learner.costs[choice.place]),
        "interval covers": bool(abs(error) <= half),
        "that of splits covers": bool(abs(error) <= before),
    }


TABLES = {
    "The cost of a threshold": Table(
        judge_costs,
        ("probabilities", "rows", "repeats"),
        [
            (name, *shape)
            for name in LEARNERS
            for shape in ((90, 2), (300, 5), (768, 10), (768, 1))
        ],
    ),
}
