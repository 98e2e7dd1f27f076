"""Intervals and tests for scores of repeated cross-validation, whose training rows overlap."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import t as student

# Scores are tied from this p-value on; intervals have the level 1 - ALPHA.
ALPHA = 0.05
# What is less is rounding.
TINY = 1e-12

# What is said where they do not hold.
NOT_TESTED = (
    "no intervals and no test: splits in the order of time train on more and more rows, so their scores are not alike"
)


def corrected_error(differences: np.ndarray, test_share: float, one_row: float = 0.0) -> np.ndarray:
    """Return the standard error of a mean over resampled splits.

    Parameters
    ----------
    differences : array of shape (..., n_splits)
        A score, or a difference of two, on each split.
    test_share : float
        Test rows per training row of a split, n_test / n_train. Rows of the training fold that a net holds out of its
        fit count as training rows, because the correction rests on the share of rows, n_test / (n_test + n_train),
        that two splits both test on. NaN where the correction does not hold; see `mean_test_share`.
    one_row : float
        What one row of a split can change, for differences of one repeat; see `variance`.

    Returns
    -------
    array of shape (...)
        sqrt((1 / J + n_test / n_train) · s²), with s² the variance (ddof 1) over the J splits: the corrected resampled
        t-test of Nadeau and Bengio (2003), "Inference for the Generalization Error", Machine Learning 52, section 3.
        The plain s / sqrt(J) treats overlapping training sets as independent, and is far too small.
    """
    n_splits = differences.shape[-1]
    return np.sqrt((1 / n_splits + test_share) * variance(differences, test_share, one_row))


def variance(differences: np.ndarray, test_share: float, one_row: float) -> np.ndarray:
    """Return the variance of differences over the splits (ddof 1); with one repeat, at least `one_row` squared.

    Scores that count rows are multiples of what one row makes. So two or three differences are often the same by
    chance, and their variance is 0. One row more or less in each fold is the least that another table would change.
    Candidates that are equal on every split keep the variance 0.
    """
    variances = differences.var(axis=-1, ddof=1)
    variances = np.where(variances < (TINY * np.abs(differences).max(axis=-1)) ** 2, 0, variances)
    if not is_one_repeat(differences.shape[-1], test_share):
        return variances
    differ = (np.abs(differences) > TINY).any(axis=-1)
    return np.where(differ, np.maximum(variances, one_row**2), variances)


def is_one_repeat(n_splits: int, test_share: float) -> bool:
    """Return whether no row is tested twice: with k folds, the share is 1 / (k - 1)."""
    return test_share > 0 and n_splits <= round(1 + 1 / test_share)


def half_width(scores: np.ndarray, test_share: float, one_row: float = 0.0) -> np.ndarray:
    """Return half the width of the 95 % interval of a mean, from the splits alone; see `half_widths`.

    Uses Student's t with n_splits - 1 degrees of freedom. The parameters are those of `corrected_error`. The result is
    NaN if a score is NaN.
    """
    quantile = student.ppf(1 - ALPHA / 2, scores.shape[-1] - 1)
    return quantile * corrected_error(scores, test_share, one_row)


def p_values(scores: np.ndarray, best: int, test_share: float, one_row: float = 0.0) -> np.ndarray:
    """Test each candidate against the best one, in pairs on the same splits, two-sided.

    Parameters
    ----------
    scores : array of shape (n_candidates, n_splits)
    best : int
        The row of the best.
    test_share, one_row : float
        As in `corrected_error`.

    Returns
    -------
    array of shape (n_candidates,)
        1 for the best itself and for candidates that equal it on every split, 0 for a difference that is the same on
        every split of several repeats, NaN if a score or the share is NaN. The best was chosen for its score, and
        nothing here corrects for that or for the number of candidates.
    """
    differences = scores[best] - scores
    mean, error = differences.mean(axis=-1), corrected_error(differences, test_share, one_row)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(mean == 0, 0.0, np.abs(mean) / error)
    p = 2 * student.sf(statistic, scores.shape[-1] - 1)
    return np.full_like(p, np.nan) if np.isnan(test_share) else np.asarray(p)


def mean_test_share(splits: Sequence[tuple[np.ndarray, np.ndarray]], in_time: bool = False) -> float:
    """Return n_test / n_train over the splits; see `corrected_error`.

    Each split counts with its own rows: whole groups make folds of different sizes. For k equal folds it is
    1 / (k - 1).

    Parameters
    ----------
    splits : list of (train, test)
    in_time : bool
        Whether each training set is part of the next one. The scores of such splits are no draws from one
        distribution, and the correction was not made for them, so the result is NaN.
    """
    if in_time:
        return float("nan")
    return sum(len(test) for _, test in splits) / sum(len(train) for train, _ in splits)
