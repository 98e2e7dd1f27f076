"""What is known of the rows of a search: what each scores, or what is predicted of it, and which fits are stuck."""

from typing import Any

import numpy as np

from resampled.candidates.stuck import answered, is_stuck
from resampled.face.splits import whole
from resampled.means.leaving_out import Metric, leaving_out
from resampled.means.pooling import Pooling, mean_of, pooling
from resampled.means.rows import Rows
from resampled.resampling import complete
from resampled.scorers import bounds_of, named_metric

# What scikit-learn's name tells of a scorer, or a function of y and predictions; more is better.
Scorer = str | Metric
# By which share of its size a score may differ from that of the rows, whose numbers are float32.
_ROUNDING = 1e-5
# Of scores that are the mean of what each row scores.
_MEAN = mean_of("predict", lambda _, scores: scores, np.positive)


def count_rows(
    n_rows: int | None, row_scores: Any, predictions: Any, y: Any, groups: Any
) -> int | None:
    """Return how many rows the table has, None if nothing tells; raises `ValueError` if what is given does not fit."""
    counts = {}
    for name, of_splits in (("row_scores", row_scores), ("predictions", predictions)):
        if np.ndim(of_splits) > 2:
            counts[name] = np.shape(of_splits)[2]
    if n_rows is not None:
        counts["n_rows"] = whole("n_rows", n_rows, 2)
    for name, column in (("y", y), ("groups", groups)):
        if column is not None:
            counts[name] = _count_known(name, column)
    if len({*counts.values()}) > 1 or {"row_scores", "predictions"} <= counts.keys():
        raise ValueError(
            f"Give either row_scores= or predictions=, and as many rows everywhere, not {counts}."
        )
    return next(iter(counts.values()), None)


def _count_known(name: str, column: Any) -> int:
    """Return how many values a column has; raises `ValueError` if one is missing."""
    values = np.asarray(column)
    # The NA of pandas is neither equal to itself nor not.
    known = [
        value is not None and (value == value) is True for value in values.tolist()
    ]
    if values.ndim != 1 or not all(known):
        n_missing = known.count(False)
        raise ValueError(
            f"{name} has the shape {values.shape}, {n_missing} values missing; give (n_rows,), all known."
        )
    return len(values)


def rows_of(
    scores: np.ndarray,
    scorer: Scorer,
    row_scores: Any,
    predictions: Any,
    y: Any,
    groups: Any,
) -> Rows | None:
    """Return what is known of rows, of the candidates that have all scores; None if nothing is.

    The scores have the shape (n_candidates, n_splits), and the other parameters are those of `resampled.Scores`.
    Raises `ValueError` if the scores do not follow from the rows.
    """
    if row_scores is not None:
        name, pool = "row_scores", _MEAN
        values = np.asarray(row_scores, dtype=float)
        y = np.zeros(values.shape[-1])
        has_sums = False
    elif predictions is None:
        return None
    elif y is None:
        raise ValueError(
            "predictions= needs y=, the target of the rows, which is missing."
        )
    else:
        name = "predictions"
        pool, values, y = _pooled(scorer, np.asarray(predictions), np.asarray(y))
        has_sums = _by_sums(scorer, y) is not None
    shape = (*scores.shape, len(y))
    if values.shape[:3] != shape:
        raise ValueError(
            f"{name} has the shape {values.shape}; it is {shape}, with NaN where a split has no such row."
        )
    compared = complete(scores)
    is_known = np.isfinite(values[compared[0]]).reshape(*shape[1:], -1)
    tests = [np.flatnonzero(each) for each in is_known.all(axis=2)]
    has_no_unit = has_sums and bounds_of(str(scorer))[1] == 1
    statistics = []
    for split, test in enumerate(tests):
        each = [pool.rows(y[test], values[i, split, test]) for i in compared]
        rows = np.stack(each)
        statistics.append(rows)
        given = scores[compared, split]
        size = np.abs(rows[..., 1]).mean()
        if has_sums:
            size = max(np.abs(given).max(), has_no_unit)
        errors = np.abs(pool.score(rows.sum(axis=1, dtype=float)) - given)
        differ = errors > _ROUNDING * size
        if differ.any():
            raise ValueError(
                f"{name} give another score on split {split} than candidate {compared[differ][0]} has; give all in the "
                "same order."
            )
    return Rows(statistics, tests, None if groups is None else np.asarray(groups), pool)


