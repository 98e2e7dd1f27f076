"""Successive halving: all candidates are trained for a few epochs, the best third for three times as many, and so on.

scikit-learn's HalvingGridSearchCV does the same from stage to stage, but with the factor 3 its last stage of 100 epochs
would train for 99 or for 81, and no candidate would have the score that it has in another search.
"""

from collections.abc import Callable
from math import ceil

import numpy as np

from gridstage.results import SCORE
from gridstage.scores.search_result import SearchResult

# Candidates are divided and epochs multiplied by this from stage to stage: η of Li et al. (2018), "Hyperband".
FACTOR = 3
# A third stage before the last would train for a few epochs only, which say little (see docs/statistics.md).
_MOST_STAGES = 3

# Trains the candidates of these numbers for so many epochs.
Train = Callable[[np.ndarray, int], SearchResult]


def stage_epochs(n_candidates: int, max_epochs: int) -> list[int]:
    """Return how many epochs each stage trains for; the last one for `max_epochs`."""
    n_stages = sum(n_candidates >= FACTOR**stage for stage in range(_MOST_STAGES))
    return sorted({ceil(max_epochs / FACTOR**stage) for stage in range(n_stages)})


def halve(train: Train, n_candidates: int, max_epochs: int) -> SearchResult:
    """Train in stages, each of which keeps the best third by mean score; return all, as in their last stage."""
    left = np.arange(n_candidates)
    last: dict[int, tuple[SearchResult, int]] = {}
    stages = np.zeros(n_candidates, dtype=int)
    n_fits = spent = 0
    plan = stage_epochs(n_candidates, max_epochs)
    for stage, epochs in enumerate(plan, start=1):
        result = train(left, epochs)
        n_fits, spent = n_fits + result.n_fits, spent + result.n_fits * epochs
        stages[left] = stage
        for place, number in enumerate(left.tolist()):
            last[number] = result, place
        if stage < len(plan):
            left = left[np.sort(_best(result, ceil(len(left) / FACTOR)))]
    in_order = [last[number] for number in range(n_candidates)]
    scores = {}
    for name in result.scores:
        rows = [at_last.scores[name][place] for at_last, place in in_order]
        scores[name] = np.stack(rows)
    n_splits = scores[SCORE].shape[1]
    return SearchResult(
        scores,
        [at_last.records[place] for at_last, place in in_order],
        n_fits,
        [at_last.not_by_kernel[place] for at_last, place in in_order],
        stages,
        n_splits * n_candidates * max_epochs - spent,
    )


def _best(result: SearchResult, n: int) -> np.ndarray:
    """Return the places of the `n` best; of equals, the first ones. Those that diverged come last."""
    means = result.scores[SCORE].mean(axis=1)
    return np.argsort(-np.nan_to_num(means, nan=-np.inf), kind="stable")[:n]
