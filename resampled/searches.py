"""Takes what a user has: a fitted search, its results or scores; refuses what can't be judged or has no effect."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np

from resampled.by_row import Scorer, count_rows, judged_by_rows, rows_of
from resampled.folds import check_tests, split_by, whole
from resampled.means.by_unit import ByUnit
from resampled.means.few import fewest_rows, too_narrow
from resampled.means.rows import Rows
from resampled.means.ttest import TINY
from resampled.means.untested import few_positives
from resampled.predicted import Predicted, luck_notes
from resampled.resampling import UNBOUNDED, Bounds, Resampling
from resampled.scorers import bounds_of, effective_rows, scorer_names


class ResampledWarning(UserWarning):
    """A note on a result, such as which candidates are out; a summary prints its notes instead."""


@dataclass(frozen=True)
class Search:
    """Scores of shape (n_candidates, n_splits), NaN for a candidate that is not compared, and what is known of them.

    `settings` has the values of each key by candidate, NaN where a candidate has none; `scorer` is scikit-learn's name,
    or ""; `rows` are those of the compared candidates; `notes` are sentences, such as why a candidate is out; and
    `remedy` is what lets rows count where they do not. `n_inputs` is what a fitted search has seen, 0 if that is not
    known.
    """

    scores: np.ndarray
    resampling: Resampling
    settings: dict[str, list[Any]]
    scorer: str
    rows: Rows | None
    rope: float
    notes: list[str]
    remedy: str = ""
    n_inputs: int = 0

    @property
    def compared(self) -> np.ndarray:
        """The numbers of the candidates that are compared."""
        return np.flatnonzero(np.isfinite(self.scores).all(axis=1))

    @property
    def many_inputs(self) -> str:
        """Why claims are a hint if there are nearly as many inputs as training rows; "" if there are not."""
        n_train = self.resampling.n_rows / (1 + self.resampling.test_share)
        if self.n_inputs <= n_train / 2:
            return ""
        return f"; a hint, because there are {self.n_inputs} inputs for {n_train:.0f} training rows"

    @cached_property
    def by_unit(self) -> ByUnit | None:
        """What rows or groups make of the scores; nothing is known of a candidate that is out."""
        if self.rows is None:
            return None
        own = self.rows.units(np.arange(len(self.compared))).by_unit(
            self.resampling.n_folds
        )
        return own.among(len(self.scores), self.compared)


def as_search(search: Any, row_scores: Any = None, predictions: Any = None, n_folds: int | None = None,
        test_share: float | None = None, n_rows: int | None = None, metric: Scorer | None = None,
        bounds: Bounds | None = None, y: Any = None, groups: Any = None, rope: float = 0.01,
        fewest: int = 1) -> Search:  # fmt: skip
    """Return the scores of a search, of its results or of an array; the parameters are those of `resampled.summary`.

    Raises `ValueError` for what can't be judged, such as fewer than `fewest` candidates, and for what has no effect.
    """
    if isinstance(search, Search):
        return search
    if isinstance(search, Predicted):
        known = {
            "row_scores": row_scores,
            "predictions": predictions,
            "n_rows": n_rows,
            "metric": metric,
            "y": y,
        }
        if told := [name for name, value in known.items() if value is not None]:
            raise ValueError(f"{told[0]}= is what cross_predict knows; leave it out.")
        metric, groups = search.metric, search.groups if groups is None else groups
        y, predictions = _judged(search, bounds)
    if not (isinstance(rope, Real) and rope >= 0):
        raise ValueError(
            f"The rope is {rope!r}; give the largest difference that does not matter, 0 or more."
        )
    function = metric if callable(metric) else None
    if function and predictions is None:
        raise ValueError(
            "metric= is a function, which tells nothing without predictions= and y=; give its name."
        )
    name = None if callable(metric) else metric
    results = {} if isinstance(search, Predicted) else _results(search)
    given = search.scores if isinstance(search, Predicted) else search
    scores, scorer = _scores(search, results, name) if results else _listed(given, name)
    if scores.ndim != 2:
        raise ValueError(
            f"The scores have the shape {scores.shape}; give (n_candidates, n_splits)."
        )
    iterations = np.asarray(
        results.get("iter", [0] * len(scores)), dtype=float
    )  # of halving
    is_last = iterations == iterations.max()
    scores = np.where(np.isfinite(scores) & is_last[:, None], scores, np.nan)
    notes = _notes(scores, is_last, fewest, getattr(search, "error_score", None))
    if not scorer and bounds is None:
        notes.append(
            "The scorer is not known, nor are its bounds, nor what a row counts; give metric= or bounds=."
        )
    bounds = _bounds(scores, scorer, bounds)
    _same_index("y and groups", y, groups)
    n_rows = count_rows(
        None if n_rows is None else whole("n_rows", n_rows, 2),
        row_scores,
        predictions,
        y,
        groups,
    )
    rows = rows_of(scores, function or scorer, row_scores, predictions, y, groups)
    is_bounded = math.isfinite(bounds[1] - bounds[0])
    for name, given, needed in (("y", y, predictions), ("groups", groups, rows)):
        if given is not None and needed is None and not is_bounded:
            raise ValueError(
                f"{name}= has no effect without predictions= or two bounds, by metric= or bounds=."
            )
    n_folds, test_share = split_by(search, scores.shape[1], n_folds, test_share, n_rows)
    if rows is not None and n_rows is not None:
        check_tests(rows.tests, n_folds, test_share, n_rows)
    # Numbers have scorers without a bound.
    counts = (
        []
        if y is None or not is_bounded
        else np.unique(y, return_counts=True)[1].tolist()
    )
    notes += filter(None, [too_narrow(counts, groups)])
    n_effective = _effective(scorer, y, groups) if is_bounded else None
    if n_effective is not None and math.isnan(n_effective):
        notes.append(
            f"No interval, and nothing is level: {scorer or 'the scorer'} may weigh classes, so give y=."
        )
    resampling = _resampling(scores, bounds, n_folds, test_share, n_rows, n_effective)
    if rows is None and (why := few_positives(scorer, counts, test_share)):
        resampling = replace(resampling, untested=why)
        notes.append(f"No difference is tested: {why}.")
    settings = {
        key[6:]: values for key, values in results.items() if key.startswith("param_")
    }
    if isinstance(search, Predicted):
        settings, notes = search.settings, search.notes + notes
    elif hasattr(search, "estimator"):
        notes += luck_notes([search.estimator])
    return Search(
        scores,
        resampling,
        settings,
        scorer,
        rows,
        rope,
        notes,
        _remedy(search, scorer),
        getattr(search, "n_features_in_", 0),
    )


def _remedy(search: Any, scorer: str) -> str:
    """Say what lets rows count; nothing where no rows can judge the scorer."""
    if scorer and not judged_by_rows(scorer):
        return ""
    if hasattr(search, "estimator"):
        return (
            "call summary(search, X, y)"
            if scorer
            else "call summary(search, X, y, metric=a function of (y, predictions))"
        )
    return (
        "give predictions= and y="
        if scorer
        else "give predictions=, y=, and as metric= a function of both"
    )


def _judged(search: Predicted, bounds: Bounds | None) -> tuple[Any, Any]:
    """Return the target and the predictions, each if something follows from it."""
    by_rows = search.metric is not None and judged_by_rows(
        search.metric, len(np.unique(search.y))
    )
    low, high = bounds or (
        bounds_of(search.metric) if isinstance(search.metric, str) else UNBOUNDED
    )
    counts = by_rows or math.isfinite(high - low)
    return search.y if counts else None, search.predictions if by_rows else None


def _bounds(scores: np.ndarray, scorer: str, bounds: Bounds | None) -> Bounds:
    """Return what the scores lie between; raises `ValueError` if they do not, or for a name that no scorer has."""
    if bounds is None and scorer and scorer not in (names := scorer_names()):
        meant = "".join(
            f" (did you mean {name!r}?)" for name in get_close_matches(scorer, names, 1)
        )
        raise ValueError(
            f"scikit-learn has no scorer {scorer!r}{meant}; correct metric=, or give bounds= of your own."
        )
    low, high = (
        (bounds_of(scorer) if scorer else UNBOUNDED)
        if bounds is None
        else _two_bounds(bounds)
    )
    for i, split in np.argwhere((scores < low - 1e-9) | (scores > high + 1e-9)):
        raise ValueError(
            f"Candidate {i} has the score {scores[i, split]:.6g} on split {split}, but {scorer or 'it'} is between "
            f"{low:g} and {high:g}; correct metric= or bounds=, and give errors with the sign changed."
        )
    return low, high


def _two_bounds(bounds: Any) -> Bounds:
    is_pair = (
        isinstance(bounds, Sequence)
        and len(bounds) == 2
        and all(isinstance(each, Real) for each in bounds)
    )
    if not is_pair or not bounds[0] < bounds[1]:
        raise ValueError(
            f"bounds= is {bounds!r}; give the least and the largest value of the scorer, as (0, 1)."
        )
    return bounds[0], bounds[1]


def _effective(scorer: str, y: Any, groups: Any) -> float | None:
    """Return of how many rows one can be wrong, or groups, if rows belong together, as `effective_rows`."""
    n_groups, counts = None if groups is None else len(np.unique(groups)), []
    if y is not None:
        units = (
            np.arange(len(y))
            if groups is None
            else np.unique(groups, return_inverse=True)[1]
        )
        counts = np.bincount(
            np.unique([np.unique(y, return_inverse=True)[1], units], axis=1)[0]
        ).tolist()
    return effective_rows(scorer, counts, n_groups)


def _resampling(
    scores: np.ndarray,
    bounds: Bounds,
    n_folds: int | None,
    test_share: float,
    n_rows: Any,
    n_effective: Any,
) -> Resampling:
    """Put together what is known of the splits; if nothing tells how many rows there are, the scores may do."""
    # A bound is some rows away, but few where it is reached on a split.
    reached = [
        np.full(scores.shape[1], bound) for bound in bounds if (scores == bound).any()
    ]
    steps = np.diff(np.sort(np.vstack([scores, *reached]), axis=0), axis=0)
    is_counted = n_rows is not None
    if n_rows is None:
        n_rows = fewest_rows(steps, bounds[1] - bounds[0], test_share)
    if n_folds is not None and n_rows < 2 * n_folds:
        # Each fold tests one row, which is the whole score, not the least that another table would change.
        n_rows, n_effective = math.inf, n_effective or n_rows
    steps = steps[steps > TINY * np.nanmax(np.abs(scores))]
    step = float(steps.min()) if bounds == UNBOUNDED and len(steps) else 0.0
    return Resampling(
        test_share, n_folds, n_rows, bounds, n_effective, step, is_counted=is_counted
    )


def _results(search: Any) -> dict[str, list[Any]]:
    """Return the columns of `cv_results_`, or of what `cross_validate` returns; none of an array."""
    if hasattr(search, "get_params") and not hasattr(search, "cv_results_"):
        raise ValueError(
            f"{type(search).__name__} has no cv_results_; give a fitted search, not its best_estimator_."
        )
    results = getattr(search, "cv_results_", search)
    if not isinstance(results, Mapping) and not hasattr(
        results, "columns"
    ):  # as a data frame has
        return {}
    return {
        str(name): [_value(each) for each in results[name]]
        for name in getattr(results, "columns", results)
    }


def _value(cell: Any) -> Any:
    """Return what stands in a cell, a number even if it was text, as in a CSV, and NaN for nothing."""
    if cell is np.ma.masked:
        return np.nan
    try:
        return float(cell or "nan") if isinstance(cell, str) else cell
    except ValueError:
        return cell


def _scores(
    search: Any, results: dict[str, list[Any]], metric: str | None
) -> tuple[np.ndarray, str]:
    """Return the scores of a metric, and scikit-learn's name of its scorer; "" where that is not known."""
    refit, scoring = getattr(search, "refit", None), getattr(search, "scoring", None)
    splits: dict[str, dict[int, list[Any]]] = {}
    for column, values in results.items():
        if match := re.fullmatch(r"split(\d+)_test_(.+)", column):
            splits.setdefault(match[2], {})[int(match[1])] = values
        elif match := re.fullmatch(
            "test_(.+)", column
        ):  # of `cross_validate`, with one candidate
            splits[match[1]] = {split: [score] for split, score in enumerate(values)}
    name = metric or (refit if isinstance(refit, str) else "")
    if len(splits) == 1 and (not name or "score" in splits):
        (name,) = splits
    if name not in splits:
        choices = (
            f"metric=, one of: {', '.join(splits)}"
            if splits
            else "a column split0_test_score or test_score, or "
        )
        array = (
            ""
            if splits
            else "an array with a row for each candidate, such as frame.to_numpy() or its transpose"
        )
        raise ValueError(f"Which scores are meant is not known; give {choices}{array}.")
    if lacking := {*range(max(splits[name]))} - {*splits[name]}:
        raise ValueError(
            f"There is a column split{max(splits[name])}_test_{name}, but none of split {min(lacking)}."
        )
    scores = np.array(
        [splits[name][number] for number in range(len(splits[name]))], dtype=float
    ).T
    scoring = scoring[name] if isinstance(scoring, Mapping) else scoring
    if scoring is None and name == "score" and hasattr(search, "estimator"):
        from sklearn.base import is_classifier, is_regressor  # takes a second to import

        scoring = (
            "accuracy"
            if is_classifier(search.estimator)
            else "r2"
            if is_regressor(search.estimator)
            else None
        )
    if isinstance(scoring, str):
        if name == "score" and metric not in (None, name, scoring):
            raise ValueError(
                f"metric={metric!r} is given, but the search is scored by {scoring}; leave it out."
            )
        return scores, scoring
    scorer = (metric or "") if name == "score" or callable(scoring) else name
    return (
        scores,
        "" if scorer in splits and scorer not in scorer_names() else scorer,
    )  # a column has any name


