"""Two runs apart. Oracle: SciPy's t-test of two samples."""

import numpy as np
import pytest
from scipy import stats

from resampled.means.ttest import half_width
from resampled.pairs.apart import Apart
from resampled.pairs.family import CHANCE, NO_CHANCE, UNTESTED, judge
from resampled.resampling import Resampling


def test_with_equal_spread_and_independent_splits_it_is_students_test_with_fewer_degrees() -> (
    None
):
    """The two-sample t-test has the same statistic, and twice the degrees."""
    old = np.random.default_rng(0).normal(size=12)
    new = old[::-1] + 0.9  # with the same variance
    halves = (
        float(half_width(old, Resampling(0.0))),
        float(half_width(new, Resampling(0.0))),
    )
    found, oracle = (
        Apart((float(old.mean()), float(new.mean())), halves, 12),
        stats.ttest_ind(new, old),
    )
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(oracle.statistic), 11))
    assert found.difference == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("new", "half", "n_splits", "word"),
    [
        (0.9, 0.02, 30, NO_CHANCE),
        (0.7, 0.02, 30, CHANCE),
        (0.9, float("nan"), 30, UNTESTED),  # in the order of time
        (float("nan"), 0.02, 30, UNTESTED),  # a net diverged
        (0.9, 0.02, 2, UNTESTED),
    ],
)
def test_it_is_never_better_or_level(
    new: float, half: float, n_splits: int, word: str
) -> None:
    found = Apart((0.7, new), (0.02, half), n_splits)
    assert found.is_tested == (word != UNTESTED)
    assert judge({"": found})[""].word == word
