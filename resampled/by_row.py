"""What is known of the rows of a search: what each scores, or what is predicted of it, and which fits are stuck."""

from typing import Any

import numpy as np

from resampled.candidates.stuck import answered, is_stuck
from resampled.means.pooling import Pooling, pooling
from resampled.means.rows import Rows

# Of scores that are the mean of what each row scores.
_MEAN = Pooling("predict", lambda _, scores: [1.0, scores], lambda sums: sums[..., 1] / sums[..., 0])


def count_rows(n_rows: int | None, row_scores: Any, predictions: Any, y: Any, groups: Any) -> int | None:
    """Return how many rows the table has, None if nothing tells; raises `ValueError` if what is given does not fit."""
    shapes = {"row_scores": np.shape(row_scores)[2:3], "predictions": np.shape(predictions)[2:3]}
    shapes["n_rows"] = () if n_rows is None else (n_rows,)
    for name, column in {"y": y, "groups": groups}.items():
        values = np.asarray([] if column is None else column)
        # The NA of pandas is neither equal to itself nor not.
        lacking = sum(each is None or (each == each) is not True for each in values.tolist())
        if values.ndim != 1 or lacking:
            raise ValueError(
                f"{name} has the shape {values.shape}, {lacking} values missing; give (n_rows,), all known."
            )
        shapes[name] = values.shape * (column is not None)
    told = {name: shape[0] for name, shape in shapes.items() if shape}
    if len({*told.values()}) > 1 or {"row_scores", "predictions"} <= told.keys():
        raise ValueError(f"Give either row_scores= or predictions=, and as many rows everywhere, not {told}.")
    return next(iter(told.values()), None)


def rows_of(
    scores: np.ndarray, scorer: str, row_scores: Any = None, predictions: Any = None, y: Any = None, groups: Any = None
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
    elif y is None or (by_sums := pooling(scorer, len(np.unique(y)))) is None:
        raise ValueError(f"predictions= needs y=, and a scorer that sums over rows; this one is {scorer!r}.")
    else:
        name, pool, values, y = "predictions", by_sums, np.asarray(predictions), np.asarray(y)
        if scorer != "r2" and not scorer.endswith("error"):
            values, y = _encoded(values, y)
    shape, compared = (*scores.shape, len(y)), np.flatnonzero(np.isfinite(scores).all(axis=1))
    if values.shape[:3] != shape:
        raise ValueError(f"{name} has the shape {values.shape}; it is {shape}, with NaN where a split has no such row.")
    is_test = np.isfinite(values[compared[0]]).reshape(*shape[1:], -1).all(axis=2)
    statistics, tests = [], [np.flatnonzero(each) for each in is_test]
    for split, test in enumerate(tests):
        rows = np.stack([pool.rows(y[test], values[candidate, split, test]) for candidate in compared])
        statistics.append(rows)
        if not np.allclose(pool.score(rows.sum(axis=1, dtype=float)), scores[compared, split], rtol=1e-4, atol=1e-6):
            raise ValueError(f"{name} give other scores on split {split} than there are; give all in the same order.")
    return Rows(statistics, tests, None if groups is None else np.asarray(groups), pool)


def _encoded(predictions: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return predictions and target with numbers for classes, NaN for what is no class; probabilities stay."""
    classes, y = np.unique(y, return_inverse=True)
    if predictions.ndim == 4:
        return predictions, y
    numbers = sum(number * (predictions == label) for number, label in enumerate(classes))
    return np.where(np.isin(predictions, classes), numbers, np.nan), y


def stuck_fits(predictions: Any, y: Any, *, classify: bool = True) -> np.ndarray:
    """Return which fits of a search are stuck, shape (n_candidates, n_splits): they predict nearly all rows alike.

    `predictions` have the shape (n_candidates, n_splits, n_rows), with NaN for the rows that a split does not test,
    which count as its training rows; `y`, of shape (n_rows,), has classes or, if not `classify`, numbers.
    """
    predictions, y = np.asarray(predictions), np.asarray(y)
    if predictions.shape[2:] != y.shape:
        raise ValueError(f"predictions have the shape {predictions.shape}, and y {y.shape}; both end with n_rows.")
    if classify:
        predictions, y = _encoded(predictions, y)
    stuck = np.zeros(predictions.shape[:2], dtype=bool)
    for fit in np.ndindex(stuck.shape):
        if (is_tested := np.isfinite(predictions[fit])).any():
            stuck[fit] = is_stuck(answered(predictions[fit][is_tested]), y[~is_tested], classify)
    return stuck
