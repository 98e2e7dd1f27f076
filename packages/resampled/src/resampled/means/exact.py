"""Sums that are exact: every processor's library for products of matrices adds up in an order of its own."""

import numpy as np

# The bits of a float64's significand, and the exponent of the smallest number that is not 0.
_BITS, _LOWEST = 53, -1074


def summable(values: np.ndarray, axis: int | tuple[int, ...]) -> np.ndarray:
    """Return values rounded so that sums of them along axes, or of any part, are exact, and so the same in any order.

    They become multiples of a power of two, which is below rounding for the largest possible sum: one multiple less
    than 2**53 of them. Counts, and whatever else needs few bits, stay as they are; so do NaN and infinity.
    """
    sizes = np.where(np.isfinite(values), np.abs(values), 0.0)
    largest = sizes.sum(axis=axis, keepdims=True)
    _, exponents = np.frexp(largest)
    step = np.ldexp(1.0, np.maximum(exponents + 1 - _BITS, _LOWEST))
    return np.asarray(np.rint(values / step) * step)
