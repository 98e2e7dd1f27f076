"""Two runs apart. Oracle: SciPy's t-test of two samples."""

import numpy as np
import pytest
from scipy import stats

from resampled.means.ttest import half_width
from resampled.pairs.apart import Apart
from resampled.pairs.family import CHANCE, NO_CHANCE, UNTESTED, judge
from resampled.resampling import Resampling

RNG = np.random.default_rng(0)


def test_with_equal_spread_and_independent_splits_it_is_students_test_with_fewer_degrees() -> None:
    """The two-sample t-test has the same statistic, and twice the degrees."""
    old = RNG.normal(size=12)
    new = old[::-1] + 0.9  # with the same variance
    halves = float(half_width(old, Resampling(0.0))), float(half_width(new, Resampling(0.0)))
    found, oracle = Apart((float(old.mean()), float(new.mean())), halves, 12), stats.ttest_ind(new, old)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(oracle.statistic), 11))
    assert found.p_value > oracle.pvalue
    assert found.difference == pytest.approx(0.9)


def test_the_interval_excludes_zero_where_p_is_below_five_percent() -> None:
    for difference in np.linspace(0, 0.2, 41):
        found = Apart((0.7, 0.7 + difference), (0.05, 0.08), 30)
        assert (found.p_value < 0.05) == (difference > found.half_width())
    assert Apart((0.7, 0.7), (0.0, 0.0), 30).p_value == 1


def test_it_is_never_better_or_level() -> None:
    words = judge({"far": Apart((0.7, 0.9), (0.02, 0.02), 30), "same": Apart((0.7, 0.7), (0.02, 0.02), 30)})
    assert [words[name].word for name in ("far", "same")] == [NO_CHANCE, CHANCE]


@pytest.mark.parametrize(
    "found",
    [
        Apart((0.7, 0.9), (0.02, float("nan")), 30),  # in the order of time
        Apart((0.7, float("nan")), (0.02, float("nan")), 30),  # a net diverged
        Apart((0.7, 0.9), (0.02, 0.02), 2),
    ],
)
def test_without_intervals_there_is_no_test(found: Apart) -> None:
    assert not found.is_tested
    assert judge({"": found})[""].word == UNTESTED
