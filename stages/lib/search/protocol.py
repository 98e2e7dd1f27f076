"""What a search takes as its scorer."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from sklearn.base import BaseEstimator


class Scorer(Protocol):
    """What scores a fitted estimator, as `make_scorer` returns it."""

    @property
    def scorers(self) -> Mapping[str, Callable[..., float]]:
        """scikit-learn's scorers by name, the one that selects first."""

    def __call__(self, estimator: BaseEstimator, X: Any, y: np.ndarray) -> Any:
        """Return the score, or several by name, with a record."""
