"""Scores a baseline on the splits of the evaluation, and records what is seen of it there."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import cross_validate

from stages.lib.data import Dataset
from stages.lib.engine import TrainTest
from stages.lib.model import rows
from stages.lib.scores import Pooling
from stages.lib.scores.scorer import all_alike, pooled_rows, remembering
from stages.lib.winners.baselines import Baseline
from stages.lib.winners.diagnostics import predictions
from stages.lib.winners.shuffled import importances

Scorer = Callable[..., float]


class Watched:
    """A scorer that records what it sees of each split, beside the score.

    Parameters
    ----------
    scorer : callable
    pooled : Pooling, optional
    n_columns : int
        How many columns of the rows are inputs.

    Attributes
    ----------
    statistics : list of arrays of shape (n_test, k)
        Of rows, for intervals; none where the scorer does not pool rows.
    constant : list of bool
        Whether each row got the same answer.
    predictions : list of arrays
        As `diagnostics.predictions` returns them.
    importances : list of arrays of shape (n_columns,)
    """

    def __init__(self, scorer: Scorer, pooled: Pooling | None, n_columns: int) -> None:
        self.scorer, self.pooled, self.n_columns = scorer, pooled, n_columns
        self.statistics: list[np.ndarray] = []
        self.constant: list[bool] = []
        self.predictions: list[np.ndarray] = []
        self.importances: list[np.ndarray] = []

    def __call__(self, estimator: BaseEstimator, X: Any, y: np.ndarray) -> float:
        """Return the score of a fitted estimator on rows and their target."""
        with remembering(estimator, X) as answers:
            score = self.scorer(estimator, X, y)
            self.constant.append(all_alike(answers))
            if self.pooled:
                self.statistics.append(pooled_rows(self.pooled)(estimator, X, y))
            self.predictions.append(predictions(estimator, X, y))
        self.importances.append(importances(estimator, X, y, self.n_columns, self.scorer, self.pooled))
        return score


def score_baseline(
    name: str, baseline: Baseline, data: Dataset, splits: list[TrainTest], scorers: Mapping[str, Scorer]
) -> dict[str, np.ndarray]:
    """Return a baseline's scores by scorer, one per split; all NaN, with a warning, where a scorer can't score it.

    Parameters
    ----------
    name : str
    baseline : Baseline
    data : Dataset
    splits : list of (train, test)
    scorers : mapping of callables
        scikit-learn's scorers by name.
    """
    given = rows(data, baseline.estimator)
    try:
        found = cross_validate(
            baseline.estimator,
            given,
            data.y,
            cv=splits,
            scoring=dict(scorers),
            error_score="raise",
        )
    except (ValueError, TypeError, AttributeError) as error:
        if len(scorers) > 1:  # the others may score it
            each = (score_baseline(name, baseline, data, splits, {key: scorer}) for key, scorer in scorers.items())
            return {key: scores for found in each for key, scores in found.items()}
        (key,) = scorers
        warnings.warn(f"{name} has no score: {key} says {error}", stacklevel=2)
        return {key: np.full(len(splits), np.nan)}
    return {key: np.asarray(found[f"test_{key}"]) for key in scorers}
