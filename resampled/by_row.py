"""What is known of the rows of a search: what each scores, or what is predicted of it, and which fits are stuck."""

from typing import Any

import numpy as np

from resampled.candidates.stuck import answered, is_stuck
from resampled.means.leaving_out import Metric, leaving_out
from resampled.means.pooling import Pooling, pooling
from resampled.means.rows import Rows
from resampled.scorers import bounds_of, named_metric

# What scikit-learn's name tells of a scorer, or a function of y and predictions; more is better.
Scorer = str | Metric
# By which share of its size a score may differ from that of the rows, whose numbers are float32.
_ROUNDING = 1e-5
# Of scores that are the mean of what each row scores.
_MEAN = Pooling(
    "predict", lambda _, scores: [1.0, scores], lambda sums: sums[..., 1] / sums[..., 0]
)


def count_rows(
    n_rows: int | None, row_scores: Any, predictions: Any, y: Any, groups: Any
) -> int | None:
    """Return how many rows the table has, None if nothing tells; raises `ValueError` if what is given does not fit."""
    shapes = {
        "row_scores": np.shape(row_scores)[2:3],
        "predictions": np.shape(predictions)[2:3],
    }
    shapes["n_rows"] = () if n_rows is None else (n_rows,)
    for name, column in {"y": y, "groups": groups}.items():
        values = np.asarray([] if column is None else column)
        # The NA of pandas is neither equal to itself nor not.
        lacking = sum(
            each is None or (each == each) is not True for each in values.tolist()
        )
        if values.ndim != 1 or lacking:
            raise ValueError(
                f"{name} has the shape {values.shape}, {lacking} values missing; give (n_rows,), all known."
            )
        shapes[name] = values.shape * (column is not None)
    told = {name: shape[0] for name, shape in shapes.items() if shape}
    if len({*told.values()}) > 1 or {"row_scores", "predictions"} <= told.keys():
        raise ValueError(
            f"Give either row_scores= or predictions=, and as many rows everywhere, not {told}."
        )
    return next(iter(told.values()), None)


def rows_of(
    scores: np.ndarray,
    scorer: Scorer,
    row_scores: Any = None,
    predictions: Any = None,
    y: Any = None,
    groups: Any = None,
) -> Rows | None:
    """Return what is known of rows, of the candidates that have all scores; None if nothing is.

    The scores have the shape (n_candidates, n_splits), and the other parameters are those of `resampled.summary`.
    Raises `ValueError` if the scores do not follow from the rows.
    """
    if row_scores is not None:
        name, pool, values = "row_scores", _MEAN, np.asarray(row_scores, dtype=float)
        y = np.zeros(values.shape[-1])
    elif predictions is None:
        return None
    elif y is None:
        raise ValueError(
            "predictions= needs y=, the target of the rows, which is missing."
        )
    else:
        name, values, y = "predictions", np.asarray(predictions), np.asarray(y)
        pool, values, y = _pooled(scorer, values, y)
    shape, compared = (
        (*scores.shape, len(y)),
        np.flatnonzero(np.isfinite(scores).all(axis=1)),
    )
    if values.shape[:3] != shape:
        raise ValueError(
            f"{name} has the shape {values.shape}; it is {shape}, with NaN where a split has no such row."
        )
    is_test = np.isfinite(values[compared[0]]).reshape(*shape[1:], -1).all(axis=2)
    statistics, tests = [], [np.flatnonzero(each) for each in is_test]
    of_means = (
        row_scores is not None
        or callable(scorer)
        or pooling(scorer, len(np.unique(y))) is None
    )
    has_no_unit = not of_means and bounds_of(str(scorer))[1] == 1
    for split, test in enumerate(tests):
        rows = np.stack(
            [
                pool.rows(y[test], values[candidate, split, test])
                for candidate in compared
            ]
        )
        statistics.append(rows)
        given = scores[compared, split]
        size = (
            np.abs(rows[..., 1]).mean()
            if of_means
            else max(np.abs(given).max(), has_no_unit)
        )
        differ = (
            np.abs(pool.score(rows.sum(axis=1, dtype=float)) - given) > _ROUNDING * size
        )
        if differ.any():
            raise ValueError(
                f"{name} give another score on split {split} than candidate {compared[differ][0]} has; give all in the "
                "same order."
            )
    return Rows(statistics, tests, None if groups is None else np.asarray(groups), pool)


def judged_by_rows(scorer: Scorer, n_classes: int = 2) -> bool:
    """Return whether predictions tell what each row makes of a scorer."""
    return (
        callable(scorer)
        or pooling(scorer, n_classes) is not None
        or named_metric(scorer) is not None
    )


def _pooled(
    scorer: Scorer, predictions: np.ndarray, y: np.ndarray
) -> tuple[Pooling, np.ndarray, np.ndarray]:
    """Return how a scorer pools rows, and the predictions and the target as it takes them."""
    metric = scorer
    if not callable(scorer):
        if by_sums := pooling(scorer, len(np.unique(y))):
            is_of_numbers = scorer == "r2" or scorer.endswith("error")
            return by_sums, *(
                (predictions, y) if is_of_numbers else _encoded(predictions, y)
            )
        metric = named_metric(scorer) or ""
    if not callable(metric):
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
    numbers = sum(
        number * (predictions == label) for number, label in enumerate(classes)
    )
    return np.where(np.isin(predictions, classes), numbers, np.nan), y


def stuck_fits(predictions: Any, y: Any, *, classify: bool = True) -> np.ndarray:
    """Return which fits of a search are stuck, shape (n_candidates, n_splits): they predict nearly all rows alike.

    `predictions` have the shape (n_candidates, n_splits, n_rows), with NaN for the rows that a split does not test,
    which count as its training rows; `y`, of shape (n_rows,), has classes or, if not `classify`, numbers.
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
        if (is_tested := np.isfinite(predictions[fit])).any():
            stuck[fit] = is_stuck(
                answered(predictions[fit][is_tested]), y[~is_tested], classify
            )
    return stuck
