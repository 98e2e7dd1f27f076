"""The standard errors of differences on the same splits: from what is known of rows, or else from the scores alone."""

from typing import NamedTuple

import numpy as np

from resampled.means import squares
from resampled.means.by_unit import ByUnit
from resampled.means.luck import luck
from resampled.means.ttest import TINY
from resampled.means.untested import untested
from resampled.resampling import Resampling, complete

# Without rows, Nadeau and Bengio's n_test / n_train is taken so many times, because by itself it was too little where
# many inputs say little.
SHARED = 1.5


class Errors(NamedTuple):
    """Of the mean differences of all pairs, (n_candidates, n_candidates): how uncertain they are.

    `error` is the standard error, `degrees` the degrees of freedom of Student's t, and `of_training` how many times the
    variance by the luck of the training rows is that by the tested ones. They are NaN where there is no error.
    """

    error: np.ndarray
    degrees: np.ndarray
    of_training: np.ndarray


def errors_of_pairs(
    scores: np.ndarray, resampling: Resampling, by_unit: ByUnit | None = None
) -> Errors:
    """Return the errors of the mean differences of all pairs, as `norms_and_errors`; NaN where a score is."""
    valid = complete(scores)
    places = np.ix_(valid, valid)
    found = Errors(*np.full((3, len(scores), len(scores)), np.nan))
    if len(valid):
        if by_unit is not None:
            by_unit = by_unit.take(valid)
        _, own = norms_and_errors(scores[valid], resampling, by_unit)
        for whole, part in zip(found, own, strict=True):
            whole[places] = part
    found.error[np.isinf(found.error)] = np.nan
    return found


def norms_and_errors(
    scores: np.ndarray, resampling: Resampling, by_unit: ByUnit | None = None
) -> tuple[np.ndarray, Errors]:
    """Return, of all pairs, the norm of the differences less their mean, and the errors of their mean.

    By rows, the variance is that of the rule (see `luck`). Without `by_unit`, it is s² / J and what all splits share,
    1.5 · n_test / n_train · s², half more than by Nadeau and Bengio (see `corrected_error`). s² is at least the square
    of `Resampling.one_row` with one repeat, and where the difference is the same on every split: scores that count rows
    often differ by the same number of them by chance.

    The scores have the shape (n_candidates, n_splits). Pairs of which `by_unit` does not know a candidate are judged by
    their scores alone; the error is infinite where a value is, and where scores alone test nothing (see
    `untested`).
    """
    n_splits = scores.shape[1]
    sums = squares.of_differences(scores - scores.mean(axis=1, keepdims=True))
    largest = np.abs(scores).max(axis=1)
    largest = np.maximum(largest[:, None], largest)
    rounding = n_splits * (TINY * largest) ** 2  # of the means
    sums = np.where(sums < rounding, 0, sums)
    if resampling.one_row:
        least = (n_splits - 1) * resampling.one_row**2
        floored = (sums < least) & (resampling.is_one_repeat(n_splits) | (sums == 0))
        sums = np.where(floored & (squares.of_differences(scores) > 0), least, sums)
    variances = sums / (n_splits - 1)
    square = (1 / n_splits + SHARED * resampling.test_share) * variances
    square = np.where(untested(scores, resampling), np.inf, square)
    degrees = np.full_like(square, n_splits - 1)
    of_training = np.zeros_like(square)
    if by_unit is not None and resampling.is_tested:
        by_rows = luck(variances, n_splits, by_unit, resampling.test_share)
        known = ~np.isnan(by_rows.square)
        square = np.where(known, by_rows.square, square)
        degrees = np.where(known, by_rows.degrees, degrees)
        of_training = np.where(known, by_rows.of_training, of_training)
    return np.sqrt(sums), Errors(np.sqrt(square), degrees, of_training)
