"""What a user calls, beside `summary`, which describes their parameters: what is known of scores in, numbers out."""

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from resampled.by_row import Scorer
from resampled.candidates.best_set import best_set as set_of_the_best
from resampled.candidates.effects import effect_p_values
from resampled.candidates.importance import importance
from resampled.means.choice import whole_choice
from resampled.means.corrected import Corrected
from resampled.means.corrected import corrected_score as correct
from resampled.means.intervals import intervals
from resampled.pairs.family import Verdict, judge
from resampled.pairs.pair import Pair
from resampled.resampling import Bounds
from resampled.searches import ResampledWarning, Search, as_search


def verdict(old: Any, new: Any = None, *, n_folds: int | None = None, test_share: float | None = None,
        n_rows: int | None = None, metric: Scorer | None = None, bounds: Bounds | None = None, row_scores: Any = None,
        predictions: Any = None, y: Any = None, groups: Any = None, rope: float = 0.01) -> Verdict:  # fmt: skip
    """Judge whether a new learner is better than an old one, by their scores on the same splits.

    The difference is new less old. *Better* and *worse*: its p-value is below 0.05, and it is more likely than not
    larger than the rope, the largest difference that does not matter. *Level*: its 90 % interval lies inside the rope.

    `old` and `new` have the shape (n_splits,), or are what `cross_validate` returns; or give both as what
    `cross_predict` returns, in this order. `row_scores` and `predictions` are
    pairs (old, new) of the shape (n_splits, n_rows), by which the errors are those of rows, which find more. The other
    parameters and the errors are those of `summary`.
    """
    known = n_folds, test_share, n_rows, metric, bounds, y, groups, rope
    data = as_search(
        old if new is None else [old, new], row_scores, predictions, *known, 2
    )
    _warn(data.notes)
    return judge({"": _pair(data)})[""]


def verdicts(pairs: Mapping[str, Any], *, n_folds: int | None = None, test_share: float | None = None,
        n_rows: int | None = None, metric: Scorer | None = None, bounds: Bounds | None = None,
        row_scores: Mapping[str, Any] | None = None, predictions: Mapping[str, Any] | None = None, y: Any = None,
        groups: Any = None, rope: float = 0.01) -> dict[str, Verdict]:  # fmt: skip
    """Judge a family of pairs (old, new) as `verdict` does; `row_scores` and `predictions` have the same names.

    All claims together are wrong in at most 5 %, by Holm (1979). Of a learner that few rows sway, they are a hint.
    """
    known = n_folds, test_share, n_rows, metric, bounds, y, groups, rope
    data = _named(pairs, row_scores, predictions, *known, 2)
    _warn(note for each in data.values() for note in each.notes)
    return judge({name: _pair(each) for name, each in data.items()})


