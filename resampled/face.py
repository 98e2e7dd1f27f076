"""What a user calls, beside `summary`, whose parameters all take: searches, their results or arrays in, numbers out."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from resampled.candidates.best_set import best_set as set_of_the_best
from resampled.candidates.effects import effect_p_values
from resampled.candidates.importance import importance
from resampled.means.choice import whole_choice
from resampled.means.corrected import Corrected
from resampled.means.corrected import corrected_score as correct
from resampled.means.intervals import intervals
from resampled.pairs.family import Verdict, judge
from resampled.pairs.pair import Pair
from resampled.searches import as_search


def verdict(old: Any, new: Any, **how: Any) -> Verdict:
    """Judge whether a new learner is better than an old one, by scores of shape (n_splits,) on the same splits.

    The difference is new less old. *Better* and *worse*: its p-value is below 0.05, and it is more likely than not
    larger than the rope, the largest difference that does not matter. *Level*: its 90 % interval lies inside the rope.
    The other parameters are those of `summary`, such as `n_folds=3` and `rope=0.01`, and so are the errors raised.
    """
    return verdicts({"The scores": (old, new)}, **how)["The scores"]


def verdicts(pairs: Mapping[str, tuple[Any, Any]], **how: Any) -> dict[str, Verdict]:
    """Judge a family of pairs (old, new) as `verdict` does.

    All claims together are wrong in at most 5 %, by Holm (1979). Of a learner that selects inputs, prunes or cuts at a
    threshold, they are a hint. With `row_scores` or `predictions`, of the shape (2, n_splits, n_rows) or by pair such
    arrays, the errors are those of rows, which find more.
    """
    family = {}
    for name, (old, new) in pairs.items():
        if np.shape(old) != np.shape(new) or np.ndim(old) != 1:
            raise ValueError(f"{name} have the shapes {np.shape(old)} and {np.shape(new)}; give (n_splits,) twice.")
        data = as_search([old, new], **{key: of[name] if isinstance(of, Mapping) else of for key, of in how.items()})
        family[name] = Pair(data.scores[0], data.scores[1], data.resampling, data.rope, by_unit=data.by_unit)
    return judge(family)


def interval(search: Any, *, stuck: Any = None, seed: int = 0, **how: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the low and the high ends of the 95 % intervals of mean scores, each of shape (n_candidates,).

    One candidate is enough, and its scores may have the shape (n_splits,). The ends are NaN where no interval holds.
    """
    data = as_search([search] if np.ndim(search) == 1 else search, 1, **how)
    if stuck is not None and np.shape(stuck) != data.scores.shape:
        raise ValueError(f"stuck has the shape {np.shape(stuck)}, but the scores have {data.scores.shape}.")
    low, high = np.full((2, len(data.scores)), np.nan)
    own = data.compared
    # A learner that predicts the same for every row has no interval from splits alone.
    constant = None if stuck is None else np.mean(stuck, axis=1)[own] >= 1 / 2
    low[own], high[own], _ = intervals(data.scores[own], data.resampling, seed=seed, rows=data.rows, constant=constant)
    return low, high


def best_set(search: Any, *, seed: int = 0, **how: Any) -> np.ndarray:
    """Return which candidates may be the best, shape (n_candidates,): with 95 %, the truly best one is among them.

    Among learners that select inputs, prune or cut at a threshold, that is a hint. None is true in the order of time.
    """
    data = as_search(search, **how)
    return set_of_the_best(data.scores, data.resampling, seed, data.by_unit)


def corrected_score(search: Any, *, seed: int = 0, **how: Any) -> Corrected:
    """Return what the best candidate is worth without the luck of the choice: `score`, from `low` to `high`.

    `over` says what had no say in the choice: splits, or rows too if these are known. Of splits alone, most of the
    choice's luck remains in it, because their rows had a say. Raises `ValueError` in the order of time.
    """
    data = as_search(search, **how)
    corrected = correct(data.scores[data.compared], data.resampling, seed=seed, rows=data.rows)
    if corrected is None or not data.resampling.is_tested:
        raise ValueError("In the order of time, scores of the splits are not alike, so none can be corrected.")
    return corrected


def choose(searches: Mapping[str, Any], *, seed: int = 0, **how: Any) -> tuple[str, Corrected]:
    """Choose among searches on the same splits by their corrected scores, and correct the best one for that, too.

    `searches` has, by name, what `summary` takes, or what has one candidate. Returns the name of the best and what its
    best candidate is worth. Raises `ValueError` for different splits.
    """
    data = {name: as_search(search, 1, **how) for name, search in searches.items()}
    if len(splits := {(one.scores.shape[1], one.resampling.test_share) for one in data.values()}) != 1:
        raise ValueError(f"The searches are to share their splits, but have (splits, test_share): {sorted(splits)}.")
    each = {name: corrected_score(one, seed=seed) for name, one in data.items()}
    winner = max(each, key=lambda name: each[name].score)
    return winner, whole_choice(each, data[winner].resampling.bounds) or each[winner]


def effects(search: Any, *, seed: int = 0, **how: Any) -> dict[str, np.ndarray]:
    """Return how much each setting mattered, in the columns `setting`, `importance` and `p_value`, by importance.

    The p-values allow for the number of settings. Raises `ValueError` for an array, which has no settings.
    """
    data = as_search(search, **how)
    if not data.settings:
        raise ValueError("The settings are not known; give a search, or its results with the columns param_….")
    drops, _ = importance(data.settings, data.scores.mean(axis=1), seed)
    p, order = effect_p_values(data.settings, data.scores, data.resampling, seed), np.argsort(-drops, kind="stable")
    return {"setting": np.array([*data.settings])[order], "importance": drops[order], "p_value": p[order]}
