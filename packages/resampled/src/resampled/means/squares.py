"""Sums of squares: of the difference of each pair of rows, or of each row, which is its difference from 0."""

import numpy as np

from resampled.means.ttest import TINY


def of_differences(rows: np.ndarray) -> np.ndarray:
    """Return the sum of the squares of the difference of each pair of rows, of shape (n_rows, n_rows).

    They are subtracted first: products of matrices leave rounding where rows are alike, another one by each processor.
    """
    sums = np.zeros((len(rows), len(rows)))
    for number, row in enumerate(rows[:-1]):
        apart = rows[number + 1 :] - row
        sums[number, number + 1 :] = of_each(apart)
    sums += sums.T
    rounding = TINY**2 * of_each(rows)
    return np.where(sums < rounding[:, None] + rounding, 0, sums)


def of_each(rows: np.ndarray) -> np.ndarray:
    """Return the sum of the squares of each row, of shape (n_rows,)."""
    return np.asarray((rows**2).sum(axis=1))
