"""The candidates that may be the best: a set that holds the truly best one with 95 %, and the simplest of it."""

import numpy as np
import pandas as pd
from scipy.stats import t as student

from stages.lib.scores.score_table import best_row, split_scores, trained_to_the_end
from stages.lib.scores.statistics import ALPHA, TINY, is_one_repeat

N_DRAWS = 1000
# Competitors that are worse by more standard errors can't decide a test, and would only make it less sharp.
SCREEN = 3.0
# The part of a difference's variance that all splits share is at least this, for two candidates; see
# docs/simulations.md.
LEAST_SHARED = 0.2


def best_set(scores: np.ndarray, test_share: float, seed: int, one_row: float = 0.0) -> np.ndarray:
    """Return the candidates that can't be shown, at the 5 % level, to be worse than another one.

    Cross-validation with confidence (Lei (2020), "Cross-validation with confidence", Journal of the American
    Statistical Association 115), with the variance of resampled splits. Each candidate c is tested by itself against
    the hypothesis that no other is better. Its statistic is the largest t-value of mean(score_j - score_c) over all j;
    its p-value is the share of 1,000 draws in which the largest of correlated t-values, drawn under the hypothesis, is
    at least as large. Competitors j that are worse than c by more than three standard errors are not drawn. The set
    holds the candidates with a p-value above 0.05. A best candidate is in it with 95 %, however many there are, because
    only its own test can exclude it.

    Parameters
    ----------
    scores : array of shape (n_candidates, n_splits)
        Splits in the order of repeats and folds. A candidate with NaN is not in the set.
    test_share : float
        As in `corrected_error`.
    seed : int
    one_row : float
        As in `corrected_error`.

    Returns
    -------
    array of shape (n_candidates,)
        True for the set. The candidate with the best mean is always in it. All False if `test_share` is NaN.
    """
    found = np.zeros(len(scores), dtype=bool)
    valid = np.flatnonzero(np.isfinite(scores).all(axis=1))
    if np.isnan(test_share) or not len(valid):
        return found
    scores = np.asarray(scores, dtype=float)[valid]
    unit = np.abs(scores).max() or 1.0  # so that what is rounding does not depend on the scorer's unit
    scores, one_row = scores / unit, one_row / unit
    n_splits = scores.shape[1]
    means = scores.mean(axis=1)
    residuals = scores - means[:, None]
    spread, errors = _spread_and_errors(scores, residuals, test_share, one_row)
    rng = np.random.default_rng(seed)
    # t-values under the hypothesis: normal weights of the splits' residuals, over uncertain standard deviations.
    noise = (residuals @ rng.normal(size=(n_splits, N_DRAWS))).astype(np.float32)
    scale = np.sqrt((n_splits - 1) / rng.chisquare(n_splits - 1, noise.shape)).astype(np.float32)
    # What the largest of m t-values exceeds with 5 %: at least bounds[0], if all are one, and at most bounds[m - 1].
    bounds = student.isf(ALPHA / np.arange(1, len(scores) + 1), n_splits - 1)
    for c, row in enumerate(valid):
        gaps = means - means[c]
        alike = errors[c] < TINY  # the difference is the same on every split, as c's own
        if (gaps <= TINY).all():
            found[row] = True
        elif not (gaps[alike] > TINY).any():
            t_values = np.full(len(scores), -np.inf)
            t_values[~alike] = gaps[~alike] / errors[c, ~alike]
            drawn = t_values > -SCREEN
            if not bounds[0] < t_values.max() < bounds[drawn.sum() - 1]:
                found[row] = t_values.max() <= bounds[0]
                continue
            divisor = spread[c, drawn, None].astype(np.float32)
            largest = ((noise[drawn] - noise[c]) * scale[drawn] / divisor).max(axis=0)
            found[row] = (largest >= t_values.max()).mean() > ALPHA
    return found


def paired_error(one: np.ndarray, other: np.ndarray, test_share: float, one_row: float = 0.0) -> float:
    """Return the standard error of the mean difference of two candidates, with the variance that `best_set` takes.

    Parameters
    ----------
    one, other : arrays of shape (n_splits,)
        Scores on the same splits.
    test_share, one_row : float
        As in `corrected_error`.
    """
    scores = np.stack([one, other]).astype(float)
    unit = np.abs(scores).max() or 1.0
    scores = scores / unit
    residuals = scores - scores.mean(axis=1, keepdims=True)
    return float(_spread_and_errors(scores, residuals, test_share, one_row / unit)[1][0, 1] * unit)


