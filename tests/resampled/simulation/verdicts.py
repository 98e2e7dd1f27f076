"""What the statistics say about a search that was drawn, against its truth."""

from dataclasses import dataclass

import numpy as np

from resampled.candidates.best_set import best_set
from resampled.means.corrected import corrected_score
from resampled.means.ttest import p_values
from tests.resampled.simulation.drawing import Drawing, Means, Rows, written
from tests.resampled.simulation.learners import draw_learners
from tests.resampled.simulation.searches import CASES, Search, draw_search

# Fewer than in a search: over many searches, the noise of their draws is nothing.
N_ROUNDS = 2
N_CANDIDATES = (30, 200)
CORRECTED = {
    "winner's mean": "{plain_error[0]:+.4f}",
    "rows alone": "{rows_only_error[0]:+.4f}",
    "corrected": "{error[0]:+.4f}",
    "covers": "{covers[0]:.3f}",
    "width": "{width[0]:.3f}",
}
SET = {
    "holds the best": "{holds_best[0]:.3f}",
    "holds every best": "{holds_every_best[0]:.3f}",
    "share in the set": "{set_share[0]:.2f}",
    "share tied in pairs": "{tied_share[0]:.2f}",
}


@dataclass(frozen=True)
class Verdict:
    """Errors are estimates minus the true score of the candidate with the best mean."""

    plain_error: float
    rows_only_error: float
    error: float
    width: float
    covers: bool
    holds_best: bool
    holds_every_best: bool
    set_share: float
    tied_share: float


def judge(case: str, n_candidates: int, draw: int, n_repeats: int = 10) -> Verdict:
    """Draw a search and apply the statistics to it."""
    rng = np.random.default_rng((draw, list(CASES).index(case), n_candidates, n_repeats))
    return verdict(draw_search(case, n_candidates, rng, n_repeats), draw)


def judge_learners(draw: int) -> Verdict:
    """Draw a search of real learners and apply the statistics to it."""
    return verdict(draw_learners(np.random.default_rng((draw, 9))), draw)


def verdict(search: Search, seed: int) -> Verdict:
    """Apply the statistics to a search."""
    scores, resampling = search.scores, search.resampling
    corrected = corrected_score(scores, resampling, seed=seed, rows=search.rows, n_rounds=N_ROUNDS)
    assert corrected is not None
    best = int(scores.mean(axis=1).argmax())
    truth = search.truth[best]
    held = best_set(scores, resampling, seed)
    bests = search.truth == search.truth.max()
    rng = np.random.default_rng(seed)
    return Verdict(
        plain_error=scores[best].mean() - truth,
        rows_only_error=over_rows_alone(search.right.mean(axis=1), rng) - truth,
        error=corrected.score - truth,
        width=corrected.high - corrected.low,
        covers=bool(corrected.low <= truth <= corrected.high),
        holds_best=bool(held[bests.argmax()]),
        holds_every_best=bool(held[bests].all()),
        set_share=held.mean(),
        tied_share=(p_values(scores, best, resampling) >= 0.05).mean(),
    )


def over_rows_alone(right: np.ndarray, rng: np.random.Generator, n_draws: int = 300) -> float:
    """Return the score by BBC-CV (Tsamardinos et al., 2018): a bootstrap over rows, with all of their predictions.

    `right` has the share of right predictions by candidate and row.
    """
    n = right.shape[1]
    drawn = rng.integers(n, size=(n_draws, n)) + n * np.arange(n_draws)[:, None]
    weights = np.bincount(drawn.ravel(), minlength=n_draws * n).reshape(n_draws, n)
    selected = (right @ weights.T.astype(float)).argmax(axis=0)
    out = weights == 0
    return float(((right[selected] * out).sum(axis=1) / out.sum(axis=1)).mean())


def corrected_rows(drawing: Drawing) -> Rows:
    """Return the rows on the corrected score."""
    return [{"case": case, "candidates": n} | written(CORRECTED, each) for (case, n), each in _found(drawing).items()]


def one_repeat_rows(drawing: Drawing) -> Rows:
    """Return the rows on the corrected score of one repeat."""
    return [{"case": case, "candidates": 30} | written(CORRECTED, each) for case, each in _of_one(drawing).items()]


def set_rows(drawing: Drawing) -> Rows:
    """Return the rows on the set that holds the best."""
    found = _found(drawing) | {(f"{case}, one repeat", 30): each for case, each in _of_one(drawing).items()}
    return [{"search": case, "candidates": n} | written(SET, each) for (case, n), each in found.items()]


def _found(drawing: Drawing) -> dict[tuple[str, int], Means]:
    found = {(case, n): drawing.means(judge, case, n) for n in N_CANDIDATES for case in CASES}
    return found | {("real learners", 24): drawing.means(judge_learners)}


def _of_one(drawing: Drawing) -> dict[str, Means]:
    return {case: drawing.means(judge, case, 30, n_repeats=1) for case in CASES}
