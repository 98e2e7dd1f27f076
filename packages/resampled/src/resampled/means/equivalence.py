"""How likely two candidates are equal within a rope, and p-values for many pairs."""

from typing import NamedTuple

import numpy as np
from scipy.special import stdtr

from resampled.means.ttest import corrected_error
from resampled.resampling import Resampling


class Shares(NamedTuple):
    """The probabilities that a difference is below -rope, within the rope, and above it; their sum is 1."""

    worse: np.ndarray
    equal: np.ndarray
    better: np.ndarray


def equivalence(
    differences: np.ndarray,
    resampling: Resampling,
    rope: float,
    errors: np.ndarray | None = None,
    degrees: np.ndarray | int = 0,
) -> Shares:
    """Return how likely differences are below, within and above the rope.

    The Bayesian correlated t-test: with a flat prior, the mean difference has Student's t with n_splits - 1 degrees of
    freedom around the observed mean, as wide as the corrected standard error (Corani and Benavoli (2015), "A Bayesian
    approach for comparing cross-validated algorithms on multiple data sets", Machine Learning 100; Benavoli, Corani,
    Demšar and Zaffalon (2017), "Time for a change", JMLR 18).

    The differences, of shape (..., n_splits), are a score minus the one that it is compared with, and the rope is the
    largest difference that does not matter. Other standard errors, of shape (...), may be given, with their degrees of
    freedom, such as those of rows (see `errors_of_pairs`). A difference that is the same on every split of several
    repeats is certain. The results, of shape (...), are NaN if a difference is, or if nothing is tested.
    """
    mean = differences.mean(axis=-1)
    if errors is None:
        errors = corrected_error(differences, resampling)
        degrees = differences.shape[-1] - 1
    # Rounding leaves some of it where all differences are the same.
    errors = np.where(errors < 1e-12 * np.maximum(1, np.abs(mean)), 0, errors)
    worse = beyond(-mean - rope, errors, degrees)
    better = beyond(mean - rope, errors, degrees)
    return Shares(worse, np.clip(1 - worse - better, 0, 1), better)


def beyond(
    excess: np.ndarray, error: np.ndarray, degrees: np.ndarray | float
) -> np.ndarray:
    """Return the probability that a t-distributed number around `excess` is above 0."""
    # Equal to within rounding counts as within the region.
    sign = np.where(excess > 1e-12, np.inf, -np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        standardized = np.where(error > 0, excess / error, sign)
    is_unknown = np.isnan(error) | np.isnan(excess)
    return np.where(is_unknown, np.nan, stdtr(degrees, standardized))


def holm(p: np.ndarray) -> np.ndarray:
    """Return p-values that keep the chance of any false finding among them at the level of one.

    Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6: the
    smallest of m p-values is multiplied by m, the next by m - 1, and so on; none becomes smaller than the one before it
    or larger than 1. NaN is not a test: it stays, and does not count.
    """
    adjusted = np.full(p.shape, np.nan)
    order = np.argsort(p, kind="stable")[: np.sum(~np.isnan(p))]  # NaN comes last
    multiplied = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(multiplied))
    return adjusted
