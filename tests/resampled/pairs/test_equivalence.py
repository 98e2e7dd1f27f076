"""Oracles: the density of the posterior, written out and integrated, and the steps as Holm wrote them."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from resampled.means.ttest import p_values
from resampled.pairs.equivalence import equivalence, holm
from resampled.resampling import Resampling

RNG = np.random.default_rng(6)
FOLDS = Resampling.of_folds(3)


@pytest.mark.parametrize(("mean", "rope"), [(0.0, 0.01), (0.012, 0.01), (-0.03, 0.01), (0.004, 0.0), (0.002, 0.1)])
def test_the_shares_are_the_integrals_of_the_posterior(mean: float, rope: float) -> None:
    differences = RNG.normal(mean, 0.02, size=30)
    n, share = 30, 0.5
    centre = sum(differences) / n
    scale = math.sqrt((1 / n + share) * sum((d - centre) ** 2 for d in differences) / (n - 1))

    def density(x: float) -> float:
        t, df = (x - centre) / scale, n - 1
        constant = math.gamma((df + 1) / 2) / math.gamma(df / 2) / math.sqrt(df * math.pi) / scale
        return constant * (1 + t * t / df) ** (-(df + 1) / 2)

    ends = (centre - 60 * scale, centre + 60 * scale)
    expected = [
        quad(density, low, high, limit=500, points=[centre] if low < centre < high else None)[0]
        for low, high in ((ends[0], -rope), (-rope, rope), (rope, ends[1]))
    ]
    found = equivalence(differences, FOLDS, rope)
    assert list(found) == pytest.approx(expected, abs=1e-6)
    assert sum(found) == pytest.approx(1)


def test_without_a_region_it_is_half_the_p_value() -> None:
    scores = RNG.normal(0.7, 0.03, size=(2, 30))
    worse, equal, better = equivalence(scores[1] - scores[0], FOLDS, 0)
    assert 2 * min(worse, better) == pytest.approx(p_values(scores, 0, FOLDS)[1])
    assert equal == pytest.approx(0)


def test_what_is_the_same_on_every_split_is_certain() -> None:
    differences = np.array([[0.0] * 6, [0.02] * 6, [-0.02] * 6, [0.01] * 6])
    found = np.stack(equivalence(differences, FOLDS, 0.01), axis=1)
    assert found.tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert equivalence(np.zeros(6), FOLDS, 0)[1] == 1


def test_what_is_not_known_stays_so() -> None:
    assert np.isnan(equivalence(np.array([0.1, np.nan, 0.2]), FOLDS, 0.01)).all()
    assert np.isnan(equivalence(RNG.normal(size=(3, 6)), Resampling(float("nan")), 0.01)).all()


def by_steps(p: list[float]) -> list[float]:
    """Reject, from the smallest, while p is at most level / number left; return the least level that rejects each."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted = [0.0] * len(p)
    for place, i in enumerate(order):
        needed = (p[order[before]] * (len(p) - before) for before in range(place + 1))
        adjusted[i] = min(1.0, max(needed))
    return adjusted


def test_four_hypotheses() -> None:
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_it_is_holms_procedure() -> None:
    for n in (1, 2, 7, 40):
        p = np.round(np.random.default_rng(n).random(n) ** 3, 2)
        assert holm(p) == pytest.approx(by_steps(p.tolist()))


def test_what_was_not_tested_does_not_count() -> None:
    assert holm(np.array([0.01, np.nan, 0.04])) == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)
    assert np.isnan(holm(np.array([np.nan, np.nan]))).all()
    assert holm(np.array([])).shape == (0,)
