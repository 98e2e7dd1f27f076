"""Cuts the candidates of a search into several searches, and judges the choice of the winner among them."""

from dataclasses import dataclass

import numpy as np

from stages.lib.scores import Corrected, corrected_score
from stages.lib.winners.whole_choice import whole_choice
from tests.simulation.searches import CASES, draw_search
from tests.simulation.verdicts import rows_of

SIZES = (7, 7, 10, 18, 30, 50)


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
    scores, rows = search.scores, rows_of(search)
    found: dict[str, Corrected] = {}
    chosen = {}
    for number, mine in enumerate(np.split(order, np.cumsum(SIZES)[:-1])):
        own = np.where(np.isin(np.arange(len(scores)), mine)[:, None], scores, np.nan)
        corrected = corrected_score(own, n_repeats=len(search.folds), seed=draw, rows=rows, n_rounds=2)
        assert corrected is not None
        found[str(number)] = corrected
        chosen[str(number)] = int(np.nanargmax(own.mean(axis=1)))
    winner = max(found, key=lambda name: found[name].score)
    truth = search.truth[chosen[winner]]
    score, low, high = chosen_among(found)
    own_best = found[winner]
    return Whole(
        own_error=own_best.score - truth,
        own_covers=bool(own_best.low <= truth <= own_best.high),
        error=score - truth,
        covers=bool(low <= truth <= high),
        width=high - low,
    )


def chosen_among(found: dict[str, Corrected]) -> tuple[float, float, float]:
    """Return the corrected score of the choice among all searches, and the ends of its interval."""
    metrics = {name: _metrics(each) for name, each in found.items()}
    whole = whole_choice(metrics, {name: each.draws for name, each in found.items()}, (0, 1))
    assert whole is not None
    return whole


def _metrics(corrected: Corrected) -> dict[str, float | str]:
    return {
        "best_score_corrected": corrected.score,
        "best_score_corrected_low": corrected.low,
        "best_score_corrected_high": corrected.high,
        "corrected_over": corrected.over,
    }
