"""What of a search is judged: the candidates with all scores, what is known of rows, and what would let rows count."""

import math
from numbers import Real
from typing import Any

import numpy as np

from resampled.face.by_row import judged_by_rows
from resampled.face.columns import Table
from resampled.face.predicted import Predicted
from resampled.resampling import UNBOUNDED, Bounds
from resampled.scorers import bounds_of


def judged(search: Predicted, bounds: Bounds | None) -> tuple[Any, Any]:
    """Return the target and the predictions, each if something follows from it."""
    metric = search.metric
    low, high = bounds or UNBOUNDED
    if bounds is None and isinstance(metric, str):
        low, high = bounds_of(metric)
    if metric is not None and judged_by_rows(metric, len(np.unique(search.y))):
        return search.y, search.predictions
    return search.y if math.isfinite(high - low) else None, None


def compared(table: Table, error_score: object) -> tuple[np.ndarray, list[str]]:
    """Return the scores, NaN for a candidate that is not compared, and notes on who is out and which fits have failed.

    Raises `ValueError` if none is left.
    """
    is_last = table.iterations == table.iterations.max()
    kept = np.isfinite(table.scores) & is_last[:, None]
    scores = np.where(kept, table.scores, np.nan)
    scored = kept.all(axis=1)
    n_last = is_last.sum()
    notes = []
    if not is_last.all():
        notes.append(
            f"Halving: only the candidates of the last iteration are compared, {n_last} in number."
        )
    out = np.flatnonzero(is_last & ~scored).tolist()
    if out:
        notes.append(
            f"Out, because a fit has no score: {len(out)} of {n_last} candidates, {out}."
        )
    if not scored.any():
        raise ValueError(" ".join([*notes, "None is left to be judged."]))
    if isinstance(error_score, Real) and (scores == error_score).any():
        n_failed = (scores == error_score).sum()
        notes.append(
            f"{n_failed} scores are {error_score}, the error_score of the search; with np.nan, failures are out."
        )
    return scores, notes


def check_effect(name: str, given: Any, needed: Any) -> None:
    """Raise `ValueError` for a column that is given without what it has an effect on."""
    if given is not None and needed is None:
        raise ValueError(
            f"{name}= has no effect without predictions= or two bounds, by metric= or bounds=."
        )


def remedy(search: Any, scorer: str) -> str:
    """Say what lets rows count; nothing where no rows can judge the scorer."""
    if scorer and not judged_by_rows(scorer):
        return ""
    if hasattr(search, "estimator"):
        if scorer:
            return "call summary(search, X, y)"
        return "call summary(search, X, y, metric=a function of (y, predictions))"
    if scorer:
        return "give predictions= and y="
    return "give predictions=, y=, and as metric= a function of both"
