"""Sums of squares: of the difference of each pair of rows, or of each row, which is its difference from 0."""

import numpy as np

from resampled.means.ttest import TINY


def of_differences(rows: np.ndarray) -> np.ndarray:
    """Return the sum of the squares of the difference of each pair of rows, of shape (n_rows, n_rows).

    Products leave rounding where rows are alike, so these are subtracted first, such as two that share an awful split.
    """
    rounding = TINY**2 * (rows**2).sum(axis=1)
    rows = rows - rows[0]
    products = rows @ rows.T
    own = np.diag(products)
    sizes = own[:, None] + own
    squares = sizes - 2 * products
    for row, alike in enumerate((squares <= 1e-3 * sizes) & (sizes > 0)):
        squares[row, alike] = ((rows[alike] - rows[row]) ** 2).sum(axis=1)
    return np.where(squares < rounding[:, None] + rounding, 0, squares)


def of_each(rows: np.ndarray) -> np.ndarray:
    """Return the sum of the squares of each row, of shape (n_rows,)."""
    return np.asarray((rows**2).sum(axis=1))