def _spread_and_errors(
    scores: np.ndarray, residuals: np.ndarray, test_share: float, one_row: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the norms of all differences of residuals, and the standard errors of the means of all differences.

    Nadeau and Bengio's (1 / J + n_test / n_train) · s² (see `corrected_error`) takes all of s² for something that the
    splits share. What a fit's own noise contributes to s² is independent from split to split, and 1 / J says all
    about it. Repeats, which test the same rows, tell the two apart: with w the variance between the k folds of a
    repeat, and b that between the means of repeats, the shared part of s² is k · (w / k - b). The variance is
    s² / J + n_test / n_train · k · max(w / k - b, 0), at most Nadeau and Bengio's. As w / k - b is uncertain for a
    single pair, its average over all pairs, with weights 1 / s⁴, is used where it is larger. Of two candidates, it is
    at least a fifth of s²: so much is shared between learners that a few rows turn from one fit to another, and
    w / k - b often misses it (Bayle, Janson and Mackey (2025), arXiv:2508.04409). The average over the pairs of m
    candidates misses less, so the least share is divided by √(m - 1). With one repeat, the whole of s² counts as
    shared, and s² is at least `one_row` squared.
    """
    n_candidates, n_splits = residuals.shape
    n_folds = round(1 + 1 / test_share) if test_share > 0 else n_splits
    n_repeats = n_splits // n_folds
    squares = _squares_of_differences(residuals)
    if one_row and is_one_repeat(n_splits, test_share):
        differ = _squares_of_differences(scores) > 0
        squares = np.where(differ, np.maximum(squares, (n_splits - 1) * one_row**2), squares)
    variances = squares / (n_splits - 1)
    shared = variances.copy()
    if n_repeats > 1 and n_repeats * n_folds == n_splits:
        repeats = residuals.reshape(n_candidates, n_repeats, n_folds)
        centres = repeats.mean(axis=2)
        inside = (repeats - centres[:, :, None]).reshape(n_candidates, n_splits)
        within = _squares_of_differences(inside) / (n_repeats * (n_folds - 1))
        between = _squares_of_differences(centres) / (n_repeats - 1)
        raw = within - n_folds * between
        weights = np.divide(1, variances**2, out=np.zeros_like(variances), where=variances > TINY**2)
        average = (raw * weights).sum() / max(weights.sum(), 1)
        least = LEAST_SHARED / max(1, n_candidates - 1) ** 0.5
        shared = np.clip(np.maximum(raw, average), least * variances, variances)
    return np.sqrt(squares), np.sqrt(variances / n_splits + test_share * shared)


def _squares_of_differences(rows: np.ndarray) -> np.ndarray:
    """Return the squared distances between all rows."""
    products = rows @ rows.T
    own = np.diag(products)
    distances = own[:, None] + own - 2 * products
    # Products leave rounding where rows are alike.
    return np.where(distances < TINY * (own[:, None] + own), 0, distances)


def simplest(mask: np.ndarray, n_weights: np.ndarray, n_epochs: np.ndarray, means: np.ndarray) -> int:
    """Return the row of the simplest candidate of a set: the fewest weights, then the fewest epochs.

    Of several, it is the one with the best mean, then the first.

    Parameters
    ----------
    mask : array of bool, shape (n_candidates,)
        The set, not empty.
    n_weights, n_epochs, means : arrays of shape (n_candidates,)
    """
    rows = np.flatnonzero(mask)
    return int(rows[np.lexsort((-means[rows], n_epochs[rows], n_weights[rows]))[0]])


def may_be_best(table: pd.DataFrame, test_share: float, seed: int, one_row: float = 0.0) -> np.ndarray:
    """Return for each candidate whether it is in the set that holds the best with 95 %.

    Parameters
    ----------
    table : DataFrame
        As `rounded` returns it, or as read from its CSV, for the same answer.
    test_share : float
        Test rows per training row; with NaN, where no test holds, the set has the best candidate alone.
    seed : int
    one_row : float
        As in `corrected_error`.

    Returns
    -------
    array of bool
        After halving, false for candidates that were not trained to the end.
    """
    found = np.zeros(len(table), dtype=bool)
    if np.isnan(test_share):
        found[best_row(table)] = True
        return found
    finalists = trained_to_the_end(table)
    found[finalists] = best_set(split_scores(table)[finalists], test_share, seed, one_row)
    return found


def simplest_row(table: pd.DataFrame, in_set: np.ndarray) -> int:
    """Return the position of the simplest candidate in the set: fewest weights, then fewest epochs, then best score."""
    columns = (table[key].to_numpy(dtype=float) for key in ("n_weights", "n_epochs", "mean_test_score"))
    return simplest(in_set, *columns)
