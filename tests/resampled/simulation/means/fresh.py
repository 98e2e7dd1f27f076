"""Draws learners that are equally good, and judges the best of them on fresh splits of the rows that chose it."""

from dataclasses import replace

import numpy as np

from resampled.means.corrected import corrected_score
from resampled.means.intervals import intervals
from resampled.means.ttest import p_values
from resampled.pairs.equivalence import equivalence
from tests.resampled.simulation.drawing import Drawing, Rows, Said
from tests.resampled.simulation.searches import CALM, HARD_FOR_ONE, NOISY, Search, draw_predictions

N_LEARNERS, N_ROWS, N_REPEATS, ROPE = 12, 300, 10, 0.01
# The noise of fits, and the variance that is a row's for one learner. Without chance in training, all the rest is that.
TRAININGS = {"no chance in training": (0.0, 0.45), "calm": (CALM, HARD_FOR_ONE), "noisy": (NOISY, HARD_FOR_ONE)}


def judge_fresh(training: str, draw: int) -> Said:
    """Draw 20 repeats of a cross-validation: a search has the first half, and the other half are its fresh splits.

    Says what is said of the winner. `worse` is the mean share that the others are worse than it by more than 0.01, and
    `p < 0.05` how many of them are said to differ from it; none of them does.
    """
    rng = np.random.default_rng((draw, list(TRAININGS).index(training), 12))
    noise, own = TRAININGS[training]
    whole = draw_predictions(np.full(N_LEARNERS, 0.72), noise, rng, 2 * N_REPEATS, N_ROWS, own)
    halves = slice(None, N_REPEATS), slice(N_REPEATS, None)
    search, fresh = (Search(whole.truth, whole.right[:, half], whole.folds[half]) for half in halves)
    resampling, scores, anew = search.resampling, search.scores, fresh.scores
    best = int(scores.mean(axis=1).argmax())
    others = np.arange(N_LEARNERS) != best
    truth = whole.truth[best]
    found = corrected_score(scores, resampling, seed=draw, rows=search.rows, n_rounds=2)
    assert found is not None
    kept = replace(fresh, right=fresh.right[[best]])
    half = intervals(kept.scores, resampling, seed=draw, rows=kept.rows).half[0]
    in_search, on_fresh = (equivalence(each[others] - each[best], resampling, ROPE) for each in (scores, anew))
    mean = anew[best].mean()
    return {
        "in the search": scores[best].mean() - truth,
        "on fresh splits": mean - truth,
        "corrected": found.score - truth,
        "`ci95` on fresh splits covers": bool(abs(mean - truth) <= half),
        "corrected covers": bool(found.low <= truth <= found.high),
        "p < 0.05 on fresh splits": (p_values(anew, best, resampling)[others] < 0.05).mean(),
        "worse, in the search": in_search.worse.mean(),
        "worse, on fresh splits": on_fresh.worse.mean(),
    }


def rows(drawing: Drawing) -> Rows:
    """Return what is said of the winner, by training."""
    return drawing.rows(("training",), judge_fresh, [(name,) for name in TRAININGS], part=2)
