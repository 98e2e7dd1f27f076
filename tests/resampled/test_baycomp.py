"""Oracle: baycomp's correlated t-test, where it answers the same question, with folds, and without a use of repeats."""

import baycomp
import numpy as np
import pytest

import resampled
from resampled.pairs.equivalence import equivalence
from resampled.resampling import Resampling

CASES = [(3, 1), (10, 1), (3, 10), (5, 4)]


def pair(n_splits: int, gap: float) -> np.ndarray:
    """Return the scores of two learners, which share the luck of their splits; shape (2, n_splits)."""
    rng = np.random.default_rng(n_splits)
    return 0.8 + np.array([[0.0], [gap]]) + rng.normal(0, 0.02, size=n_splits) + rng.normal(0, 0.01, size=(2, n_splits))


@pytest.mark.parametrize("gap", [0.0, 0.01, -0.03])
@pytest.mark.parametrize(("n_folds", "n_repeats"), CASES)
@pytest.mark.parametrize("rope", [0.005, 0.01, 0.05])
def test_the_probabilities_are_baycomps(n_folds: int, n_repeats: int, gap: float, rope: float) -> None:
    """Its left is where the first learner is better, so where new less old is below the rope."""
    old, new = pair(n_folds * n_repeats, gap)
    shares = equivalence(new - old, Resampling.of_folds(n_folds), rope)
    assert [*map(float, shares)] == pytest.approx(baycomp.two_on_single(old, new, rope=rope, runs=n_repeats))
    found = resampled.summary(np.stack([old, new]), n_folds=n_folds, rope=rope)
    other = 1 - found.best
    ours = [found.candidates[key][other] for key in ("worse", "equal", "better")]
    best, compared = (old, new) if found.best == 0 else (new, old)
    assert ours == pytest.approx(baycomp.two_on_single(best, compared, rope=rope, runs=n_repeats))


@pytest.mark.parametrize(("n_folds", "n_repeats"), CASES)
def test_an_interval_has_its_error(n_folds: int, n_repeats: int) -> None:
    """The posterior of a difference from 0 has 2.5 % beyond each end of the interval of a mean."""
    scores, _ = pair(n_folds * n_repeats, 0)
    low, high = resampled.interval(scores, n_folds=n_folds)
    for end, below in ((low, 0.025), (high, 0.975)):
        shares = baycomp.two_on_single(np.zeros_like(scores), scores - end, runs=n_repeats)
        assert shares == pytest.approx((below, 1 - below))


@pytest.mark.parametrize("gap", [0.0, 0.01, -0.03])
@pytest.mark.parametrize(("n_folds", "n_repeats"), CASES)
def test_a_verdict_of_one_repeat_has_its_probability(n_folds: int, n_repeats: int, gap: float) -> None:
    """A two-sided p-value is twice the smaller posterior probability; with repeats, the error is no larger."""
    old, new = pair(n_folds * n_repeats, gap)
    p = 2 * min(baycomp.two_on_single(old, new, runs=n_repeats))
    found = resampled.verdict(old, new, n_folds=n_folds).p
    assert found == pytest.approx(p) if n_repeats == 1 else found <= p + 1e-12
