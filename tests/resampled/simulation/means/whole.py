"""Cuts the candidates of a search into several searches, and judges the choice of the winner among them."""

import numpy as np

from resampled.means.choice import whole_choice
from resampled.means.corrected import Corrected, corrected_score
from tests.resampled.simulation.drawing import Drawing, Rows, Said
from tests.resampled.simulation.searches import CASES, draw_search

SIZES = (7, 7, 10, 18, 30, 50)


def judge_whole(case: str, draw: int) -> Said:
    """Draw candidates of a case, six searches of them, and judge the winner, which has the best corrected score.

    Errors are estimates minus the true score of the winner's best candidate.
    """
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
    return {
        "the winner's own correction": own_best.score - truth,
        "covers": bool(own_best.low <= truth <= own_best.high),
        "corrected for the whole choice": whole.score - truth,
        "covers the truth": bool(whole.low <= truth <= whole.high),
        "width": whole.high - whole.low,
    }


def rows(drawing: Drawing) -> Rows:
    """Return what is said of the winner, by case."""
    return drawing.rows(("case",), judge_whole, [(case,) for case in CASES], part=2)
