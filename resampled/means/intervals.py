"""How exact the means of a table of scores are: intervals from the splits and the rows, within a scorer's bounds."""

import math
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit, logit, stdtrit

from resampled.means.few import limits
from resampled.means.rows import Rows
from resampled.means.ttest import ALPHA, half_width
from resampled.resampling import Resampling


def interval(score: float, half: float, resampling: Resampling) -> tuple[float, float]:
    """Return the ends of an interval around a score, within the scorer's bounds; NaN for one without any width.

    With two bounds, it is symmetric on the logit scale, and as wide there as the first derivative makes it. So it
    reaches farther away from the nearer bound, as the scores of other tables would. With one bound, it is cut. Where
    hardly any row is wrong, the `limits` of few rows hold; where it is not known how few there are, nothing does.
    """
    low, high = resampling.bounds
    if resampling.n_effective is not None and math.isnan(resampling.n_effective):
        return math.nan, math.nan
    if math.isfinite(high - low) and low < score < high:
        place = (score - low) / (high - low)
        reach = half / (high - low) / (place * (1 - place))
        ends = low + (high - low) * expit(logit(place) + np.array([-reach, reach]))
    else:
        ends = np.clip([score - half, score + half], low, high)
    lower, upper = float(ends[0]), float(ends[1])
    if math.isfinite(high - low):
        near, least, most = limits(min(score - low, high - score), half, resampling)
        if high - score < score - low:
            lower, upper = min(max(lower, high - most), high - least), max(upper, high - near)
        else:
            lower, upper = min(lower, low + near), max(min(upper, low + most), low + least)
    return (math.nan, math.nan) if lower == upper else (lower, upper)


class Intervals(NamedTuple):
    """The ends of 95 % intervals, and half their widths, for which the longer side counts; NaN where there is none."""

    low: np.ndarray
    high: np.ndarray
    half: np.ndarray


def intervals(
    scores: np.ndarray, resampling: Resampling, *, seed: int, rows: Rows | None = None, constant: Any = None
) -> Intervals:
    """Return the 95 % interval of each candidate's mean, from scores of shape (n_candidates, n_splits).

    It is Nadeau and Bengio's (see `corrected_error`), or that of the rows and the fits (see `Units.variances`) if that
    is wider. Stratified folds keep the classes' shares, so a net that predicts one class for every row has nearly the
    same score on every split, and only the rows tell how far the score may be off. So without rows, candidates have no
    interval that are `constant`, an array of bool, or have the same score on every split of unknown size.
    """
    means, halves = scores.mean(axis=1), half_width(scores, resampling)
    if rows is not None and resampling.is_tested:
        units = rows.units(np.arange(len(scores)), np.random.default_rng(seed))
        by_rows, by_fits, degrees = units.variances(scores, resampling.n_repeats(scores.shape[1]) or 1)
        halves = np.maximum(halves, stdtrit(degrees, 1 - ALPHA / 2) * np.sqrt(by_rows + by_fits))
    elif constant is not None:
        halves = np.where(constant, np.nan, halves)
    low, high = np.transpose([interval(mean, half, resampling) for mean, half in zip(means, halves, strict=True)])
    return Intervals(low, high, np.maximum(halves, np.maximum(means - low, high - means)))
