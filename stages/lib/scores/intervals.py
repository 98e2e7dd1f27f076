"""How exact the means of a table of scores are: intervals from the splits and the rows, within a scorer's bounds."""

import math

import numpy as np
from scipy.special import expit, logit
from scipy.stats import t as student

from stages.lib.config.scorers import bounds_of
from stages.lib.scores.rows import Rows
from stages.lib.scores.statistics import ALPHA, half_width

# With fewer rows in the rarest class, or fewer groups, intervals were too narrow in simulations.
FEW = 30

Bounds = tuple[float, float]
UNBOUNDED: Bounds = (-math.inf, math.inf)


def one_row(scoring: str, n_test: float) -> float:
    """Return what one row of a split can change: where a scorer has both bounds, their distance over the rows.

    Differences of other scorers are numbers that do not repeat by chance; it is 0 for them.
    """
    low, high = bounds_of(scoring)
    return (high - low) / n_test if math.isfinite(high - low) else 0.0


def interval(score: float, half: float, bounds: Bounds) -> tuple[float, float]:
    """Return the ends of an interval around a score, within the scorer's bounds.

    With two bounds, it is symmetric on the logit scale, and as wide there as the first derivative makes it. So it
    reaches farther away from the nearer bound, as the scores of other tables would. With one bound, it is cut.
    """
    low, high = bounds
    if math.isfinite(high - low) and low < score < high:
        place = (score - low) / (high - low)
        reach = half / (high - low) / (place * (1 - place))
        ends = low + (high - low) * expit(logit(place) + np.array([-reach, reach]))
    else:
        ends = np.clip([score - half, score + half], low, high)
    return float(ends[0]), float(ends[1])


def half_widths(
    scores: np.ndarray,
    test_share: float,
    *,
    n_repeats: int,
    seed: int,
    rows: Rows | None = None,
    constant: np.ndarray | None = None,
    one_row: float = 0.0,
    bounds: Bounds = UNBOUNDED,
) -> np.ndarray:
    """Return half the width of the 95 % interval of each candidate's mean; NaN where there is no interval.

    It is Nadeau and Bengio's (see `corrected_error`), or that of the rows and the fits (see `Units.variances`) if that
    is wider. Stratified folds keep the classes' shares, so a net that predicts one class for every row has nearly the
    same score on every split, and only the rows tell how far the score may be off. Near a bound of the scorer, the
    distance to the farther end of `interval` counts.

    Parameters
    ----------
    scores : array of shape (n_candidates, n_splits)
    test_share, one_row : float
        As in `corrected_error`.
    rows : Rows, optional
        None where the scorer can't be pooled.
    constant : array of bool, shape (n_candidates,), optional
        The candidates that predict the same for every row. Without rows, these have no interval.
    """
    halves = half_width(scores, test_share, one_row)
    if np.isnan(test_share):
        return halves
    if rows is not None:
        units = rows.units(np.arange(len(scores)), np.random.default_rng(seed))
        by_rows, by_fits, degrees = units.variances(scores, n_repeats)
        halves = np.maximum(halves, student.ppf(1 - ALPHA / 2, degrees) * np.sqrt(by_rows + by_fits))
    elif constant is not None:
        halves = np.where(constant, np.nan, halves)
    if math.isinf(bounds[1] - bounds[0]):
        return halves
    means = scores.mean(axis=1)
    low, high = np.transpose([interval(mean, half, bounds) for mean, half in zip(means, halves, strict=True)])
    return np.maximum(halves, np.maximum(means - low, high - means))


def too_few(y: np.ndarray, n_classes: int, groups: np.ndarray | None) -> str | None:
    """Return a note if intervals may be too narrow, because a class has few rows, or there are few groups.

    `y` is the target, in which classes are 0, 1, …; `n_classes` is 0 for a regression; `groups` are those of the rows.
    """
    reasons = []
    if n_classes and (rarest := int(np.bincount(y.astype(int), minlength=n_classes).min())) < FEW:
        reasons.append(f"the rarest class has {rarest} rows")
    if groups is not None and (n_groups := len(np.unique(groups))) < FEW:
        reasons.append(f"there are {n_groups} groups")
    if not reasons:
        return None
    return (
        f"Intervals may be too narrow, because {' and '.join(reasons)}: with fewer than {FEW}, those of 95 % held the "
        "truth in 92 to 98 % of our simulations, and in as little as 84 % of others."
    )
