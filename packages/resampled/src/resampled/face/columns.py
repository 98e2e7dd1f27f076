"""Reads scores: from a search's columns, from lists and arrays, or from what `cross_predict` returns."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from resampled.face.predicted import Predicted
from resampled.scorers import scorer_names

# By metric and by the number of a split: the scores of the candidates.
_Splits = dict[str, dict[int, list[Any]]]
# The columns of a table.
_Columns = dict[str, list[Any]]


class Table(NamedTuple):
    """Scores of shape (n_candidates, n_splits), scikit-learn's name of their scorer, and settings by candidate.

    The name is "" where it is not known; `iterations` are those of halving, by candidate.
    """

    scores: np.ndarray
    scorer: str
    settings: _Columns
    iterations: np.ndarray


def read(search: Any, metric: str | None) -> Table:
    """Return the scores by a metric, of a search, its results, lists or arrays; raises `ValueError` if it has none."""
    settings: _Columns = {}
    iterations: Any = None
    if isinstance(search, Predicted):
        scores = search.scores
        scorer = metric or ""
        settings = search.settings
    elif columns := _columns(search):
        scores, scorer = _scores(search, columns, metric)
        iterations = columns.get("iter")
        for name, values in columns.items():
            if name.startswith("param_"):
                settings[name.removeprefix("param_")] = values
    else:
        scores, scorer = _listed(search, metric)
    if scores.ndim != 2:
        raise ValueError(
            f"The scores have the shape {scores.shape}; give (n_candidates, n_splits)."
        )
    if iterations is None:
        iterations = np.zeros(len(scores))
    return Table(scores, scorer, settings, np.asarray(iterations, dtype=float))


def same_index(names: str, *columns: Any) -> None:
    """Raise `ValueError` if series of pandas have different indices, because values are taken by their places."""
    indices = [column.index for column in columns if hasattr(column, "iloc")]
    if not all(other.equals(indices[0]) for other in indices):
        raise ValueError(
            f"{names} have indices that differ; reindex one like the other, or give arrays."
        )


def _columns(search: Any) -> _Columns:
    """Return the columns of `cv_results_`, or of what `cross_validate` returns; none of an array."""
    if hasattr(search, "get_params") and not hasattr(search, "cv_results_"):
        raise ValueError(
            f"{type(search).__name__} has no cv_results_; give a fitted search, not its best_estimator_."
        )
    results = getattr(search, "cv_results_", search)
    names = getattr(results, "columns", results)  # as a data frame has
    if names is results and not isinstance(results, Mapping):
        return {}
    return {str(name): list(map(_value, results[name])) for name in names}


def _value(cell: Any) -> Any:
    """Return what stands in a cell, a number even if it was text, as in a CSV, and NaN for nothing."""
    if cell is np.ma.masked:
        return np.nan
    if not isinstance(cell, str):
        return cell
    try:
        return float(cell or "nan")
    except ValueError:
        return cell


def _scores(
    search: Any, columns: _Columns, metric: str | None
) -> tuple[np.ndarray, str]:
    """Return the scores of a metric, and scikit-learn's name of its scorer."""
    splits = _by_metric(columns)
    name = _chosen(search, splits, metric)
    numbered = splits[name]
    if lacking := {*range(max(numbered))} - {*numbered}:
        raise ValueError(
            f"There is a column split{max(numbered)}_test_{name}, but none of split {min(lacking)}."
        )
    in_order = [numbered[number] for number in sorted(numbered)]
    scorer = _scorer(search, name, metric)
    if scorer in splits and scorer not in scorer_names():
        scorer = ""  # a column has any name
    return np.array(in_order, dtype=float).T, scorer


def _by_metric(columns: _Columns) -> _Splits:
    splits: _Splits = {}
    for column, values in columns.items():
        if match := re.fullmatch(r"split(\d+)_test_(.+)", column):
            splits.setdefault(match[2], {})[int(match[1])] = values
        elif match := re.fullmatch("test_(.+)", column):
            # Of `cross_validate`, with one candidate.
            splits[match[1]] = {split: [score] for split, score in enumerate(values)}
    return splits


def _chosen(search: Any, splits: _Splits, metric: str | None) -> str:
    """Return which metric is meant; raises `ValueError` if nothing tells."""
    refit = getattr(search, "refit", None)
    name = metric or refit
    if len(splits) == 1 and ("score" in splits or not isinstance(name, str)):
        (name,) = splits
    if name in splits:
        return str(name)
    wanted = (
        "a column split0_test_score or test_score, or an array with a row for each candidate, such as "
        "frame.to_numpy() or its transpose"
    )
    if splits:
        wanted = f"metric=, one of: {', '.join(splits)}"
    raise ValueError(f"Which scores are meant is not known; give {wanted}.")


def _scorer(search: Any, name: str, metric: str | None) -> str:
    """Return scikit-learn's name of the scorer of a metric; "" if nothing tells."""
    scoring = getattr(search, "scoring", None)
    if isinstance(scoring, Mapping):
        scoring = scoring[name]
    if scoring is None and name == "score" and hasattr(search, "estimator"):
        scoring = _own_scorer(search.estimator)
    if not isinstance(scoring, str):
        is_own = name == "score" or callable(scoring)
        return metric or "" if is_own else name
    if name == "score" and metric not in (None, name, scoring):
        raise ValueError(
            f"metric={metric!r} is given, but the search is scored by {scoring}; leave it out."
        )
    return scoring


def _own_scorer(estimator: Any) -> str | None:
    """Return what an estimator's own method `score` computes."""
    from sklearn.base import is_classifier, is_regressor  # takes a second to import

    if is_classifier(estimator):
        return "accuracy"
    return "r2" if is_regressor(estimator) else None


def _listed(search: Any, metric: str | None) -> tuple[np.ndarray, str]:
    """Return the scores of an array, or of a list of arrays, series or what `cross_validate` returns."""
    scorer = metric or ""
    if not isinstance(search, list | tuple) or all(map(np.isscalar, search)):
        return np.atleast_2d(_array(search)), scorer
    same_index("The scores", *search)
    scores = []
    for each in search:
        if columns := _columns(each):
            each, scorer = _scores(each, columns, metric)
        scores.append(np.squeeze(_array(each)))
    shapes = {each.shape: 0 for each in scores}
    if len(shapes) > 1 or scores[0].ndim != 1:
        shown = " and ".join(map(str, shapes))
        raise ValueError(
            f"The scores have the shapes {shown}; give (n_splits,) for each, on the same splits."
        )
    return np.stack(scores), scorer


def _array(scores: Any) -> np.ndarray:
    try:
        return np.asarray(scores, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"The scores are not an array of numbers ({error}); give one."
        ) from None
