"""scikit-learn's scorers, except that a diverged net gets no score."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import get_scorer, get_scorer_names

from stages.lib.common import UserError, did_you_mean
from stages.lib.lockstep import net_of


class ScoreOrNaN:
    """A scorer of a fitted estimator on rows and their target, of shape (n, 1) or (n,); NaN for a diverged net."""

    def __init__(self, scorer: Callable[..., float]) -> None:
        self.scorer = scorer

    def __call__(self, estimator: BaseEstimator, X: Any, y: np.ndarray) -> float:
        """Return the scorer's score, or NaN for a diverged net."""
        # A TransformedTargetRegressor fits a copy.
        net = net_of(getattr(estimator, "regressor_", estimator))
        return float("nan") if net.diverged_ else self.scorer(estimator, X, y.ravel())


def make_scorer(name: str) -> ScoreOrNaN:
    """Return scikit-learn's scorer of that name; raises `UserError` if there is none."""
    if name not in get_scorer_names():
        raise UserError(
            f"params.yaml: cv.scoring: {name!r} is not a scorer of scikit-learn{did_you_mean(name, get_scorer_names())}"
        )
    return ScoreOrNaN(get_scorer(name))
