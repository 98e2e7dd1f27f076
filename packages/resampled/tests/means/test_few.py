"""Exact bounds of few rows. Oracle: SciPy's exact intervals and tests of a binomial share."""

import math

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from resampled.means.few import is_within
from resampled.resampling import Resampling

FOLDS = Resampling.of_folds(3)


def folds(
    n_rows: float,
    bounds: tuple[float, float] = (0, 1),
    n_effective: float | None = None,
) -> Resampling:
    return Resampling.of_folds(3, n_rows, bounds, n_effective)


def flipped(n_flipped: int, n_rows: int, n_repeats: int = 10) -> np.ndarray:
    """Return what so many rows of a table, which flip in every fit, add to the accuracy on each split."""
    rng = np.random.default_rng(n_flipped)
    counts = [
        np.bincount(rng.permutation(np.arange(n_rows) % 3)[:n_flipped], minlength=3)
        for _ in range(n_repeats)
    ]
    return np.concatenate(counts) / (n_rows / 3)


@pytest.mark.parametrize("n_rows", [300, 3000])
@pytest.mark.parametrize("n_flipped", [0, 2, 3, 20])
def test_a_difference_is_within_if_the_exact_test_rejects_the_rope(
    n_flipped: int, n_rows: int
) -> None:
    differences = flipped(n_flipped, n_rows)
    rejects = binomtest(n_flipped, n_rows, 0.01, alternative="less").pvalue <= 0.05
    assert (
        is_within(0.01, differences, folds(n_rows))
        == is_within(0.01, -differences, folds(n_rows))
        == rejects
    )
    assert is_within(0.02, 2 * differences, folds(n_rows, (-1, 1))) == rejects
    assert (
        is_within(0.01, differences, folds(10 * n_rows, n_effective=n_rows)) == rejects
    )


def test_scores_alone_show_no_more_rows_than_there_are() -> None:
    """So what is within by them is so by the rows, too."""
    rng = np.random.default_rng(0)
    for n_flipped in range(1, 12):
        differences = flipped(n_flipped, int(rng.choice([300, 768, 1500])))
        n_rows = round(3 / np.abs(differences[differences > 0]).min())
        assert is_within(0.01, differences, folds(math.inf)) == is_within(
            0.01, differences, folds(n_rows)
        )
    assert not is_within(0.01, np.repeat([0.01, 0], [1, 29]), folds(math.inf))
    assert is_within(0.01, np.zeros(30), folds(math.inf))


def test_nothing_is_within_where_single_rows_may_be_off_by_any_amount() -> None:
    """Without two bounds, as of losses, or if it is not known how rare a class is."""
    for unknown in (
        FOLDS,
        folds(3000, (-math.inf, 0)),
        folds(3000, n_effective=math.nan),
    ):
        assert not is_within(0.01, np.zeros(30), unknown)


def test_a_rope_that_no_table_of_this_size_can_show_is_never_kept() -> None:
    least = 1 - 0.05 ** (1 / 100)
    assert binom.pmf(0, 100, least) == pytest.approx(0.05)
    for rope, expected in ((0.99 * least, False), (1.01 * least, True)):
        assert is_within(rope, np.zeros(30), folds(100)) == expected
    assert not is_within(0.5, np.ones(30), folds(100))
