"""How exact the means of a table of scores are: intervals from the rows or the splits, within a scorer's bounds."""

import math
from typing import Any, NamedTuple

import numpy as np
from scipy.special import betaincinv, stdtrit

from resampled.means.by_unit import ByUnit
from resampled.means.luck import luck
from resampled.means.ttest import ALPHA, corrected_error
from resampled.resampling import Resampling

# Of fewer rows that are wrong, an end of Wilson's interval is too near.
FEW_WRONG = 4


def interval(
    score: float, error: float, degrees: float, resampling: Resampling
) -> tuple[float, float]:
    """Return the ends of the 95 % interval around a score, by its standard error; NaN for one without any width.

    With two bounds, it is that of a `share` of as many rows as the error tells, but of no more than there are.
    Otherwise, it is Student's, cut at a bound. Nothing holds where it is not known of how many rows one can be wrong,
    or one row decides the score.
    """
    if math.isnan(resampling.n_wrong) or not math.isfinite(score + error):
        return math.nan, math.nan
    low, high = resampling.bounds
    width = high - low
    quantile = float(stdtrit(degrees, 1 - ALPHA / 2))
    if math.isfinite(width):
        share = min(1.0, max(0.0, (score - low) / width))
        ends = _share(share, error / width, quantile, resampling.n_wrong)
        lower, upper = (low + width * end for end in ends)
    else:
        lower = max(low, score - quantile * error)
        upper = min(high, score + quantile * error)
    return (math.nan, math.nan) if lower == upper else (lower, upper)


def _share(
    share: float, error: float, quantile: float, n_rows: float
) -> tuple[float, float]:
    """Return the ends of the interval of a share: Wilson's, with Student's quantile.

    Wilson (1927), "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22. It has a width where no row is wrong. Where fewer than four rows are, its end near the
    bound is too far from it (Brown, Cai and DasGupta (2001), "Interval estimation for a binomial proportion",
    Statistical Science 16), so there it is the exact one of as many rows, or of one.
    """
    variance = share * (1 - share)
    n = n_rows
    if error > 0 and variance > 0:
        n = min(n, variance / error**2)
    weight = quantile**2 / n
    middle = (share + weight / 2) / (1 + weight)
    half = quantile / (1 + weight) * math.sqrt(variance / n + weight / (4 * n))
    lower = max(0.0, middle - half)
    upper = min(1.0, middle + half)
    loss = min(share, 1 - share)
    n_wrong = max(1.0, loss * n_rows)
    if n_wrong >= FEW_WRONG or n_rows < FEW_WRONG:
        return lower, upper
    near = min(loss, float(betaincinv(n_wrong, n_rows + 1 - n_wrong, ALPHA / 2)))
    if share < 1 / 2:
        return min(lower, near), upper
    return lower, max(upper, 1 - near)


class Intervals(NamedTuple):
    """The ends of 95 % intervals, and half their widths, for which the longer side counts; NaN where there is none."""

    low: np.ndarray
    high: np.ndarray
    half: np.ndarray


def errors_of_means(
    scores: np.ndarray, resampling: Resampling, by_unit: ByUnit | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the standard error of each candidate's mean, (n_candidates,), and its degrees of freedom.

    It is that of the rows and the fits (see `luck`), or else Nadeau and Bengio's (see `corrected_error`).
    """
    n_splits = scores.shape[1]
    if by_unit is None or not resampling.is_tested:
        return corrected_error(scores, resampling), np.full(len(scores), n_splits - 1.0)
    by_rows = luck(scores.var(axis=1, ddof=1), n_splits, by_unit, resampling.test_share)
    return np.sqrt(by_rows.square), by_rows.degrees


def intervals(
    scores: np.ndarray,
    resampling: Resampling,
    *,
    by_unit: ByUnit | None = None,
    constant: Any = None,
) -> Intervals:
    """Return the 95 % interval of each candidate's mean, from scores of shape (n_candidates, n_splits).

    The errors are those of `errors_of_means`. Stratified folds keep the classes' shares, so a net that predicts one
    class for every row has nearly the same score on every split, and only the rows tell how far the score may be off.
    So without rows, candidates have no interval that are `constant`, an array of bool, or have the same score on every
    split of unknown size.
    """
    means = scores.mean(axis=1)
    errors, degrees = errors_of_means(scores, resampling, by_unit)
    if by_unit is None and constant is not None:
        errors = np.where(constant, np.nan, errors)
    ends = []
    for mean, error, df in zip(means, errors, degrees, strict=True):
        ends.append(interval(float(mean), float(error), df, resampling))
    low, high = np.transpose(ends)
    return Intervals(low, high, np.maximum(means - low, high - means))