def judged_by_rows(scorer: Scorer, n_classes: int = 2) -> bool:
    """Return whether predictions tell what each row makes of a scorer."""
    if callable(scorer):
        return True
    return bool(pooling(scorer, n_classes) or named_metric(scorer))


def _by_sums(scorer: Scorer, y: np.ndarray) -> Pooling | None:
    """Return how a scorer pools rows if its value follows from sums over them."""
    return None if callable(scorer) else pooling(scorer, len(np.unique(y)))


def _pooled(
    scorer: Scorer, predictions: np.ndarray, y: np.ndarray
) -> tuple[Pooling, np.ndarray, np.ndarray]:
    """Return how a scorer pools rows, and the predictions and the target as it takes them."""
    if by_sums := _by_sums(scorer, y):
        name = str(scorer)
        if name == "r2" or name.endswith("error"):
            return by_sums, predictions, y
        return by_sums, *_encoded(predictions, y)
    metric = scorer if callable(scorer) else named_metric(scorer)
    if metric is None:
        raise ValueError(
            f"Rows can't judge the scorer {scorer!r}: leave out predictions=, or give metric=, a function of (y, "
            "predictions) of which more is better."
        )
    if predictions.ndim == 4:
        return leaving_out(metric, "predict_proba"), predictions, y
    if y.dtype.kind in "iuf":
        return leaving_out(metric), predictions, y
    return leaving_out(_of_codes(metric, np.unique(y))), *_encoded(predictions, y)


def _of_codes(metric: Metric, classes: np.ndarray) -> Metric:
    """Return the metric of numbers that stand for classes, such as words."""
    return lambda y, predicted: metric(
        classes[y.astype(int)], classes[predicted.astype(int)]
    )


def _encoded(predictions: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return predictions and target with numbers for classes, NaN for what is no class; probabilities stay."""
    classes, y = np.unique(y, return_inverse=True)
    if predictions.ndim == 4:
        return predictions, y
    numbers = np.full(predictions.shape, np.nan)
    for number, label in enumerate(classes):
        numbers[predictions == label] = number
    return numbers, y


def stuck_fits(predictions: Any, y: Any, *, classify: bool = True) -> np.ndarray:
    """Return which fits of a search are stuck: they predict nearly all rows alike, though their rows are not alike.

    Such a model puts at least 99 % of the test rows into one class that has less than 95 % of its training rows; for
    numbers, its predictions spread by less than 1 % of what the target does.

    Parameters
    ----------
    predictions : array of shape (n_candidates, n_splits, n_rows)
        NaN for the rows that a split does not test, which count as its training rows.
    y : array of shape (n_rows,)
        The target.
    classify : bool, default=True
        Whether it has classes, and not numbers.

    Returns
    -------
    array of bool, shape (n_candidates, n_splits)
        True for a fit that is stuck; `summary` and `Scores.interval` take it as `stuck`.

    Raises
    ------
    ValueError
        If both do not end with as many rows.

    Examples
    --------
    Of two folds of six rows, the first fit says 1 for each row that it tests:

    >>> from numpy import nan
    >>> from resampled import stuck_fits
    >>> of_folds = [[1, 1, 1, nan, nan, nan], [nan, nan, nan, 0, 1, 1]]
    >>> stuck_fits([of_folds], [0, 1, 0, 0, 1, 1])
    array([[ True, False]])
    """
    predictions, y = np.asarray(predictions), np.asarray(y)
    if predictions.shape[2:] != y.shape:
        raise ValueError(
            f"predictions have the shape {predictions.shape}, and y {y.shape}; both end with n_rows."
        )
    if classify:
        predictions, y = _encoded(predictions, y)
    stuck = np.zeros(predictions.shape[:2], dtype=bool)
    for fit in np.ndindex(stuck.shape):
        is_tested = np.isfinite(predictions[fit])
        if is_tested.any():
            seen = answered(predictions[fit][is_tested])
            stuck[fit] = is_stuck(seen, y[~is_tested], classify)
    return stuck
