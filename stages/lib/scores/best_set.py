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
    the hypothesis that no other is better, in the three steps of docs/statistics.md, "Which candidates may be the
    best?". A best candidate is in the set with 95 %, however many there are, because only its own test can exclude it.

    The scores have the shape (n_candidates, n_splits), with splits in the order of repeats and folds; `test_share` and
    `one_row` are those of `corrected_error`. The result is true for the set. The candidate with the best mean is always
    in it, one with NaN never, and none is if `test_share` is NaN.
    """
    in_set = np.zeros(len(scores), dtype=bool)
    valid = np.flatnonzero(np.isfinite(scores).all(axis=1))
    if np.isnan(test_share) or not len(valid):
        return in_set
    scores, one_row, _ = _without_unit(scores[valid], one_row)
    means = scores.mean(axis=1)
    norms, errors = _norms_and_errors(scores, test_share, one_row)
    degrees, rng = scores.shape[1] - 1, np.random.default_rng(seed)
    # By draw, the sums of the splits' residuals with normal weights, and the uncertainty of standard deviations.
    noise = ((scores - means[:, None]) @ rng.normal(size=(scores.shape[1], N_DRAWS))).astype(np.float32)
    scale = np.sqrt(degrees / rng.chisquare(degrees, noise.shape)).astype(np.float32)
    # What the largest of m t-values exceeds with 5 %: at least bounds[0], if all are one, and at most bounds[m - 1].
    bounds = student.isf(ALPHA / np.arange(1, len(scores) + 1), degrees)
    for c, row in enumerate(valid):
        # 1. The largest t-value of mean(score_j - score_c) over all other candidates j.
        gaps, alike = means - means[c], errors[c] < TINY  # alike: the difference is the same on every split, as c's own
        if (gaps <= TINY).all() or (gaps[alike] > TINY).any():
            in_set[row] = (gaps <= TINY).all()
            continue
        t_values = np.full(len(scores), -np.inf)
        t_values[~alike] = gaps[~alike] / errors[c, ~alike]
        statistic, drawn = t_values.max(), t_values > -SCREEN
        if not bounds[0] < statistic < bounds[drawn.sum() - 1]:
            in_set[row] = statistic <= bounds[0]
            continue
        # 2. How large it gets by chance, if no other candidate is better, among those that are not far worse.
        norm = norms[c, drawn, None].astype(np.float32)
        largest = ((noise[drawn] - noise[c]) * scale[drawn] / norm).max(axis=0)
        # 3. In the set is what more than 5 % of the draws reach.
        in_set[row] = (largest >= statistic).mean() > ALPHA
    return in_set


def paired_error(one: np.ndarray, other: np.ndarray, test_share: float, one_row: float = 0.0) -> float:
    """Return the standard error of the mean difference of two candidates, with the variance that `best_set` takes.

    The parameters are as there, with the scores of both on the same splits.
    """
    scores, one_row, unit = _without_unit(np.stack([one, other]), one_row)
    return float(_norms_and_errors(scores, test_share, one_row)[1][0, 1] * unit)


def _without_unit(scores: np.ndarray, one_row: float) -> tuple[np.ndarray, float, float]:
    """Divide scores by the largest one, so that what is rounding does not depend on the scorer's unit."""
    unit = np.abs(scores).max() or 1.0
    return scores / unit, one_row / unit, unit


def _norms_and_errors(scores: np.ndarray, test_share: float, one_row: float) -> tuple[np.ndarray, np.ndarray]:
    """Return, of all pairs, the norm of the differences less their mean, and the standard error of their mean.

    The variance of the mean is s² / J + n_test / n_train · shared part of s² (see `_shared`), at most Nadeau and
    Bengio's (1 / J + n_test / n_train) · s² (see `corrected_error`), which takes all of s² for shared. With one repeat,
    s² is at least `one_row` squared.
    """
    n_splits = scores.shape[1]
    residuals = scores - scores.mean(axis=1, keepdims=True)
    squares = _squares_of_differences(residuals)
    if one_row and is_one_repeat(n_splits, test_share):
        differ = _squares_of_differences(scores) > 0
        squares = np.where(differ, np.maximum(squares, (n_splits - 1) * one_row**2), squares)
    variances = squares / (n_splits - 1)
    shared = _shared(residuals, variances, test_share)
    return np.sqrt(squares), np.sqrt(variances / n_splits + test_share * shared)


def _shared(residuals: np.ndarray, variances: np.ndarray, test_share: float) -> np.ndarray:
    """Return the part of each pair's variance s² that all splits share; all of it where there is one repeat.

    What a fit's own noise contributes to s² is independent from split to split, and 1 / J says all about it. Repeats,
    which test the same rows, tell the two apart: with w the variance between the k folds of a repeat, and b that
    between the means of repeats, the shared part of s² is k · (w / k - b), between 0 and s². It is uncertain for a
    single pair, so its average over all pairs, with weights 1 / s⁴, is used where that is larger. Of two candidates, it
    is at least a fifth of s²: so much is shared between learners in which a few rows turn single parts on or off, and
    w / k - b often misses it (Bayle, Janson and Mackey (2025), arXiv:2508.04409). The average over the pairs of m
    candidates misses less, so the least share is divided by √(m - 1).
    """
    n_candidates, n_splits = residuals.shape
    n_folds = round(1 + 1 / test_share) if test_share > 0 else n_splits
    n_repeats = n_splits // n_folds
    if n_repeats < 2 or n_repeats * n_folds != n_splits:
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


def may_be_best(table: pd.DataFrame, test_share: float, seed: int, one_row: float = 0.0) -> np.ndarray:
    """Return for each candidate whether it is in the set that holds the best with 95 %; see `best_set`.

    The table is as `rounded` returns it, or as read from its CSV, for the same answer. If `test_share` is NaN, where no
    test holds, the set has the best candidate alone. After halving, only those that were trained to the end are in it.
    """
    in_set = np.zeros(len(table), dtype=bool)
    if np.isnan(test_share):
        in_set[best_row(table)] = True
        return in_set
    finalists = trained_to_the_end(table)
    in_set[finalists] = best_set(split_scores(table)[finalists], test_share, seed, one_row)
    return in_set


def simplest_row(table: pd.DataFrame, in_set: np.ndarray) -> int:
    """Return the first position of the simplest of the set: fewest weights, then fewest epochs, then best score."""
    rows = np.flatnonzero(in_set)
    keys = table.iloc[rows]
    return int(rows[np.lexsort((-keys["mean_test_score"], keys["n_epochs"], keys["n_weights"]))[0]])
