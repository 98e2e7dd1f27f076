"""Oracle: pairs of nets whose true difference is known."""

import numpy as np
import pytest

from stages.lib.changes.verdict import Pair


def test_what_is_left_without_stuck_splits_does_not_pass_for_whole_repeats() -> None:
    """27 of 30 splits could be cut into nine threes, but not into nine repeats. Oracle: Nadeau and Bengio (2003)."""
    old, new = np.random.default_rng(0).normal(0.7, 0.02, (2, 30))
    none, stuck = np.zeros(30, dtype=bool), np.isin(np.arange(30), [2, 12, 22])
    whole = Pair(old, new, none, none, test_share=0.5, one_row=1 / 256, rope=0.01)
    left = Pair(old, new, none, stuck, test_share=0.5, one_row=1 / 256, rope=0.01).without_stuck()
    unchanged = whole.without_stuck()
    assert left is not None
    assert unchanged is not None
    differences = (new - old)[~stuck]
    assert left.error == pytest.approx(((1 / 27 + 0.5) * differences.var(ddof=1)) ** 0.5)
    assert unchanged.error == whole.error < left.error
