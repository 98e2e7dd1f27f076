"""How probable it is that two settings differ by less than what matters in practice."""

import numpy as np
from scipy.stats import t as student

from stages.lib.scores import corrected_error


def equivalence(
    differences: np.ndarray, test_share: float, rope: float, one_row: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the probabilities that a difference lies below, within and above the region of practical equivalence.

    The Bayesian correlated t-test: with a flat prior, the mean difference has Student's t with n_splits - 1 degrees of
    freedom around the observed mean, as wide as the corrected standard error (Corani and Benavoli (2015), "A Bayesian
    approach for comparing cross-validated algorithms on multiple data sets", Machine Learning 100; Benavoli, Corani,
    Demšar and Zaffalon (2017), "Time for a change", JMLR 18).

    Parameters
    ----------
    differences : array of shape (..., n_splits)
        A score minus the score that it is compared with, on each split.
    test_share : float
        As in `corrected_error`.
    rope : float
        The largest difference, in the scorer's unit, that does not matter; 0 or more.
    one_row : float
        As in `corrected_error`.

    Returns
    -------
    worse, equal, better : arrays of shape (...)
        Their sum is 1. A difference that is the same on every split of several repeats is certain. NaN if a difference
        or the share is NaN.
    """
    mean = differences.mean(axis=-1)
    error = corrected_error(differences, test_share, one_row)
    # Rounding leaves some of it where all differences are the same.
    error = np.where(error < 1e-12 * np.maximum(1, np.abs(mean)), 0, error)
    worse, better = (beyond(side * mean - rope, error, differences.shape[-1] - 1) for side in (-1, 1))
    return worse, np.clip(1 - worse - better, 0, 1), better


def beyond(excess: np.ndarray, error: np.ndarray, degrees: int) -> np.ndarray:
    """Return the probability that a t-distributed number around `excess` is above 0."""
    # Equal to within rounding counts as within the region.
    sign = np.where(excess > 1e-12, np.inf, -np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        standardized = np.where(error > 0, excess / error, sign)
    return np.where(np.isnan(error) | np.isnan(excess), np.nan, student.cdf(standardized, degrees))
