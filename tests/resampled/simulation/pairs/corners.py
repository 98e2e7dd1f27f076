"""Corners that can mislead tests: one repeat with the same difference on each split, and scores in small units."""

from dataclasses import dataclass

import numpy as np

from resampled.candidates.best_set import best_set, simplest
from resampled.means.ttest import p_values
from resampled.pairs.equivalence import equivalence
from resampled.resampling import Resampling
from tests.resampled.simulation.drawing import Drawing, Rows, with_error

N_TEST = 100
# What one row changes counts in the one, and nothing does in the other.
ONE, UNBOUNDED = Resampling.of_folds(3, 3 * N_TEST, (0, 1)), Resampling.of_folds(3)


@dataclass(frozen=True)
class OneRepeat:
    """What is said of two equal learners on three splits, if their differences are the same on each."""

    claimed: bool
    certain: bool
    excluded: bool


def judge_one_repeat(draw: int) -> OneRepeat:
    """Draw two learners that are right on 7 rows in 10, mostly on the same ones, and so differ by few of 100 rows."""
    rng = np.random.default_rng((draw, 21))
    own = rng.binomial(5, 0.7, (2, 3))
    while np.ptp(own[0] - own[1]) or (own[0] == own[1]).all():
        own = rng.binomial(5, 0.7, (2, 3))
    scores = (rng.binomial(N_TEST - 5, 0.7, 3) + own) / N_TEST
    scores = scores[np.argsort(-scores.mean(axis=1))]
    differences = scores[1] - scores[0]
    worse, _, _ = equivalence(differences, ONE, 0.001)
    return OneRepeat(
        claimed=bool(p_values(scores, 0, ONE)[1] < 0.05),
        certain=bool(worse > 0.95),
        excluded=not best_set(scores, ONE, draw)[1],
    )


@dataclass(frozen=True)
class SmallUnits:
    """What is said of candidates with one to four times the error, of about 1e-7."""

    all_in_set: bool
    worst_is_simplest: bool
    all_equal: bool


def judge_small_units(draw: int) -> SmallUnits:
    """Draw negative squared errors of four candidates on 30 splits; the worst one has the fewest weights."""
    rng = np.random.default_rng((draw, 22))
    scores = -1e-7 * np.arange(1, 5)[:, None] * rng.lognormal(sigma=0.05, size=(4, 30))
    in_set = best_set(scores, UNBOUNDED, draw)
    equal = equivalence(scores - scores[0], UNBOUNDED, 1e-8).equal
    return SmallUnits(
        all_in_set=bool(in_set.all()),
        worst_is_simplest=simplest(in_set, [np.array([40, 30, 20, 10])], scores.mean(axis=1)) == 3,
        all_equal=bool((equal > 0.95).all()),
    )


def rows(drawing: Drawing) -> Rows:
    """Return how often each corner misleads."""
    corners = {"one repeat, equal differences": judge_one_repeat, "small units": judge_small_units}
    found = {name: drawing.means(judge, part=2) for name, judge in corners.items()}
    return [
        {
            "corner": name,
            "misled": ", ".join(f"{key.replace('_', ' ')} {with_error(pair)}" for key, pair in each.items()),
        }
        for name, each in found.items()
    ]
