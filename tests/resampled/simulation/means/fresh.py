"""Draws learners that are equally good, and judges the best of them on fresh splits of the rows that chose it."""

from dataclasses import dataclass, replace

import numpy as np

from resampled.means.corrected import corrected_score
from resampled.means.intervals import intervals
from resampled.means.ttest import p_values
from resampled.pairs.equivalence import equivalence
from tests.resampled.simulation.drawing import Drawing, Rows, written
from tests.resampled.simulation.searches import CALM, HARD_FOR_ONE, NOISY, Search, draw_predictions

N_LEARNERS, N_ROWS, N_REPEATS, ROPE = 12, 300, 10, 0.01
# The noise of fits, and the variance that is a row's for one learner. Without chance in training, all the rest is that.
TRAININGS = {"no chance in training": (0.0, 0.45), "calm": (CALM, HARD_FOR_ONE), "noisy": (NOISY, HARD_FOR_ONE)}
FRESH = {
    "in the search": "{search_error[0]:+.4f}",
    "on fresh splits": "{fresh_error[0]:+.4f} ± {fresh_error[1]:.4f}",
    "corrected": "{corrected_error[0]:+.4f} ± {corrected_error[1]:.4f}",
    "`ci95` on fresh splits covers": "{fresh_covers[0]:.3f} ± {fresh_covers[1]:.3f}",
    "corrected covers": "{corrected_covers[0]:.3f} ± {corrected_covers[1]:.3f}",
    "p < 0.05 on fresh splits": "{claimed[0]:.3f} ± {claimed[1]:.3f}",
    "worse, in the search and on fresh splits": "{search_worse[0]:.2f}, {fresh_worse[0]:.2f}",
}


@dataclass(frozen=True)
class Fresh:
    """What is said of the winner: in the search, on fresh splits, and corrected for the choice.

    `worse` is the mean share that the others are worse than it by more than 0.01; `claimed` is how many of them are
    said to differ from it at the 5 % level. None of them does. `equal` is the share that they are as good.
    """

    search_error: float
    fresh_error: float
    fresh_covers: bool
    corrected_error: float
    corrected_covers: bool
    search_worse: float
    fresh_worse: float
    claimed: float
    equal: float


def judge_fresh(training: str, draw: int) -> Fresh:
    """Draw 20 repeats of a cross-validation: a search has the first half, and the other half are its fresh splits."""
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
    return Fresh(
        search_error=scores[best].mean() - truth,
        fresh_error=anew[best].mean() - truth,
        fresh_covers=bool(abs(anew[best].mean() - truth) <= half),
        corrected_error=found.score - truth,
        corrected_covers=bool(found.low <= truth <= found.high),
        search_worse=in_search[0].mean(),
        fresh_worse=on_fresh[0].mean(),
        claimed=(p_values(anew, best, resampling)[others] < 0.05).mean(),
        equal=on_fresh[1].mean(),
    )


def rows(drawing: Drawing) -> Rows:
    """Return what is said of the winner, by training."""
    return [{"training": name} | written(FRESH, drawing.means(judge_fresh, name, part=2)) for name in TRAININGS]
