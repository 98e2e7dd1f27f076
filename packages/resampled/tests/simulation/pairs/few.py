"""Draws pairs that differ by the rope where it hardly shows: by few rows, or by fits that are seldom stuck."""

from dataclasses import dataclass, replace

import numpy as np

from packages.resampled.tests.simulation.drawing import Said
from packages.resampled.tests.simulation.pairs.before import (
    claimed_by_nadeau_and_bengio,
)
from packages.resampled.tests.simulation.pairs.changes import (
    MINORITY,
    ROPE,
    claims,
    word_of,
)
from packages.resampled.tests.simulation.searches import by_row
from resampled.candidates.best_set import best_set
from resampled.means.equivalence import equivalence
from resampled.means.ttest import p_values
from resampled.pairs.family import LEVEL
from resampled.pairs.pair import Pair
from resampled.resampling import Resampling

RIGHT = 0.72
# One repeat with the same difference on each split, which can mislead tests.
CORNER = Resampling.of_folds(3, 300, (0, 1))


@dataclass(frozen=True)
class Few:
    """How two learners that predict nearly the same differ.

    `gained` is the share of rows that the old one always gets wrong and the new one right, `lost` the other way round;
    `stuck` the chance that a fit of the new one has the accuracy 0.35; `flicker` the share of predictions that are
    wrong by chance, for either learner.
    """

    n_rows: int
    n_folds: int = 3
    n_repeats: int = 10
    gained: float = 0.0
    lost: float = 0.0
    stuck: float = 0.0
    flicker: float = 0.0

    @property
    def truth(self) -> float:
        """The true difference."""
        return self.gained - self.lost + self.stuck * (MINORITY - RIGHT)


PAIRS = {
    "1 % of rows gained, 300 rows": Few(300, gained=0.01),
    "1 % of rows gained, 768 rows": Few(768, gained=0.01),
    "1 % of rows gained, 768 rows, 5 folds, 2 repeats": Few(768, 5, 2, gained=0.01),
    "1 % of rows gained, 3,000 rows": Few(3000, gained=0.01),
    "2 % of rows gained, 1 % lost, 768 rows": Few(768, gained=0.02, lost=0.01),
    "stuck in 1 of 20 fits, 768 rows": Few(768, stuck=0.05, flicker=0.002),
    "stuck in 2.8 of 100 fits, 768 rows": Few(768, stuck=0.028, flicker=0.002),
    "stuck in 2.8 of 100 fits, 300 rows": Few(300, stuck=0.028, flicker=0.002),
    "no difference, 768 rows": Few(768, gained=0.001, lost=0.001),
    "no difference, 3,000 rows": Few(3000, gained=0.001, lost=0.001),
}


def draw_pair(few: Few, rng: np.random.Generator) -> Pair:
    """Draw the accuracies of two learners on the same splits."""
    n, kind = few.n_rows, rng.random(few.n_rows)
    gained, lost = kind < few.gained, kind > 1 - few.lost
    right = rng.random(n) < RIGHT
    sides = np.where(gained, False, right | lost), np.where(lost, False, right | gained)
    scores, hits = (
        np.empty((2, few.n_repeats, few.n_folds)),
        np.empty((2, few.n_repeats, n), dtype=bool),
    )
    all_folds = np.empty((few.n_repeats, n), dtype=int)
    of_class = rng.random(n) < MINORITY
    for repeat in range(few.n_repeats):
        all_folds[repeat] = folds = rng.permutation(n) % few.n_folds
        stuck = rng.random(few.n_folds) < few.stuck
        for side, of_side in enumerate(sides):
            seen = of_side ^ (rng.random(n) < few.flicker)
            hits[side, repeat] = seen = (
                np.where(stuck[folds], of_class, seen) if side else seen
            )
            scores[side, repeat] = np.bincount(folds, seen) / np.bincount(folds)
    old, new = scores.reshape(2, -1)
    return Pair(
        old,
        new,
        Resampling.of_folds(few.n_folds, n, (0, 1)),
        ROPE,
        by_unit=by_row(hits, all_folds),
    )


def judge_constants(n_rows: int, n_folds: int, n_repeats: int, draw: int) -> Said:
    """Draw classes of a coin, and judge "always 0" against "always 1" on stratified folds: are they told apart?"""
    rng = np.random.default_rng((draw, n_rows, n_folds, 68))
    is_one = rng.random(n_rows) < 0.5
    folds = np.empty((n_repeats, n_rows), dtype=int)
    for own in folds:
        order = rng.permutation(n_rows)
        by_class = order[np.argsort(is_one[order], kind="stable")]
        own[by_class] = np.arange(n_rows) % n_folds
    scores = np.concatenate(
        [np.bincount(own, is_one) / np.bincount(own) for own in folds]
    )
    hits = np.repeat(np.stack([~is_one, is_one])[:, None], n_repeats, axis=1)
    resampling = Resampling.of_folds(n_folds, n_rows, (0, 1))
    alone = Pair(1 - scores, scores, resampling, 0.0)
    pair = replace(alone, by_unit=by_row(hits, folds))
    return {
        "claimed": claims(word_of(pair)),
        "claimed, scores alone": claims(word_of(alone)),
        "not tested, scores alone": not (alone.is_tested or alone.is_same),
        "claimed by Nadeau and Bengio": claimed_by_nadeau_and_bengio(alone),
    }


def judge_few(name: str, draw: int) -> Said:
    """Draw a pair: is it level, and would it be by the interval alone?"""
    pair = draw_pair(
        PAIRS[name], np.random.default_rng((draw, list(PAIRS).index(name), 45))
    )
    inside = abs(pair.difference) + pair.half_width(0.9) <= pair.rope
    return {
        "level": word_of(pair) == LEVEL,
        "level, by the interval alone": bool(inside and not pair.is_same),
        "unchanged": pair.is_same,
    }


def judge_one_repeat(draw: int) -> Said:
    """Draw two learners that are right on 7 rows in 10, mostly on the same ones, and so differ by few of 100 rows."""
    rng = np.random.default_rng((draw, 21))
    own = rng.binomial(5, 0.7, (2, 3))
    while np.ptp(own[0] - own[1]) or (own[0] == own[1]).all():
        own = rng.binomial(5, 0.7, (2, 3))
    scores = (rng.binomial(100 - 5, 0.7, 3) + own) / 100
    scores = scores[np.argsort(-scores.mean(axis=1))]
    differences = scores[1] - scores[0]
    worse, _, _ = equivalence(differences, CORNER, 0.001)
    return {
        "claimed": bool(p_values(scores, 0, CORNER)[1] < 0.05),
        "certain": bool(worse > 0.95),
        "excluded": not best_set(scores, CORNER, draw)[1],
    }
