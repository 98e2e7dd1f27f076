"""Draws learners that are equally good, and judges the best of them on fresh splits of the rows that chose it."""

from dataclasses import dataclass

import numpy as np

from stages.lib.comparison import equivalence
from stages.lib.scores import Rows, corrected_score, half_widths, p_values
from tests.simulation.searches import CALM, HARD_FOR_ONE, N_FOLDS, NOISY, Search, draw_predictions
from tests.simulation.verdicts import rows_of

N_LEARNERS, N_ROWS, N_REPEATS, ROPE = 12, 300, 10, 0.01
# The noise of fits, and the variance that is a row's for one learner. Without chance in training, all the rest is that.
TRAININGS = {"no chance in training": (0.0, 0.45), "calm": (CALM, HARD_FOR_ONE), "noisy": (NOISY, HARD_FOR_ONE)}


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
    search, fresh = (
        Search(whole.truth, whole.right[:, part], whole.folds[part])
        for part in (slice(None, N_REPEATS), slice(N_REPEATS, None))
    )
    share, scores, anew = 1 / (N_FOLDS - 1), search.scores, fresh.scores
    best = int(scores.mean(axis=1).argmax())
    others = np.arange(N_LEARNERS) != best
    truth = whole.truth[best]
    found = corrected_score(scores, n_repeats=N_REPEATS, seed=draw, rows=rows_of(search), n_rounds=2)
    assert found is not None
    rows = rows_of(fresh)
    kept = Rows([each[[best]] for each in rows.statistics], rows.tests, None, rows.pooling)
    half = half_widths(anew[[best]], share, n_repeats=N_REPEATS, seed=draw, rows=kept)[0]
    in_search, on_fresh = (equivalence(each[others] - each[best], share, ROPE) for each in (scores, anew))
    return Fresh(
        search_error=scores[best].mean() - truth,
        fresh_error=anew[best].mean() - truth,
        fresh_covers=bool(abs(anew[best].mean() - truth) <= half),
        corrected_error=found.score - truth,
        corrected_covers=bool(found.low <= truth <= found.high),
        search_worse=in_search[0].mean(),
        fresh_worse=on_fresh[0].mean(),
        claimed=(p_values(anew, best, share)[others] < 0.05).mean(),
        equal=on_fresh[1].mean(),
    )
