"""Cuts the candidates of a search into several searches, and judges the choice of the winner among them."""

from dataclasses import dataclass

import numpy as np

from resampled.means.choice import whole_choice
from resampled.means.corrected import Corrected, corrected_score
from tests.resampled.simulation.drawing import Drawing, Rows, written
from tests.resampled.simulation.searches import CASES, draw_search

SIZES = (7, 7, 10, 18, 30, 50)
WHOLE = {
    "the winner's own correction": "{own_error[0]:+.4f} ± {own_error[1]:.4f}",
    "covers": "{own_covers[0]:.3f} ± {own_covers[1]:.3f}",
    "corrected for the whole choice": "{error[0]:+.4f} ± {error[1]:.4f}",
    "covers the truth": "{covers[0]:.3f} ± {covers[1]:.3f}",
    "width": "{width[0]:.3f}",
}


@dataclass(frozen=True)
class Whole:
    """Errors are estimates minus the true score of the winner's best candidate; `own` is its own search's estimate."""

    own_error: float
    own_covers: bool
    error: float
    covers: bool
    width: float


def judge_whole(case: str, draw: int) -> Whole:
    """Draw candidates of a case, six searches of them, and judge the winner, which has the best corrected score."""
    search = draw_search(case, sum(SIZES), np.random.default_rng((draw, list(CASES).index(case), 6)))
    order = np.random.default_rng(draw).permutation(sum(SIZES))
    scores, rows = search.scores, search.rows
    found: dict[str, Corrected] = {}
    chosen = {}
    for number, mine in enumerate(np.split(order, np.cumsum(SIZES)[:-1])):
        own = np.where(np.isin(np.arange(len(scores)), mine)[:, None], scores, np.nan)
        corrected = corrected_score(own, search.resampling, seed=draw, rows=rows, n_rounds=2)
        assert corrected is not None
        found[str(number)] = corrected
        chosen[str(number)] = int(np.nanargmax(own.mean(axis=1)))
    winner = max(found, key=lambda name: found[name].score)
    truth = search.truth[chosen[winner]]
    own_best, whole = found[winner], whole_choice(found, (0, 1))
    assert whole is not None
    return Whole(
        own_error=own_best.score - truth,
        own_covers=bool(own_best.low <= truth <= own_best.high),
        error=whole.score - truth,
        covers=bool(whole.low <= truth <= whole.high),
        width=whole.high - whole.low,
    )


def rows(drawing: Drawing) -> Rows:
    """Return what is said of the winner, by case."""
    return [{"case": case} | written(WHOLE, drawing.means(judge_whole, case, part=2)) for case in CASES]