def _listed(search: Any, metric: str | None) -> tuple[np.ndarray, str]:
    """Return the same of an array, or of a list of arrays, series or what `cross_validate` returns."""
    if not isinstance(search, list | tuple) or all(
        np.isscalar(each) for each in search
    ):
        return np.atleast_2d(_numbers(search)), metric or ""
    _same_index("The scores", *search)
    scores, scorer = [], metric or ""
    for each in search:
        if columns := _results(each):
            each, scorer = _scores(each, columns, metric)
        scores.append(np.squeeze(_numbers(each)))
    if len(shapes := {each.shape: 0 for each in scores}) > 1 or scores[0].ndim != 1:
        shown = " and ".join(map(str, shapes))
        raise ValueError(
            f"The scores have the shapes {shown}; give (n_splits,) for each, on the same splits."
        )
    return np.stack(scores), scorer


def _numbers(scores: Any) -> np.ndarray:
    try:
        return np.asarray(scores, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"The scores are not an array of numbers ({error}); give one."
        ) from None


def _same_index(names: str, *columns: Any) -> None:
    """Raise `ValueError` if series of pandas have different indices, because values are taken by their places."""
    first, *others = [
        column.index for column in columns if hasattr(column, "iloc")
    ] or [None]
    if not all(other.equals(first) for other in others):
        raise ValueError(
            f"{names} have indices that differ; reindex one like the other, or give arrays."
        )


def _notes(
    scores: np.ndarray, is_last: np.ndarray, fewest: int, error_score: object
) -> list[str]:
    """Say which candidates are not compared, and which fits may have failed; raises `ValueError` if few are left."""
    notes, scored = [], np.isfinite(scores).all(axis=1)
    if not is_last.all():
        notes.append(
            f"Halving: only the candidates of the last iteration are compared, {is_last.sum()} in number."
        )
    if len(out := np.flatnonzero(is_last & ~scored)):
        notes.append(
            f"Out, because a fit has no score: {len(out)} of {is_last.sum()} candidates, {out.tolist()}."
        )
    if scored.sum() < fewest:
        notes.append(
            f"{scored.sum()} of {len(scores)} candidates can be compared; {fewest} are needed."
        )
        raise ValueError(" ".join(notes))
    if isinstance(error_score, Real) and (scores == error_score).any():
        n = (scores == error_score).sum()
        notes.append(
            f"{n} scores are {error_score}, the error_score of the search; with np.nan, failures are out."
        )
    return notes
