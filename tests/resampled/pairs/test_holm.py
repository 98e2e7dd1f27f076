"""Oracle: the steps as Holm wrote them."""

import numpy as np
import pytest

from resampled.pairs.equivalence import holm


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
