"""How a setting compares with another, in words. Oracle: scipy's interval of Student's t."""

import math

import numpy as np
import pytest
from scipy import stats

from resampled.pairs.equivalence import equivalence
from resampled.resampling import Resampling
from stages.lib.comparison.standing import standing

RNG = np.random.default_rng(6)
FOLDS = Resampling.of_folds(3)


@pytest.mark.parametrize(
    ("p", "worse", "better", "words"),
    [
        (0.049, 0.51, 0.001, "worse"),
        (0.049, 0.001, 0.51, "better"),
        (0.05, 0.96, 0.01, "could be as good"),  # which one test alone would call worse
        (0.001, 0.49, 0.0, "could be as good"),  # beyond chance, and yet hardly larger than the rope
        (0.001, 0.049, 0.0, "as good"),  # beyond chance, and yet inside the rope
        (0.9, 0.049, 0.049, "as good"),
        (0.9, 0.051, 0.0, "could be as good"),
        (float("nan"), float("nan"), float("nan"), ""),
    ],
)
def test_what_is_called_better(p: float, worse: float, better: float, words: str) -> None:
    assert standing(p, worse, better, within=True) == words
    within = standing(p, worse, better, within=False)
    assert within == ("could be as good" if words == "as good" else words)


def test_as_good_is_a_90_percent_interval_inside_the_rope() -> None:
    for _ in range(50):
        differences = RNG.normal(RNG.uniform(-0.01, 0.01), 0.01, size=30)
        error = differences.std(ddof=1) * math.sqrt(1 / 30 + 0.5)
        low, high = stats.t(29, differences.mean(), error).interval(0.9)
        worse, _, better = equivalence(differences, FOLDS, 0.01)
        assert (standing(1.0, float(worse), float(better), within=True) == "as good") == (-0.01 < low and high < 0.01)
