"""Draws searches and judges the mean of their winner: on fresh splits of the same rows, where one candidate is clearly
the best, which draws with less data may miss, and where it was chosen among several searches."""

from dataclasses import dataclass, replace

import numpy as np

from packages.resampled.tests.simulation.drawing import Said
from packages.resampled.tests.simulation.searches import (
    CALM,
    CASES,
    HARD_FOR_ONE,
    NOISY,
    Search,
    draw_predictions,
    draw_search,
)
from resampled.means.choice import whole_choice
from resampled.means.corrected import Corrected, corrected_score
from resampled.means.equivalence import equivalence
from resampled.means.intervals import intervals
from resampled.means.pooling import pooling
from resampled.means.rows import Rows
from resampled.means.ttest import p_values
from resampled.resampling import Resampling

N_LEARNERS, N_ROWS, N_REPEATS, ROPE = 12, 300, 10, 0.01
# The noise of fits, and the variance that is a row's for one learner. Without chance in training, all the rest is that.
TRAININGS = {
    "no chance in training": (0.0, 0.45),
    "calm": (CALM, HARD_FOR_ONE),
    "noisy": (NOISY, HARD_FOR_ONE),
}
# How many candidates searches have that are cut out of one.
SIZES = (7, 7, 10, 18, 30, 50)


@dataclass(frozen=True)
class Lead:
    """By how much one of thirty candidates is better than all others, and how the search is drawn."""

    better_by: float
    noise: float = CALM
    own: float = HARD_FOR_ONE
    n_repeats: int = 10
    n_rows: int = 768
    n_candidates: int = 30
    n_folds: int = 3


LEADS = {
    "calm": Lead(0.05),
    "calm, 300 rows": Lead(0.05, n_rows=300),
    "calm, 300 rows, by less": Lead(0.03, n_rows=300),
    "noisy": Lead(0.1, NOISY),
    "noisy, by less": Lead(0.05, NOISY),
    "no chance in training, 300 rows": Lead(0.05, 0.0, 0.45, 3, 300),
    "calm, one repeat": Lead(0.05, n_repeats=1),
    "50 equal, 100 rows, 2 × 5": Lead(0.0, CALM, HARD_FOR_ONE, 2, 100, 50, 5),
    "50 equal, 300 rows, 2 × 5": Lead(0.0, CALM, HARD_FOR_ONE, 2, 300, 50, 5),
}
# By how much R² of one of 50 candidates is better than the 0.3 of all others, and how many rows there are.
NUMBERS = {"100 rows, 2 × 5": (0.1, 100), "300 rows, 2 × 5": (0.1, 300)}


def corrected(search: Search, seed: int, scores: np.ndarray | None = None) -> Corrected:
    """Correct the best score of a search, by few draws; over many searches, the noise of these is nothing."""
    scores = search.scores if scores is None else scores
    found = corrected_score(
        scores, search.resampling, seed=seed, rows=search.rows, n_rounds=2
    )
    assert found is not None
    return found


def judge_fresh(training: str, draw: int) -> Said:
    """Draw 20 repeats of a cross-validation: a search has the first half, and the other half are its fresh splits.

    All learners are equally good. `worse` is the mean share that the others are worse than the winner by more than
    0.01, and `p < 0.05` how many of them are said to differ from it.
    """
    rng = np.random.default_rng((draw, list(TRAININGS).index(training), 12))
    noise, own = TRAININGS[training]
    whole = draw_predictions(
        np.full(N_LEARNERS, 0.72), noise, rng, 2 * N_REPEATS, N_ROWS, own
    )
    halves = slice(None, N_REPEATS), slice(N_REPEATS, None)
    search, fresh = (
        Search(whole.truth, whole.right[:, half], whole.folds[half]) for half in halves
    )
    resampling, scores, anew = search.resampling, search.scores, fresh.scores
    best = int(scores.mean(axis=1).argmax())
    others, truth, mean = (
        np.arange(N_LEARNERS) != best,
        whole.truth[best],
        anew[best].mean(),
    )
    found, kept = corrected(search, draw), replace(fresh, right=fresh.right[[best]])
    low, high, _ = intervals(kept.scores, resampling, by_unit=kept.by_unit)
    in_search, on_fresh = (
        equivalence(each[others] - each[best], resampling, ROPE)
        for each in (scores, anew)
    )
    return {
        "in the search": scores[best].mean() - truth,
        "on fresh splits": mean - truth,
        "corrected": found.score - truth,
        "`ci95` on fresh splits covers": bool(low[0] <= truth <= high[0]),
        "corrected covers": bool(found.low <= truth <= found.high),
        "p < 0.05 on fresh splits": (
            p_values(anew, best, resampling)[others] < 0.05
        ).mean(),
        "worse, in the search": in_search.worse.mean(),
        "worse, on fresh splits": on_fresh.worse.mean(),
    }


