"""Draws pairs of learners with thresholds or penalties, each on an input of its own; both inputs are equally good.

The target is 0.2, or another slope, times either input, and normal noise of variance 1; tables have 300 rows. A learner
regresses on its input, and sets a slope below the threshold to 0 (hard) or moves it towards 0 by the penalty (soft).
Both have the same expected error, because they are drawn alike.
"""

from dataclasses import dataclass
from unittest.mock import patch

import numpy as np

from resampled.candidates.best_set import best_set
from resampled.means import differences
from resampled.pairs.pair import Pair
from resampled.resampling import Resampling
from tests.resampled.simulation.drawing import Said
from tests.resampled.simulation.pairs.changes import batches, claims, word_of
from tests.resampled.simulation.unstable import shrunk

N_ROWS, BATCH = 300, 200


@dataclass(frozen=True)
class Threshold:
    """How a learner treats a slope."""

    slope: float
    threshold: float
    is_soft: bool = False

    def kept(self, slopes: np.ndarray) -> np.ndarray:
        """Return what is left of estimated slopes."""
        if self.is_soft:
            return shrunk(slopes, self.threshold)
        return np.where(np.abs(slopes) > self.threshold, slopes, 0)


THRESHOLDS = {
    "no threshold": Threshold(0.2, 0.0),
    "hard, at half of the slope of 0.5": Threshold(0.5, 0.25),
    "hard, at the slope": Threshold(0.2, 0.2),
    "hard, near the slope": Threshold(0.2, 0.15),
    "soft, by a fifth of the slope of 0.5": Threshold(0.5, 0.1, True),
    "soft, by the slope": Threshold(0.2, 0.2, True),
}
# Folds and repeats.
SHAPES = ((3, 10), (5, 2), (3, 30))
# The least share in use, and that of Nadeau and Bengio.
SHARES = (differences.LEAST_SHARED, 1.0)


def draw_scores(
    threshold: Threshold, n_folds: int, n_repeats: int, n_tables: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the negative squared errors, shape (n_tables, 2, n_splits). All tables share their folds."""
    X = rng.standard_normal((n_tables, N_ROWS, 2))
    y = threshold.slope * X.sum(axis=2) + rng.standard_normal((n_tables, N_ROWS))
    scores = []
    for _ in range(n_repeats):
        folds = rng.permutation(N_ROWS) % n_folds
        for fold in range(n_folds):
            train, test = folds != fold, folds == fold
            slopes = np.einsum("tij,ti->tj", X[:, train], y[:, train]) / (X[:, train] ** 2).sum(axis=1)
            errors = y[:, test, None] - X[:, test] * threshold.kept(slopes)[:, None]
            scores.append(-(errors**2).mean(axis=1))
    return np.stack(scores, axis=2)


def judge_thresholds(name: str, shape: tuple[int, int], least: float, n_draws: int) -> list[Said]:
    """Judge many pairs that are equally good, with a least share of the variance that all splits have in common.

    Says whether one learner, fixed in advance, is not in the set of the best, and whether a verdict calls the pair
    better or worse.
    """
    resampling, found = Resampling.of_folds(shape[0]), []
    rng = np.random.default_rng((list(THRESHOLDS).index(name), *shape))
    for size in batches(n_draws, BATCH):
        drawn = draw_scores(THRESHOLDS[name], *shape, size, rng)
        with patch.object(differences, "LEAST_SHARED", least):
            for seed, scores in enumerate(drawn):
                claimed = claims(word_of(Pair(scores[0], scores[1], resampling, 0.0)))
                found.append({"excluded": not best_set(scores, resampling, seed)[0], "claimed": claimed})
    return found
