"""Draws searches in which one candidate is clearly the best, and judges the corrected score: draws with less data than
the search may miss that candidate."""

from dataclasses import dataclass

import numpy as np

from resampled.means.corrected import corrected_score
from tests.resampled.simulation.drawing import Drawing, Rows, Said
from tests.resampled.simulation.searches import CALM, HARD_FOR_ONE, NOISY, draw_predictions

N_CANDIDATES, OTHERS = 30, 0.72


@dataclass(frozen=True)
class Lead:
    """By how much one candidate is better than all others, and how the search is drawn."""

    better_by: float
    noise: float = CALM
    own: float = HARD_FOR_ONE
    n_repeats: int = 10
    n_rows: int = 768


LEADS = {
    "calm": Lead(0.05),
    "calm, 300 rows": Lead(0.05, n_rows=300),
    "calm, 300 rows, by less": Lead(0.03, n_rows=300),
    "noisy": Lead(0.1, NOISY),
    "noisy, by less": Lead(0.05, NOISY),
    "no chance in training, 300 rows": Lead(0.05, 0.0, 0.45, 3, 300),
    "calm, one repeat": Lead(0.05, n_repeats=1),
}


def judge_lead(name: str, draw: int) -> Said:
    """Draw a search and correct its best score; errors are estimates minus the true score of the winner."""
    lead = LEADS[name]
    rng = np.random.default_rng((draw, list(LEADS).index(name), 44))
    truth = np.where(np.arange(N_CANDIDATES) == 0, OTHERS + lead.better_by, OTHERS)
    search = draw_predictions(truth, lead.noise, rng, lead.n_repeats, lead.n_rows, lead.own)
    scores = search.scores
    best = int(scores.mean(axis=1).argmax())
    found = corrected_score(scores, search.resampling, seed=draw, rows=search.rows, n_rounds=2)
    assert found is not None
    return {
        "winner's mean": scores[best].mean() - truth[best],
        "corrected": found.score - truth[best],
        "covers": bool(found.low <= truth[best] <= found.high),
        "the best wins": best == 0,
    }


def rows(drawing: Drawing) -> Rows:
    """Return the errors and what the interval covers, by case."""
    return drawing.rows(("search",), judge_lead, [(name,) for name in LEADS])
