"""Takes what a user has: a fitted search, its `cv_results_`, or an array of scores; refuses what can't be judged."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from resampled.by_row import rows_of
from resampled.folds import NO_SPLITTER, resampling_of
from resampled.means.few import too_narrow
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


def as_search(
    search: Any,
    fewest: int = 2,
    *,
    n_folds: int | None = None,
    test_share: float | None = None,
    n_rows: int | None = None,
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
    results, cv, scorer, settings = _results(search), NO_SPLITTER, metric or "", {}
    if results is None:
        scores, is_last = _numbers(search, "search"), np.ones(1, dtype=bool)
    else:
        refit = getattr(search, "refit", None)
        name, scores = _scores(results, refit if metric is None and isinstance(refit, str) else metric)
        settings = {key[6:]: [_value(each) for each in results[key]] for key in results if key.startswith("param_")}
        iterations = _numbers(results.get("iter", [0]), "iter")
        is_last, cv, scorer = iterations == iterations.max(), getattr(search, "cv", cv), _scorer(search, name) or scorer
    if scores.ndim != 2:
        raise ValueError(f"The scores have the shape {scores.shape}; give (n_candidates, n_splits).")
    is_last = np.broadcast_to(is_last, len(scores))
    scores = np.where(np.isfinite(scores) & is_last[:, None], scores, np.nan)
    bounds = _bounds(scores, scorer, bounds, is_own=getattr(search, "scoring", "") is None)
    notes = _notes(scores, is_last, fewest, getattr(search, "error_score", None))
    if bounds == UNBOUNDED and not scorer:
        notes.append("The scorer is not known, so intervals do not end at its bounds; give metric= or bounds=.")
    rows, y = rows_of(scores, scorer, **by_row), by_row.get("y")
    if y is not None:
        n_rows = len(y)
    elif rows is not None:
        n_rows = len(np.unique(np.concatenate(rows.tests)))
    # Numbers have scorers without a bound.
    counts = [] if y is None or np.isinf(bounds).any() else np.unique(y, return_counts=True)[1].tolist()
    notes += filter(None, [too_narrow(counts, by_row.get("groups"))])
    resampling = resampling_of(scores, cv, n_folds, test_share, n_rows, bounds, effective_rows(scorer, counts))
    return Search(scores, resampling, settings, scorer, rows, rope, notes)


def _results(search: Any) -> dict[str, list[Any]] | None:
    """Return the columns of `cv_results_`; None for an array."""
    if hasattr(search, "get_params") and not hasattr(search, "cv_results_"):
        name = type(search).__name__
        raise ValueError(f"{name} has no cv_results_; give a search after its fit, not its best_estimator_.")
    results = getattr(search, "cv_results_", search)
    if not isinstance(results, Mapping) and not hasattr(results, "columns"):  # as a data frame has
        return None
    return {str(name): list(results[name]) for name in getattr(results, "columns", results)}


def _numbers(values: Any, place: str) -> np.ndarray:
    """Return numbers, which may be text; nothing is NaN. Raises `ValueError` for anything else."""
    try:
        array = np.asarray(values, dtype=object)
        return np.where(np.isin(array.astype(str), ("", "None", "<NA>")), np.nan, array).astype(float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{place} has something else than numbers: {error}.") from None


def _value(setting: Any) -> Any:
    """Return the value of a setting, a number even if it was text, and NaN for nothing."""
    if setting is np.ma.masked or str(setting) == "":
        return np.nan
    try:
        return float(setting) if isinstance(setting, str) else setting
    except ValueError:
        return setting


def _scores(results: Mapping[str, Any], metric: str | None) -> tuple[str, np.ndarray]:
    """Return the metric in the names of the columns, as in split0_test_METRIC, and its scores."""
    columns = [match.groups() for name in results if (match := re.fullmatch(r"split(\d+)_test_(.+)", name))]
    metrics = list(dict.fromkeys(name for _, name in columns))
    if metrics == ["score"] or (metric is None and len(metrics) == 1):
        metric = metrics[0]
    if metric is None or metric not in metrics:
        choices = f"one of: {', '.join(metrics)}" if metrics else "but there is no column split0_test_score"
        raise ValueError(f"Which scores are meant is not known; give metric=, {choices}.")
    numbers = {int(number) for number, name in columns if name == metric}
    if lacking := {*range(max(numbers))} - numbers:
        raise ValueError(f"There is a column split{max(numbers)}_test_{metric}, but none of split {min(lacking)}.")
    names = [f"split{number}_test_{metric}" for number in sorted(numbers)]
    return metric, np.column_stack([_numbers(results[name], name) for name in names])


def _scorer(search: Any, name: str) -> str:
    """Return scikit-learn's name for the metric in the names of the columns; "" where it is not known."""
    scoring = getattr(search, "scoring", None)
    scoring = scoring[name] if isinstance(scoring, Mapping) else scoring
    if isinstance(scoring, str):
        return scoring
    if scoring is None and name == "score" and hasattr(search, "estimator"):
        from sklearn.base import is_classifier, is_regressor  # takes a second to import

        return "accuracy" if is_classifier(search.estimator) else "r2" if is_regressor(search.estimator) else ""
    return "" if name == "score" or callable(scoring) else name


def _bounds(scores: np.ndarray, scorer: str, bounds: Bounds | None, is_own: bool) -> Bounds:
    """Return the bounds of the scorer; raises `ValueError` for a score beyond them, unless they are only a guess."""
    low, high = bounds or (bounds_of(scorer) if scorer else UNBOUNDED)
    beyond = np.argwhere((scores < low - 1e-9) | (scores > high + 1e-9))
    if not len(beyond):
        return low, high
    from sklearn.metrics import get_scorer_names  # takes a second to import

    if not bounds and (is_own or scorer not in {*get_scorer_names()}) and not scorer.startswith("neg_"):
        return UNBOUNDED
    candidate, split = beyond[0]
    raise ValueError(
        f"Candidate {candidate} has the score {scores[candidate, split]:.6g} on split {split}, but {scorer or 'it'} is "
        f"between {low:g} and {high:g}; correct metric= or bounds=, and give errors with the sign changed."
    )


def _notes(scores: np.ndarray, is_last: np.ndarray, fewest: int, error_score: object) -> list[str]:
    """Say which candidates are not compared, and which fits may have failed; raises `ValueError` if few are left."""
    notes, scored = [], np.isfinite(scores).all(axis=1)
    if not is_last.all():
        notes.append(f"Halving: only the candidates of the last iteration are compared, {is_last.sum()} in number.")
    if len(out := np.flatnonzero(is_last & ~scored)):
        names = ", ".join(map(str, out[:5])) + ", …" * (len(out) > 5)
        notes.append(f"Out, because a fit has no score: {len(out)} of {is_last.sum()} candidates ({names}).")
    if scored.sum() < fewest:
        remedy = "search with error_score='raise' to see why" if len(out) else "a comparison needs two"
        raise ValueError(" ".join([*notes, f"{scored.sum()} of {len(scores)} candidates can be compared; {remedy}."]))
    if isinstance(error_score, Real) and (scores == error_score).any():
        notes.append(
            f"{(scores == error_score).sum()} of the scores are {error_score}, the error_score of the search. If these "
            "fits failed, search with error_score=np.nan, so that their candidates are out."
        )
    return notes
