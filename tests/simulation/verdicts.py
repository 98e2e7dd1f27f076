"""What the statistics say about a search that was drawn, against its truth."""

from dataclasses import dataclass

import numpy as np

from stages.lib.scores import Rows, best_set, corrected_score, p_values, pooling
from tests.simulation.learners import draw_learners
from tests.simulation.searches import CASES, N_FOLDS, Search, draw_search

# Fewer than in a search: over many searches, the noise of their draws is nothing.
N_ROUNDS = 2


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
    scores, rows = search.scores, rows_of(search)
    corrected = corrected_score(scores, n_repeats=len(search.folds), seed=seed, rows=rows, n_rounds=N_ROUNDS)
    assert corrected is not None
    best = int(scores.mean(axis=1).argmax())
    truth, share = search.truth[best], 1 / (N_FOLDS - 1)
    held = best_set(scores, share, seed)
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
        tied_share=(p_values(scores, best, share) >= 0.05).mean(),
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


def rows_of(search: Search) -> Rows:
    """Return the predictions of a search as the statistics want them."""
    accuracy, tests = pooling("accuracy"), search.tests
    assert accuracy is not None
    return Rows([_statistics(search, split, test) for split, test in enumerate(tests)], tests, None, accuracy)


def _statistics(search: Search, split: int, test: np.ndarray) -> np.ndarray:
    right = search.right[:, split // search.n_folds, test]
    return np.stack([np.ones_like(right), right], axis=2).astype(np.float32)
