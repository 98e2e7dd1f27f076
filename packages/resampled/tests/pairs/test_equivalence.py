"""Oracles: the density of the posterior, written out and integrated, and the steps as Holm wrote them."""

import numpy as np
import pytest

from resampled.means.equivalence import equivalence, holm
from resampled.resampling import Resampling

RNG = np.random.default_rng(6)
FOLDS = Resampling.of_folds(3)


def test_what_is_the_same_on_every_split_is_certain() -> None:
    differences = np.array([[0.0] * 6, [0.02] * 6, [-0.02] * 6, [0.01] * 6])
    found = np.stack(equivalence(differences, FOLDS, 0.01), axis=1)
    assert found.tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert equivalence(np.zeros(6), FOLDS, 0)[1] == 1


def test_what_is_not_known_stays_so() -> None:
    assert np.isnan(equivalence(np.array([0.1, np.nan, 0.2]), FOLDS, 0.01)).all()
    assert np.isnan(
        equivalence(RNG.normal(size=(3, 6)), Resampling(float("nan")), 0.01)
    ).all()


def by_steps(p: list[float]) -> list[float]:
    """Reject, from the smallest, while p is at most level / number left; return the least level that rejects each."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted = [0.0] * len(p)
    for place, i in enumerate(order):
        adjusted[i] = min(
            1.0,
            max(p[order[before]] * (len(p) - before) for before in range(place + 1)),
        )
    return adjusted


def test_it_is_holms_procedure_and_what_was_not_tested_does_not_count() -> None:
    for n in (1, 2, 7, 40):
        p = np.round(np.random.default_rng(n).random(n) ** 3, 2)
        assert holm(p) == pytest.approx(by_steps(p.tolist()))
    assert holm(np.array([0.01, np.nan, 0.04])) == pytest.approx(
        [0.02, np.nan, 0.04], nan_ok=True
    )
    assert np.isnan(holm(np.array([np.nan, np.nan]))).all()
