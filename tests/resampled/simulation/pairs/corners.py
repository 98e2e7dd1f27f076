"""A corner that can mislead tests: one repeat with the same difference on each split."""

import numpy as np

from resampled.candidates.best_set import best_set
from resampled.means.ttest import p_values
from resampled.pairs.equivalence import equivalence
from resampled.resampling import Resampling
from tests.resampled.simulation.drawing import Drawing, Rows, Said

N_TEST = 100
FOLDS = Resampling.of_folds(3, 3 * N_TEST, (0, 1))


def judge_one_repeat(draw: int) -> Said:
    """Draw two learners that are right on 7 rows in 10, mostly on the same ones, and so differ by few of 100 rows."""
    rng = np.random.default_rng((draw, 21))
    own = rng.binomial(5, 0.7, (2, 3))
    while np.ptp(own[0] - own[1]) or (own[0] == own[1]).all():
        own = rng.binomial(5, 0.7, (2, 3))
    scores = (rng.binomial(N_TEST - 5, 0.7, 3) + own) / N_TEST
    scores = scores[np.argsort(-scores.mean(axis=1))]
    differences = scores[1] - scores[0]
    worse, _, _ = equivalence(differences, FOLDS, 0.001)
    return {
        "claimed": bool(p_values(scores, 0, FOLDS)[1] < 0.05),
        "certain": bool(worse > 0.95),
        "excluded": not best_set(scores, FOLDS, draw)[1],
    }


def rows(drawing: Drawing) -> Rows:
    """Return how often the corner misleads."""
    return drawing.rows((), judge_one_repeat, [()], part=2)
