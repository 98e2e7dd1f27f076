"""Holm's correction of p-values for their number."""

import numpy as np


def holm(p: np.ndarray) -> np.ndarray:
    """Return p-values that keep the chance of any false finding among them at the level of one.

    Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6: the
    smallest of m p-values is multiplied by m, the next by m - 1, and so on; none becomes smaller than the one before it
    or larger than 1.

    Parameters
    ----------
    p : array of shape (m,)
        NaN is no test: it stays, and does not count. Leave the best's own p-value out, which tests nothing.
    """
    adjusted = np.full(p.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    multiplied = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(multiplied))
    return adjusted
