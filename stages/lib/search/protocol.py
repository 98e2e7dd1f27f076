"""Checks that net, data and scorers fit together."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils import _safe_indexing

from stages.lib.common import explained
from stages.lib.lockstep import TrainTest, net_of


class Scorer(Protocol):
    """What scores a fitted estimator, as `make_scorer` returns it."""

    @property
    def scorers(self) -> Mapping[str, Callable[..., float]]:
        """scikit-learn's scorers by name, the one that selects first."""

    def __call__(self, estimator: BaseEstimator, X: Any, y: np.ndarray) -> Any:
        """Return the score, or several by name, with a record."""


def check_trial(estimator: BaseEstimator, X: Any, y: np.ndarray, split: TrainTest, scorer: Scorer) -> None:
    """Train one epoch and score, to find what does not fit together before a long search.

    Raises
    ------
    UserError
        If the module, the criterion, the scorers and the data don't fit together; it includes the original error.
    """
    train, test = split
    trial = clone(estimator)
    net_of(trial).set_params(max_epochs=1)
    with explained(
        "A trial of one epoch failed",
        "The module, the criterion and the data in params.yaml don't fit together; change one of them.",
    ):
        trial.fit(_safe_indexing(X, train), y[train])
    rows, expected = _safe_indexing(X, test), y[test].ravel()
    selecting, *others = scorer.scorers.items()
    with explained(
        "A trial of one epoch could not be scored",
        "Set cv.scoring in params.yaml to a score that fits the net, such as accuracy for classes, roc_auc for two "
        "classes, roc_auc_ovr for more, or r2 for numbers.",
    ):
        selecting[1](trial, rows, expected)
    for name, other in others:
        with explained(
            f"A trial of one epoch could not be scored by {name}",
            f"Remove {name} from cv.also_score in params.yaml, or let the net predict what it needs.",
        ):
            other(trial, rows, expected)
