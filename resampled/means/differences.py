"""The standard errors of differences on the same splits: from what is known of rows, or else from the scores alone."""

import numpy as np

from resampled.means.ttest import TINY
from resampled.resampling import Resampling

# How many times the variance of the test rows' luck is taken, and that of the training rows; the latter is no more than
# the former. In simulations of equal learners, the luck of both was 0.8 to 1.3 times that of the test rows where no
# training set changes a prediction, and up to 2.3 times where many do; see docs/simulations.md.
LUCK = 1.25
# Without rows, Nadeau and Bengio's n_test / n_train is taken so many times, because by itself it was too little where
# many inputs say little.
SHARED = 1.5


def errors_of_pairs(scores: np.ndarray, resampling: Resampling, by_unit: np.ndarray | None = None) -> np.ndarray:
    """Return the standard errors of the mean differences of all pairs, as `norms_and_errors`; NaN where a score is."""
    errors, valid = np.full((len(scores), len(scores)), np.nan), np.flatnonzero(np.isfinite(scores).all(axis=1))
    if len(valid):
        plain, unit = without_unit(scores[valid])
        by_unit = None if by_unit is None else by_unit[valid] / unit
        errors[np.ix_(valid, valid)] = norms_and_errors(plain, resampling, resampling.one_row / unit, by_unit)[1] * unit
    return np.where(np.isinf(errors), np.nan, errors)


def degrees_of_freedom(n_splits: int, by_unit: np.ndarray | None = None) -> int:
    """Return those of Student's t: one less than there are splits, or units, if these are known and fewer."""
    return min(n_splits, n_splits if by_unit is None else by_unit.shape[-1]) - 1


def without_unit(scores: np.ndarray) -> tuple[np.ndarray, float]:
    """Divide scores by the largest one, and return it too: what is rounding does not depend on units."""
    unit = float(np.abs(scores).max()) or 1.0
    return scores / unit, unit


def norms_and_errors(
    scores: np.ndarray, resampling: Resampling, one_row: float, by_unit: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return, of all pairs, the norm of the differences less their mean, and the standard error of their mean.

    The variance of the mean is s² / J and what all splits share: the luck of the rows (see `luck`), or, without
    `by_unit`, 1.5 · n_test / n_train · s², half more than by Nadeau and Bengio (see `corrected_error`). s² is at
    least `one_row` squared with one repeat, and where the difference is the same on every split: scores that count rows
    often differ by the same number of them by chance.

    Parameters
    ----------
    scores : array of shape (n_candidates, n_splits)
    by_unit : array of shape (n_candidates, n_rounds, n_units), or None
        What `Units.scores` returns. Pairs with NaN where another candidate has none are judged by their scores alone;
        the error is infinite where a value is.
    """
    n_splits = scores.shape[1]
    squares = squares_of_differences(scores - scores.mean(axis=1, keepdims=True))
    largest = np.abs(scores).max(axis=1)
    rounding = n_splits * (TINY * np.maximum(largest[:, None], largest)) ** 2  # of the means
    squares = np.where(squares < rounding, 0, squares)
    if one_row:
        least = (n_splits - 1) * one_row**2
        floored = (squares < least) & (resampling.is_one_repeat(n_splits) | (squares == 0))
        squares = np.where(floored & (squares_of_differences(scores) > 0), least, squares)
    variances = squares / (n_splits - 1)
    shared = SHARED * resampling.test_share * variances
    if by_unit is not None and resampling.is_tested:
        of_rows = luck(by_unit, resampling.test_share)
        shared = np.where(np.isnan(of_rows), shared, of_rows)
    return np.sqrt(squares), np.sqrt(variances / n_splits + shared)


def luck(by_unit: np.ndarray, test_share: float) -> np.ndarray:
    """Return the variance of the mean difference of all pairs that rows make, by what they were tested and trained on.

    An analysis of variance has two parts of how a unit's difference varies, where a unit is a row or a group: a between
    the units, the luck of the test rows, without w within a unit, between the rounds that test it. What is trained on
    other rows, or with another seed, makes w. No split tells how much of w belongs to the table and not to chance, but
    the luck of the training rows has not been larger than that of the test rows, nor than what w allows, which is more
    the more rows training sets share. So the variance is 1.25 · (a + min(a, w · √(n_train / (2 · n_test)))) / n_units,
    where units that are tested more often than others count as fewer. With one round, w is not known and counts as 0.

    `by_unit`, of shape (n_candidates, n_rounds, n_units), is what `Units.scores` returns.
    """
    tested = ~np.isnan(by_unit).all(axis=0)
    known = ~np.isnan(by_unit[:, tested]).any(axis=1)
    endless = np.isinf(by_unit).any(axis=(1, 2))
    by_unit = np.where(endless[:, None, None], 0, by_unit)
    times = tested.sum(axis=0)
    often = times[times > 0]
    means = np.nansum(by_unit[:, :, times > 0], axis=1) / often
    within = np.zeros((len(by_unit), len(by_unit)))
    if repeated := (often - 1).sum():
        for number in range(by_unit.shape[1]):  # round by round, for the memory
            left = by_unit[:, number, times > 0] - means
            within += squares_of_differences(np.nan_to_num(left)) / repeated
    between = squares_of_differences(means - means.mean(axis=1, keepdims=True)) / (len(often) - 1)
    between = np.maximum(between - within * np.mean(1 / often), 0)
    of_training = np.minimum(between, within / np.sqrt(2 * test_share))
    shared = LUCK * (between + of_training) * (often**2).sum() / often.sum() ** 2
    shared = np.where(endless[:, None] | endless, np.inf, shared)
    return np.where(known[:, None] & known, shared, np.nan)


def squares_of_differences(rows: np.ndarray) -> np.ndarray:
    """Return the sum of the squares of the difference of each pair of rows.

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
