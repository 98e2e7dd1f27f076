"""The bounds of scorers. Oracle: the scorers of scikit-learn, of which each is best at 0, 1 or nowhere."""

import math

import pytest
from sklearn.metrics import get_scorer_names

from resampled.scorers import bounds_of


@pytest.mark.parametrize("scoring", get_scorer_names())
def test_every_scorer_has_bounds_around_its_best(scoring: str) -> None:
    low, high = bounds_of(scoring)
    assert low < high
    assert high in {0, 1, math.inf}


@pytest.mark.parametrize(
    ("scoring", "bounds"),
    [
        ("accuracy", (0, 1)),
        ("matthews_corrcoef", (-1, 1)),
        ("neg_mean_squared_error", (-math.inf, 0)),
        ("r2", (-math.inf, 1)),
    ],
)
def test_bounds_are_those_of_the_formula(scoring: str, bounds: tuple[float, float]) -> None:
    assert bounds_of(scoring) == bounds
