"""Oracle: baycomp's correlated t-test, where it answers the same question, with folds, and without a use of repeats."""

import baycomp
import numpy as np
import pytest

import resampled
from resampled import Scores
from resampled.means.equivalence import equivalence
from resampled.resampling import Resampling


@pytest.mark.filterwarnings("ignore::resampled.ResampledWarning")
@pytest.mark.parametrize("gap", [0.0, 0.01, -0.03])
@pytest.mark.parametrize(("n_folds", "n_repeats"), [(10, 1), (3, 10)])
@pytest.mark.parametrize("rope", [0.005, 0.05])
def test_the_probabilities_are_baycomps(
    n_folds: int, n_repeats: int, gap: float, rope: float
) -> None:
    """Its left is where the first learner is better, so where new less old is below the rope.

    Of a difference from 0, 2.5 % lie beyond each end of the interval of a mean. A verdict allows for more.
    """
    rng, n_splits = np.random.default_rng(n_folds * n_repeats), n_folds * n_repeats
    common = 0.8 + rng.normal(0, 0.02, size=n_splits)  # the luck of the splits
    old, new = (
        common + np.array([[0.0], [gap]]) + rng.normal(0, 0.01, size=(2, n_splits))
    )
    shares = equivalence(new - old, Resampling.of_folds(n_folds), rope)
    assert [*map(float, shares)] == pytest.approx(
        baycomp.two_on_single(old, new, rope=rope, runs=n_repeats)
    )
    found = resampled.summary(np.stack([old, new]), n_folds=n_folds, rope=rope)
    ours = [
        found.candidates[key][1 - found.best] for key in ("worse", "equal", "better")
    ]
    best, compared = (old, new) if found.best == 0 else (new, old)
    assert ours == pytest.approx(
        baycomp.two_on_single(best, compared, rope=rope, runs=n_repeats)
    )

    p = 2 * min(baycomp.two_on_single(old, new, runs=n_repeats))
    assert Scores([old, new], n_folds=n_folds).verdict().p >= p - 1e-12

    low, high = Scores(old, n_folds=n_folds).interval()
    for end, below in ((low, 0.025), (high, 0.975)):
        assert baycomp.two_on_single(
            0 * old, old - end, runs=n_repeats
        ) == pytest.approx((below, 1 - below))
