"""Checks that net, data and scorer fit together."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils import _safe_indexing

from stages.lib.common import explained
from stages.lib.lockstep import TrainTest, net_of

# A scorer as in scikit-learn: takes a fitted estimator, rows and their target.
Scorer = Callable[[BaseEstimator, Any, np.ndarray], float]


def check_trial(estimator: BaseEstimator, X: Any, y: np.ndarray, split: TrainTest, scorer: Scorer) -> None:
    """Train one epoch and score, to find what does not fit together before a long search.

    Raises
    ------
    UserError
        If the module, the criterion, the scorer and the data don't fit together; it includes the original error.
    """
    train, test = split
    trial = clone(estimator)
    net_of(trial).set_params(max_epochs=1)
    with explained(
        "A trial of one epoch failed",
        "The module, the criterion and the data in params.yaml don't fit together; change one of them.",
    ):
        trial.fit(_safe_indexing(X, train), y[train])
    with explained(
        "A trial of one epoch could not be scored",
        "Set cv.scoring in params.yaml to a score that fits the net, such as accuracy for classes, roc_auc for two "
        "classes, roc_auc_ovr for more, or r2 for numbers.",
    ):
        scorer(trial, _safe_indexing(X, test), y[test])
