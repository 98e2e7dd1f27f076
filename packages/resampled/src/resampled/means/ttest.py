"""Intervals and tests for scores of repeated cross-validation, whose training rows overlap."""

import numpy as np
from scipy.special import stdtr, stdtrit

from resampled.resampling import Resampling

# Scores are tied from this p-value on; intervals have the level 1 - ALPHA.
ALPHA = 0.05
# What is less is rounding.
TINY = 1e-12


def corrected_error(differences: np.ndarray, resampling: Resampling) -> np.ndarray:
    """Return the standard error of a mean over J resampled splits, sqrt((1 / J + n_test / n_train) · s²).

    It is that of the corrected resampled t-test of Nadeau and Bengio (2003), "Inference for the Generalization Error",
    Machine Learning 52, section 3, with s² the variance (ddof 1) over the splits. The plain s / sqrt(J) treats
    overlapping training sets as independent, and is far too small.

    Scores that count rows are multiples of what one row makes, so two or three differences are often the same by
    chance. One row more or less in each fold is the least that another table would change, so with one repeat s² is at
    least the square of `Resampling.one_row`, unless the candidates are equal on every split.

    `differences`, of shape (..., n_splits), are scores, or differences of two. Where the correction does not hold, the
    result is NaN.
    """
    n_splits = differences.shape[-1]
    largest = np.abs(differences).max(axis=-1)
    variances = differences.var(axis=-1, ddof=1)
    variances = np.where(variances < (TINY * largest) ** 2, 0, variances)
    if resampling.is_one_repeat(n_splits):
        floored = np.maximum(variances, resampling.one_row**2)
        variances = np.where(largest > TINY, floored, variances)
    return np.sqrt((1 / n_splits + resampling.test_share) * variances)


def half_width(scores: np.ndarray, resampling: Resampling) -> np.ndarray:
    """Return half the width of the 95 % interval of a mean, from the splits alone; NaN if a score is.

    It is `corrected_error` times Student's t with n_splits - 1 degrees of freedom.
    """
    quantile = stdtrit(scores.shape[-1] - 1, 1 - ALPHA / 2)
    return quantile * corrected_error(scores, resampling)


def p_values(
    scores: np.ndarray,
    best: int,
    resampling: Resampling,
    errors: np.ndarray | None = None,
    degrees: np.ndarray | int = 0,
) -> np.ndarray:
    """Test each candidate against the best one, a row of the scores, in pairs on the same splits, two-sided.

    The scores have the shape (n_candidates, n_splits). The p-value is 1 for the best itself and for candidates that
    equal it on every split, 0 for a difference that is the same on every split of several repeats, and NaN if a score
    is NaN or nothing is tested. The best was chosen for its score, and nothing here corrects for that or for the number
    of candidates. Other standard errors may be given, of shape (n_candidates,), with their degrees of freedom.
    """
    differences = scores[best] - scores
    if errors is None:
        errors = corrected_error(differences, resampling)
        degrees = scores.shape[-1] - 1
    mean = differences.mean(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(mean == 0, 0.0, np.abs(mean) / errors)
    p = 2 * stdtr(degrees, -statistic)
    return np.asarray(p) if resampling.is_tested else np.full_like(p, np.nan)
