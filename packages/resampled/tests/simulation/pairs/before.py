"""How pairs were judged before, and are by others: claims that the new rule is compared with."""

import numpy as np
from scipy.special import stdtr

from resampled.means.ttest import ALPHA, corrected_error
from resampled.pairs.pair import Pair


def claimed_before(pair: Pair) -> bool:
    """Return whether a difference was claimed by the rule of rows of before 2026-12-02.

    The square of the standard error was s² / J + 1.25 (a + min(a, w √(n_train / (2 n_test)))) / n, where the luck of
    the training rows is no more than that of the tested ones; with one repeat, w counted as 0 and stayed in a.
    """
    by_unit = pair.by_unit
    assert by_unit is not None
    values, differences = by_unit.values[1] - by_unit.values[0], pair.new - pair.old
    n_rounds, n = values.shape
    w = values.var(axis=0, ddof=1).mean() if n_rounds > 1 else 0.0
    a = max(0.0, values.mean(axis=0).var(ddof=1) - w / n_rounds)
    of_training = min(a, w / np.sqrt(2 * pair.resampling.test_share))
    square = differences.var(ddof=1) / pair.n_splits + 1.25 * (a + of_training) / n
    return _is_claimed(pair, float(square**0.5), min(pair.n_splits, n) - 1)


def claimed_by_nadeau_and_bengio(pair: Pair) -> bool:
    """Return whether the corrected resampled t-test, on the scores alone, claims a difference."""
    return _is_claimed(
        pair,
        float(corrected_error(pair.new - pair.old, pair.resampling)),
        pair.n_splits - 1,
    )


def _is_claimed(pair: Pair, error: float, degrees: int) -> bool:
    return bool(error > 0 and 2 * stdtr(degrees, -abs(pair.difference) / error) < ALPHA)
