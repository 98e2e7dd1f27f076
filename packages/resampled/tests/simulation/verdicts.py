"""What the statistics say about a search that was drawn, against its truth."""

import numpy as np

from packages.resampled.tests.simulation.drawing import Said
from packages.resampled.tests.simulation.learners import draw_learners
from packages.resampled.tests.simulation.searches import CASES, Search, draw_search
from resampled.candidates.best_set import best_set
from resampled.means.corrected import corrected_score
from resampled.means.ttest import p_values

# Fewer than in a search: over many searches, the noise of their draws is nothing.
N_ROUNDS = 2


def judge(case: str, n_candidates: int, n_repeats: int, draw: int) -> Said:
    """Draw a search, of a case or of real learners, and apply the statistics to it."""
    if case == "real learners":
        return verdict(draw_learners(np.random.default_rng((draw, 9))), draw)
    rng = np.random.default_rng(
        (draw, list(CASES).index(case), n_candidates, n_repeats)
    )
    return verdict(draw_search(case, n_candidates, rng, n_repeats), draw)


def verdict(search: Search, seed: int) -> Said:
    """Apply the statistics to a search; errors are estimates minus the true score of the candidate with the best mean.

    If several candidates are equally good, `holds the best` is about the first of them.
    """
    scores, resampling = search.scores, search.resampling
    corrected = corrected_score(
        scores, resampling, seed=seed, rows=search.rows, n_rounds=N_ROUNDS
    )
    assert corrected is not None
    best = int(scores.mean(axis=1).argmax())
    truth = search.truth[best]
    held = best_set(scores, resampling, seed, search.by_unit)
    bests = search.truth == search.truth.max()
    return {
        "winner's mean": scores[best].mean() - truth,
        "rows alone": over_rows_alone(
            search.right.mean(axis=1), np.random.default_rng(seed)
        )
        - truth,
        "corrected": corrected.score - truth,
        "covers": bool(corrected.low <= truth <= corrected.high),
        "width": corrected.high - corrected.low,
        "holds the best": bool(held[bests.argmax()]),
        "holds every best": bool(held[bests].all()),
        "share in the set": held.mean(),
        "share tied in pairs": (p_values(scores, best, resampling) >= 0.05).mean(),
    }


def over_rows_alone(
    right: np.ndarray, rng: np.random.Generator, n_draws: int = 300
) -> float:
    """Return the score by BBC-CV (Tsamardinos et al., 2018): a bootstrap over rows, with all of their predictions.

    `right` has the share of right predictions by candidate and row.
    """
    n = right.shape[1]
    drawn = rng.integers(n, size=(n_draws, n)) + n * np.arange(n_draws)[:, None]
    weights = np.bincount(drawn.ravel(), minlength=n_draws * n).reshape(n_draws, n)
    selected = (right @ weights.T.astype(float)).argmax(axis=0)
    out = weights == 0
    return float(((right[selected] * out).sum(axis=1) / out.sum(axis=1)).mean())