def judge_lead(name: str, draw: int) -> Said:
    """Draw a search and correct its best score; errors are estimates minus the true score of the winner."""
    lead = LEADS[name]
    rng = np.random.default_rng((draw, list(LEADS).index(name), 44))
    is_best = np.arange(lead.n_candidates) == 0
    truth = np.where(is_best, 0.72 + lead.better_by, 0.72)
    shape = lead.n_repeats, lead.n_rows, lead.own
    search = draw_predictions(truth, lead.noise, rng, *shape, n_folds=lead.n_folds)
    return _of_winner(search.scores, corrected(search, draw), truth)


def judge_numbers(name: str, draw: int) -> Said:
    """Draw predictions of normal numbers on 2 × 5 folds, and correct the best R².

    Of a candidate's error, a half is the row's for all candidates, a quarter the row's for this one, and a quarter
    that of each prediction. The true score is the expected one of a fold of m rows, 1 - (1 - R²) m / (m - 3).
    """
    better_by, n_rows = NUMBERS[name]
    rng = np.random.default_rng((draw, list(NUMBERS).index(name), 69))
    n_candidates, n_repeats, n_folds = 50, 2, 5
    r2 = np.where(np.arange(n_candidates) == 0, 0.3 + better_by, 0.3)
    y = rng.standard_normal(n_rows)
    error = 0.5**0.5 * rng.standard_normal(n_rows)
    error = error + 0.5 * rng.standard_normal((n_candidates, 1, n_rows))
    error = error + 0.5 * rng.standard_normal((n_candidates, n_repeats, n_rows))
    predicted = y - (1 - r2[:, None, None]) ** 0.5 * error
    pool = pooling("r2")
    assert pool is not None
    tests, statistics = [], []
    for repeat in range(n_repeats):
        folds = rng.permutation(n_rows) % n_folds
        for fold in range(n_folds):
            test = np.flatnonzero(folds == fold)
            of_each = [pool.rows(y[test], each[repeat, test]) for each in predicted]
            tests.append(test)
            statistics.append(np.stack(of_each))
    totals = [each.sum(axis=1, dtype=float) for each in statistics]
    scores = np.stack([pool.score(total) for total in totals], axis=1)
    rows, resampling = Rows(statistics, tests, None, pool), Resampling.of_folds(n_folds)
    found = corrected_score(scores, resampling, seed=draw, rows=rows, n_rounds=2)
    assert found is not None
    n_test = n_rows // n_folds
    truth = 1 - (1 - r2) * n_test / (n_test - 3)
    return _of_winner(scores, found, truth)


def _of_winner(scores: np.ndarray, found: Corrected, truth: np.ndarray) -> Said:
    """Say what the scores and their correction make of the candidate with the best mean; the first one is the best."""
    means = scores.mean(axis=1)
    best = int(means.argmax())
    return {
        "winner's mean": means[best] - truth[best],
        "corrected": found.score - truth[best],
        "covers": bool(found.low <= truth[best] <= found.high),
        "the best wins": best == 0,
    }


def judge_whole(case: str, draw: int) -> Said:
    """Draw candidates of a case, six searches of them, and judge the winner, which has the best corrected score.

    Errors are estimates minus the true score of the winner's best candidate.
    """
    search = draw_search(
        case, sum(SIZES), np.random.default_rng((draw, list(CASES).index(case), 6))
    )
    order = np.random.default_rng(draw).permutation(sum(SIZES))
    found: dict[str, Corrected] = {}
    chosen = {}
    for number, mine in enumerate(np.split(order, np.cumsum(SIZES)[:-1])):
        own = np.where(
            np.isin(np.arange(len(order)), mine)[:, None], search.scores, np.nan
        )
        found[str(number)] = corrected(search, draw, own)
        chosen[str(number)] = int(np.nanargmax(own.mean(axis=1)))
    winner = max(found, key=lambda name: found[name].score)
    truth, own_best, whole = (
        search.truth[chosen[winner]],
        found[winner],
        whole_choice(found, (0, 1)),
    )
    assert whole is not None
    return {
        "the winner's own correction": own_best.score - truth,
        "covers": bool(own_best.low <= truth <= own_best.high),
        "corrected for the whole choice": whole.score - truth,
        "covers the truth": bool(whole.low <= truth <= whole.high),
        "width": whole.high - whole.low,
    }
