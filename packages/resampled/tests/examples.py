"""Fitted searches of scikit-learn that take milliseconds, the scores of random ones, and where the package lies."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB

PACKAGE = Path(__file__).parents[1]
N_ROWS = 60
X, Y = make_classification(n_samples=N_ROWS, n_features=4, flip_y=0.2, random_state=0)
GROUPS = np.arange(N_ROWS) % 10
GRID = {"var_smoothing": [1e-9, 0.1, 1.0, 10.0]}


def searched(
    cv: Any, grid: Any = GRID, estimator: Any = None, **kwargs: Any
) -> GridSearchCV:
    """Return a fitted search of naive Bayes, or of another estimator."""
    search = GridSearchCV(estimator or GaussianNB(), grid, cv=cv, **kwargs)
    return search.fit(X, Y, groups=GROUPS if "Group" in type(cv).__name__ else None)


def random_scores(
    n_candidates: int = 4, n_splits: int = 30, seed: int = 0
) -> np.ndarray:
    """Return scores between 0 and 1, of shape (n_candidates, n_splits)."""
    return (
        np.random.default_rng(seed).integers(60, 90, size=(n_candidates, n_splits))
        / 100
    )


def refused(sentence: str) -> AbstractContextManager[pytest.ExceptionInfo[Any]]:
    """Expect a `ValueError` in whose text a regular expression is found."""
    return pytest.raises(ValueError, match=sentence)
