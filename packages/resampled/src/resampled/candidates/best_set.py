"""The candidates that may be the best: a set that holds the truly best one with 95 %, and the simplest of it."""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri, stdtr

from resampled.means.by_unit import ByUnit
from resampled.means.differences import norms_and_errors
from resampled.means.ttest import ALPHA, TINY
from resampled.resampling import Resampling, complete

N_DRAWS = 1000
# Competitors that are worse by more standard errors can't decide a test, and would only make it less sharp.
SCREEN = 3.0


def best_set(
    scores: np.ndarray, resampling: Resampling, seed: int, by_unit: ByUnit | None = None
) -> np.ndarray:
    """Return the candidates that can't be shown, at the 5 % level, to be worse than another one.

    Lei (2020), "Cross-validation with confidence", Journal of the American Statistical Association 115, with the
    variance of resampled splits. Each candidate c is tested by itself against the hypothesis that no other is better,
    in the three steps of docs/statistics.md. A best candidate is in the set with 95 %, however many there are, because
    only its own test can exclude it; for learners that few rows sway, that is a hint.

    The scores have the shape (n_candidates, n_splits), with splits in the order of repeats and folds. The result is
    true for the set. The candidate with the best mean is always in it, one with NaN never, and none is where nothing is
    tested.
    """
    in_set = np.zeros(len(scores), dtype=bool)
    valid = complete(scores)
    if not resampling.is_tested or not len(valid):
        return in_set
    scores = scores[valid]
    means = scores.mean(axis=1)
    rounding = TINY * np.abs(scores).max()
    if by_unit is not None:
        by_unit = by_unit.take(valid)
    norms, errors = norms_and_errors(scores, resampling, by_unit)
    # By draw, the sums of the splits' residuals with normal weights.
    weights = np.random.default_rng(seed).normal(size=(scores.shape[1], N_DRAWS))
    noise = ((scores - means[:, None]) @ weights).astype(np.float32)
    # What the largest of m z-values exceeds with 5 %: at least bounds[0], if all are one, and at most bounds[m - 1].
    bounds = -ndtri(ALPHA / np.arange(1, len(scores) + 1))
    for c, row in enumerate(valid):
        # 1. The largest z-value of mean(score_j - score_c) over all other candidates j: as unlikely as the t-value.
        gaps = means - means[c]
        is_better = gaps > rounding
        alike = errors.error[c] <= rounding  # as c itself, the same on every split
        if not is_better.any() or is_better[alike].any():
            in_set[row] = not is_better.any()
            continue
        z_values = np.full(len(scores), -np.inf)
        t_values = gaps[~alike] / errors.error[c, ~alike]
        z_values[~alike] = -ndtri(stdtr(errors.degrees[c, ~alike], -t_values))
        statistic = z_values.max()
        drawn = (z_values > -SCREEN) & (norms[c] > 0)  # the same splits draw the same
        if not bounds[0] < statistic < bounds[drawn.sum() - 1]:
            in_set[row] = statistic <= bounds[0]
            continue
        # 2. How large it gets by chance, if no other candidate is better, among those that are not far worse.
        norm = norms[c, drawn, None].astype(np.float32)
        largest = ((noise[drawn] - noise[c]) / norm).max(axis=0)
        # 3. In the set is what more than 5 % of the draws reach.
        in_set[row] = (largest >= statistic).mean() > ALPHA
    return in_set


def simplest(
    in_set: np.ndarray, complexity: Sequence[np.ndarray], means: np.ndarray
) -> int:
    """Return the first of the simplest candidates of the set, as its number.

    `complexity` has numbers of the shape (n_candidates,), such as those of weights and of epochs; the first of them
    counts most, and less is simpler. Of candidates that are equally simple, the one with the best mean is taken.
    """
    numbers = np.flatnonzero(in_set)
    keys = [-means[numbers]]
    for each in reversed(complexity):
        keys.append(np.asarray(each)[numbers])
    return int(numbers[np.lexsort(keys)[0]])
