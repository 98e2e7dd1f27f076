"""The error of differences on the same splits: how much of their variance all splits share, by whole repeats."""

import numpy as np

from resampled.means.ttest import TINY
from resampled.resampling import Resampling

# The part of a difference's variance that all splits share is at least this, for two candidates; see
# docs/simulations.md.
LEAST_SHARED = 0.2


def paired_error(one: np.ndarray, other: np.ndarray, resampling: Resampling) -> float:
    """Return the standard error of the mean difference of two candidates, from scores of shape (n_splits,)."""
    scores, one_row, unit = without_unit(np.stack([one, other]), resampling)
    return float(norms_and_errors(scores, resampling, one_row)[1][0, 1] * unit)


def without_unit(scores: np.ndarray, resampling: Resampling) -> tuple[np.ndarray, float, float]:
    """Divide scores, and what one row can change, by the largest score: what is rounding does not depend on units."""
    unit = np.abs(scores).max() or 1.0
    return scores / unit, resampling.one_row / unit, unit


def norms_and_errors(scores: np.ndarray, resampling: Resampling, one_row: float) -> tuple[np.ndarray, np.ndarray]:
    """Return, of all pairs, the norm of the differences less their mean, and the standard error of their mean.

    The variance of the mean is s² / J + n_test / n_train · shared part of s² (see `_shared`); Nadeau and Bengio's (see
    `corrected_error`) takes all of s² for shared. With one repeat, s² is at least `one_row` squared.
    """
    n_splits = scores.shape[1]
    residuals = scores - scores.mean(axis=1, keepdims=True)
    squares = _squares_of_differences(residuals)
    if one_row and resampling.is_one_repeat(n_splits):
        differ = _squares_of_differences(scores) > 0
        squares = np.where(differ, np.maximum(squares, (n_splits - 1) * one_row**2), squares)
    variances = squares / (n_splits - 1)
    shared = _shared(residuals, variances, resampling)
    return np.sqrt(squares), np.sqrt(variances / n_splits + resampling.test_share * shared)


def _shared(residuals: np.ndarray, variances: np.ndarray, resampling: Resampling) -> np.ndarray:
    """Return the part of each pair's variance s² that all splits share; all of it without whole repeats, two or more.

    A fit's own noise is independent from split to split. Repeats, which test the same rows, tell it apart: with w the
    variance between the k folds of a repeat, and b that between the means of repeats, the shared part of s² is
    k · (w / k - b). For a single pair, that is uncertain, so its average over all pairs, with weights 1 / s⁴, is used
    where that is larger. Of two candidates, it is at least a fifth of s², because w / k - b often misses what learners
    share in which a few rows turn parts on or off (Bayle, Janson and Mackey (2025), arXiv:2508.04409). The average over
    the pairs of m candidates misses less, so the least share is divided by √(m - 1).
    """
    n_candidates, n_splits = residuals.shape
    n_folds, n_repeats = resampling.n_folds, resampling.n_repeats(n_splits)
    if n_folds is None or n_repeats is None or n_repeats < 2:
        return variances
    repeats = residuals.reshape(n_candidates, n_repeats, n_folds)
    centres = repeats.mean(axis=2)
    inside = (repeats - centres[:, :, None]).reshape(n_candidates, n_splits)
    within = _squares_of_differences(inside) / (n_repeats * (n_folds - 1))
    between = _squares_of_differences(centres) / (n_repeats - 1)
    raw = within - n_folds * between
    weights = np.divide(1, variances**2, out=np.zeros_like(variances), where=variances > TINY**2)
    average = (raw * weights).sum() / max(weights.sum(), 1)
    least = LEAST_SHARED / max(1, n_candidates - 1) ** 0.5
    return np.clip(np.maximum(raw, average), least * variances, variances)


def _squares_of_differences(rows: np.ndarray) -> np.ndarray:
    products = rows @ rows.T
    own = np.diag(products)
    distances = own[:, None] + own - 2 * products
    # Products leave rounding where rows are alike.
    return np.where(distances < TINY * (own[:, None] + own), 0, distances)