def interval(search: Any, *, n_folds: int | None = None, test_share: float | None = None, n_rows: int | None = None,
        metric: Scorer | None = None, bounds: Bounds | None = None, row_scores: Any = None, predictions: Any = None,
        y: Any = None, groups: Any = None, stuck: Any = None) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return the low and the high ends of the 95 % intervals of mean scores, each of shape (n_candidates,).

    They are NaN where no interval holds. The parameters and the errors are those of `summary`.
    """
    data = as_search(
        search,
        row_scores,
        predictions,
        n_folds,
        test_share,
        n_rows,
        metric,
        bounds,
        y,
        groups,
    )
    if stuck is not None and np.shape(stuck) != data.scores.shape:
        raise ValueError(
            f"stuck has the shape {np.shape(stuck)}, but the scores have {data.scores.shape}."
        )
    _warn(data.notes)
    low, high = np.full((2, len(data.scores)), np.nan)
    own = data.compared
    # A learner that predicts the same for every row has no interval from splits alone.
    constant = None if stuck is None else np.mean(stuck, axis=1)[own] >= 1 / 2
    by_unit = None if data.by_unit is None else data.by_unit.take(own)
    low[own], high[own], _ = intervals(
        data.scores[own], data.resampling, by_unit=by_unit, constant=constant
    )
    return low, high


def best_set(search: Any, *, n_folds: int | None = None, test_share: float | None = None, n_rows: int | None = None,
        metric: Scorer | None = None, bounds: Bounds | None = None, row_scores: Any = None, predictions: Any = None,
        y: Any = None, groups: Any = None, seed: int = 0) -> np.ndarray:  # fmt: skip
    """Return which candidates may be the best, shape (n_candidates,): with 95 %, the truly best one is among them.

    Among learners that few rows sway, that is a hint. None is true in the order of time.
    The parameters and the errors are those of `summary`.
    """
    data = as_search(
        search,
        row_scores,
        predictions,
        n_folds,
        test_share,
        n_rows,
        metric,
        bounds,
        y,
        groups,
    )
    if groups is not None and data.rows is None:
        raise ValueError(
            "groups= has no effect on the set without row_scores= or predictions=; leave it out."
        )
    _warn(data.notes)
    return set_of_the_best(data.scores, data.resampling, seed, data.by_unit)


def corrected_score(search: Any, *, n_folds: int | None = None, test_share: float | None = None,
        n_rows: int | None = None, metric: Scorer | None = None, bounds: Bounds | None = None, row_scores: Any = None,
        predictions: Any = None, y: Any = None, groups: Any = None, seed: int = 0) -> Corrected:  # fmt: skip
    """Return what the best candidate is worth without the luck of the choice: `score`, from `low` to `high`.

    `over` says what had no say in the choice: splits, or rows too if these are known. Of splits alone, most of the
    choice's luck remains in it, because their rows had a say. The parameters and the errors are those of `summary`; in
    the order of time, `ValueError` is raised, too.
    """
    data = as_search(
        search,
        row_scores,
        predictions,
        n_folds,
        test_share,
        n_rows,
        metric,
        bounds,
        y,
        groups,
    )
    corrected = correct(
        data.scores[data.compared], data.resampling, seed=seed, rows=data.rows
    )
    if corrected is None or not data.resampling.is_tested:
        raise ValueError(
            "In the order of time, scores of the splits are not alike, so none can be corrected."
        )
    _warn(data.notes)
    return corrected


def choose(searches: Mapping[str, Any], *, n_folds: int | None = None, test_share: float | None = None,
        n_rows: int | None = None, metric: Scorer | None = None, bounds: Bounds | None = None,
        row_scores: Mapping[str, Any] | None = None, predictions: Mapping[str, Any] | None = None, y: Any = None,
        groups: Any = None, seed: int = 0) -> tuple[str, Corrected]:  # fmt: skip
    """Choose among searches on the same splits by their corrected scores, and correct the best one for that, too.

    `searches` has, by name, what `summary` takes, and so have `row_scores` and `predictions`. Returns the name of the
    best and what its best candidate is worth. Raises `ValueError` for different splits.
    """
    data = _named(
        searches,
        row_scores,
        predictions,
        n_folds,
        test_share,
        n_rows,
        metric,
        bounds,
        y,
        groups,
    )
    if (
        len(
            splits := {
                (one.scores.shape[1], one.resampling.test_share)
                for one in data.values()
            }
        )
        != 1
    ):
        raise ValueError(
            f"The searches are to share their splits, but have (splits, test_share): {sorted(splits)}."
        )
    _warn(note for each in data.values() for note in each.notes)
    each = {
        name: corrected_score(replace(one, notes=[]), seed=seed)
        for name, one in data.items()
    }
    winner = max(each, key=lambda name: each[name].score)
    return winner, whole_choice(each, data[winner].resampling.bounds) or each[winner]


def effects(search: Any, *, n_folds: int | None = None, test_share: float | None = None, metric: Scorer | None = None,
        bounds: Bounds | None = None, seed: int = 0) -> dict[str, np.ndarray]:  # fmt: skip
    """Return how much each setting mattered, in the columns `setting`, `importance` and `p_value`, by importance.

    The p-values allow for the number of settings. Raises `ValueError` for an array, which has no settings.
    """
    data = as_search(search, None, None, n_folds, test_share, None, metric, bounds)
    if not data.settings:
        raise ValueError(
            "The settings are not known; give a search, or its results with the columns param_…."
        )
    _warn(data.notes)
    drops, _ = importance(data.settings, data.scores.mean(axis=1), seed)
    p, order = (
        effect_p_values(data.settings, data.scores, data.resampling, seed),
        np.argsort(-drops, kind="stable"),
    )
    return {
        "setting": np.array([*data.settings])[order],
        "importance": drops[order],
        "p_value": p[order],
    }


def _pair(data: Search) -> Pair:
    if len(data.scores) != 2:
        raise ValueError(
            f"There are {len(data.scores)} learners; give a pair (old, new)."
        )
    return Pair(
        data.scores[0], data.scores[1], data.resampling, data.rope, by_unit=data.by_unit
    )


def _named(
    named: Any, row_scores: Any, predictions: Any, *known: Any
) -> dict[str, Search]:
    """Return what each name of a dict stands for; the name is put before what is said of it."""
    for given in (named, row_scores, predictions):
        if given is not None and not (
            isinstance(given, Mapping) and {*given} == {*named}
        ):
            raise ValueError(
                f"Give dicts with the same names, not a {type(given).__name__}, also for what rows tell."
            )
    found = {}
    for name, each in named.items():
        try:
            data = as_search(
                each,
                *(given and given[name] for given in (row_scores, predictions)),
                *known,
            )
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        found[name] = replace(data, notes=[f"{name}: {note}" for note in data.notes])
    return found


def _warn(notes: Iterable[str]) -> None:
    """Warn at the line that called the package."""
    for note in notes:
        warnings.warn(note, ResampledWarning, stacklevel=3)
