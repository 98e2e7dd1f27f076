"""Takes what a user has: a fitted search, its `cv_results_`, or an array of scores; refuses what can't be judged."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np

from resampled.by_row import rows_of
from resampled.folds import split_by
from resampled.means.few import fewest_rows, too_narrow
from resampled.means.rows import Rows
from resampled.resampling import UNBOUNDED, Bounds, Resampling
from resampled.scorers import bounds_of, effective_rows


@dataclass(frozen=True)
class Search:
    """Scores of shape (n_candidates, n_splits), NaN for a candidate that is not compared, and what is known of them.

    `settings` has the values of each key by candidate, NaN where a candidate has none; `scorer` is scikit-learn's name,
    or ""; `rows` are those of the compared candidates; `notes` are sentences, such as why a candidate is out.
    """

    scores: np.ndarray
    resampling: Resampling
    settings: dict[str, list[Any]]
    scorer: str
    rows: Rows | None
    rope: float
    notes: list[str]

    @property
    def compared(self) -> np.ndarray:
        """The numbers of the candidates that are compared."""
        return np.flatnonzero(np.isfinite(self.scores).all(axis=1))

    @cached_property
    def by_unit(self) -> np.ndarray | None:
        """What rows or groups make of the scores, as `Units.scores` returns it, NaN for a candidate that is out."""
        if self.rows is None:
            return None
        own = self.rows.units(np.arange(len(self.compared))).scores(self.resampling.n_folds)
        by_unit = np.full((len(self.scores), *own.shape[1:]), np.nan)
        by_unit[self.compared] = own
        return by_unit


def as_search(
    search: Any,
    fewest: int = 2,
    *,
    n_folds: int | None = None,
    test_share: float | None = None,
    n_rows: float | None = None,
    metric: str | None = None,
    bounds: Bounds | None = None,
    rope: float = 0.01,
    **by_row: Any,
) -> Search:
    """Return the scores of a search, of its results or of an array; the keywords are those of `resampled.summary`.

    Raises `ValueError` for what can't be judged, such as fewer than `fewest` candidates.
    """
    if isinstance(search, Search):
        return search
    if not rope >= 0:
        raise ValueError(f"The rope is {rope}; it is the largest difference that does not matter, 0 or more.")
    results = _results(search)
    scores, scorer = _scores(search, results, metric) if results else (np.asarray(search, dtype=float), metric or "")
    if scores.ndim != 2:
        raise ValueError(f"The scores have the shape {scores.shape}; give (n_candidates, n_splits).")
    iterations = np.asarray(results.get("iter", [0] * len(scores)), dtype=float)  # of halving
    is_last = iterations == iterations.max()
    scores = np.where(np.isfinite(scores) & is_last[:, None], scores, np.nan)
    notes = _notes(scores, is_last, fewest, getattr(search, "error_score", None))
    if not scorer and not bounds:
        notes.append("The scorer is not known, so intervals do not end at its bounds; give metric= or bounds=.")
    low, high = bounds or (bounds_of(scorer) if scorer else UNBOUNDED)
    for i, split in np.argwhere((scores < low - 1e-9) | (scores > high + 1e-9)):
        raise ValueError(
            f"Candidate {i} has the score {scores[i, split]:.6g} on split {split}, but {scorer or 'it'} is between "
            f"{low:g} and {high:g}; correct metric= or bounds=, and give errors with the sign changed."
        )
    rows, y, groups = rows_of(scores, scorer, **by_row), by_row.get("y"), by_row.get("groups")
    n_folds, test_share = split_by(search, scores.shape[1], n_folds, test_share)
    # Numbers have scorers without a bound.
    counts = [] if y is None or np.isinf(high - low) else np.unique(y, return_counts=True)[1].tolist()
    notes += filter(None, [too_narrow(counts, groups)])
    n_effective = None if groups is None else float(len(np.unique(groups)))
    if np.isfinite(high - low):
        n_effective = effective_rows(scorer, counts, n_effective)
    if n_effective is not None and np.isnan(n_effective):
        notes.append(f"No interval, and nothing is level: {scorer or 'the scorer'} may weigh classes, so give y=.")
    if y is not None:
        n_rows = len(y)
    elif rows is not None:
        n_rows = len(np.unique(np.concatenate(rows.tests)))
    elif n_rows is None:
        # A bound is some rows away, but few where it is reached on a split.
        reached = [np.full(scores.shape[1], bound) for bound in (low, high) if (scores == bound).any()]
        levels = np.sort(np.vstack([scores, *reached]), axis=0)
        n_rows = fewest_rows(np.diff(levels, axis=0), high - low, test_share)
    if n_rows is not None and n_folds is not None and n_rows < 2 * n_folds:
        # Each fold tests one row, which is the whole score, not the least that another table would change.
        n_rows, n_effective = None, n_effective or n_rows
    resampling = Resampling(test_share, n_folds, n_rows or np.inf, (low, high), n_effective)
    settings = {key[6:]: values for key, values in results.items() if key.startswith("param_")}
    return Search(scores, resampling, settings, scorer, rows, rope, notes)


def _results(search: Any) -> dict[str, list[Any]]:
    """Return the columns of `cv_results_`; none of an array."""
    if hasattr(search, "get_params") and not hasattr(search, "cv_results_"):
        raise ValueError(f"{type(search).__name__} has no cv_results_; give a fitted search, not its best_estimator_.")
    results = getattr(search, "cv_results_", search)
    if not isinstance(results, Mapping) and not hasattr(results, "columns"):  # as a data frame has
        return {}
    return {str(name): [_value(each) for each in results[name]] for name in getattr(results, "columns", results)}


def _value(cell: Any) -> Any:
    """Return what stands in a cell, a number even if it was text, as in a CSV, and NaN for nothing."""
    if cell is np.ma.masked:
        return np.nan
    try:
        return float(cell or "nan") if isinstance(cell, str) else cell
    except ValueError:
        return cell


def _scores(search: Any, results: dict[str, list[Any]], metric: str | None) -> tuple[np.ndarray, str]:
    """Return the scores of a metric, and scikit-learn's name of its scorer; "" where that is not known."""
    refit, scoring = getattr(search, "refit", None), getattr(search, "scoring", None)
    splits: dict[str, dict[int, list[Any]]] = {}
    for column, values in results.items():
        if match := re.fullmatch(r"split(\d+)_test_(.+)", column):
            splits.setdefault(match[2], {})[int(match[1])] = values
    name = metric or (refit if isinstance(refit, str) else "")
    if len(splits) == 1 and (not name or "score" in splits):
        (name,) = splits
    if name not in splits:
        choices = f"one of: {', '.join(splits)}" if splits else "but there is no column split0_test_score"
        raise ValueError(f"Which scores are meant is not known; give metric=, {choices}.")
    if lacking := {*range(max(splits[name]))} - {*splits[name]}:
        raise ValueError(f"There is a column split{max(splits[name])}_test_{name}, but none of split {min(lacking)}.")
    scores = np.array([splits[name][number] for number in range(len(splits[name]))], dtype=float).T
    scoring = scoring[name] if isinstance(scoring, Mapping) else scoring
    if isinstance(scoring, str):
        return scores, scoring
    if scoring is None and name == "score" and hasattr(search, "estimator"):
        from sklearn.base import is_classifier, is_regressor  # takes a second to import

        return scores, "accuracy" if is_classifier(search.estimator) else "r2" if is_regressor(search.estimator) else ""
    return scores, (metric or "") if name == "score" or callable(scoring) else name


def _notes(scores: np.ndarray, is_last: np.ndarray, fewest: int, error_score: object) -> list[str]:
    """Say which candidates are not compared, and which fits may have failed; raises `ValueError` if few are left."""
    notes, scored = [], np.isfinite(scores).all(axis=1)
    if not is_last.all():
        notes.append(f"Halving: only the candidates of the last iteration are compared, {is_last.sum()} in number.")
    if len(out := np.flatnonzero(is_last & ~scored)):
        notes.append(f"Out, because a fit has no score: {len(out)} of {is_last.sum()} candidates, {out.tolist()}.")
    if scored.sum() < fewest:
        notes.append(f"{scored.sum()} of {len(scores)} candidates can be compared; {fewest} are needed.")
        raise ValueError(" ".join(notes))
    if isinstance(error_score, Real) and (scores == error_score).any():
        n = (scores == error_score).sum()
        notes.append(f"{n} scores are {error_score}, the error_score of the search; with np.nan, failures are out.")
    return notes
