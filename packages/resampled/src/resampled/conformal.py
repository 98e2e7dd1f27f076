"""Conformal prediction from out-of-sample predictions: an interval around a number, and a set of classes.

A row that was predicted in several repeats counts once, and so does a group of rows that belong together: such a unit
has the weight 1, in equal shares of its predictions. Of n units, the quantile for a level is that of rank
⌈(n + 1) · level⌉, because a new unit is one more (Vovk, Gammerman and Shafer (2005), "Algorithmic learning in a random
world"; Lei, G'Sell, Rinaldo, Tibshirani and Wasserman (2018), "Distribution-free predictive inference for regression",
Journal of the American Statistical Association 113). Groups as units: Lee, Barber and Willett (2023),
"Distribution-free inference with hierarchical data", arXiv:2306.06342.

The predictions come from folds, as in CV+ (Barber, Candès, Ramdas and Tibshirani (2021), "Predictive inference with the
jackknife+", Annals of Statistics 49) and cross-conformal prediction (Vovk (2015), Annals of Mathematics and Artificial
Intelligence 74). But the interval lies around what one model predicts that was fitted on all rows, which these authors
call plain cross-validation: no bound holds for any learner whatever, but for stable ones it covers as it should. Least
squares without a penalty, with about as many inputs as training rows, is not stable: 90 % covered 0.22 there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# How many steps are tried, and the fewest units in one: with fewer, intervals of skewed targets cover too little.
_STEPS, FEWEST = (1, 2, 3, 5, 8, 10), 30
_FOLDS = 10
# Sums of shares differ from whole numbers in their last bits.
_TINY = 1e-9


@dataclass(frozen=True)
class Steps:
    """The half width of the interval around a predicted number, a step function of the number.

    `half_widths`, of shape (k + 1,), go with predictions up to each of the rising `edges`, of shape (k,), and above.
    """

    edges: np.ndarray
    half_widths: np.ndarray

    def at(self, predicted: np.ndarray) -> np.ndarray:
        """Return the half width of the interval of each prediction."""
        return self.half_widths[np.searchsorted(self.edges, predicted)]


def conformal_quantiles(
    scores: np.ndarray, levels: Sequence[float], units: np.ndarray | None = None
) -> np.ndarray:
    """Return, for each level, the least score that those of a new unit do not exceed with this probability.

    `scores`, of shape (n_predictions,), say how odd each prediction is, a NaN as odd as can be, and `units` whose they
    are, by default each of a row of its own. A quantile is infinite with fewer than level / (1 - level) units.
    """
    return _quantiles(scores, levels, _weights(_numbered(units, len(scores))), new=1)


def quantiles(
    errors: np.ndarray, shares: Sequence[float], units: np.ndarray | None = None
) -> np.ndarray:
    """Return the quantiles of errors, of shape (n_predictions,), in which each unit counts once."""
    return _quantiles(errors, shares, _weights(_numbered(units, len(errors))), new=0)


def interval_steps(
    observed: np.ndarray,
    predicted: np.ndarray,
    level: float = 0.9,
    units: np.ndarray | None = None,
    seed: int = 0,
) -> Steps | None:
    """Return how wide the intervals of predicted numbers are; None with too few units, when they would be infinite.

    One width is the conformal quantile of the absolute residuals. Several steps have as many predictions each; a step's
    scale is the mean absolute residual in it, and the half width the scale times the quantile of the residuals over
    their scales (Lei et al. (2018), section 5.2). There are several if these are shown to be better: on folds of units
    that had no say, their interval score is lower than that of one width by more than a standard error.

    Parameters
    ----------
    observed, predicted : arrays of shape (n_predictions,)
        Out-of-sample predictions; one that is not finite is wrong at any width.
    level : float
        The probability that an interval holds the number of a new unit.
    units : array of shape (n_predictions,), or None
        The row or group of each prediction, whole numbers; by default, each is of a row of its own.
    seed : int
        Draws the folds.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        residuals = _odd(np.abs(observed - predicted))
    numbers = _numbered(units, len(residuals))
    weights = _weights(numbers)
    if not np.isfinite(_quantiles(residuals, [level], weights, new=1)).all():
        return None
    n_steps = 1
    if np.isfinite(residuals).all():
        n_steps = _best_number(residuals, predicted, level, weights, numbers, seed)
    return _steps(residuals, predicted, level, weights, n_steps)


def least_probabilities(
    probabilities: np.ndarray, levels: Sequence[float], units: np.ndarray | None = None
) -> np.ndarray:
    """Return, for each level, the least probability of a class in the set of labels, of shape (n_levels,).

    `probabilities`, of shape (n_predictions,), are those of the true classes in out-of-sample predictions. With the
    probability `level`, the classes that reach the number are a set that has the class of a new unit. It is 0, so the
    set has all classes, with too few units. That holds for units of all classes together, not for each class: of one
    with 4 % of the rows, sets of 90 % held 0.035. The score is that of Sadinle, Lei and Wasserman (2019), "Least
    ambiguous set-valued classifiers with bounded error levels", Journal of the American Statistical Association 114.
    """
    return np.maximum(-conformal_quantiles(-probabilities, levels, units), 0.0)


def interval_score(
    half_widths: np.ndarray, residuals: np.ndarray, level: float
) -> np.ndarray:
    """Return the score of intervals, the lower the better: the width, and 2 / (1 - level) times what is beyond it.

    Gneiting and Raftery (2007), "Strictly proper scoring rules, prediction, and estimation", Journal of the American
    Statistical Association 102, section 6.2.
    """
    return 2 * half_widths + 2 / (1 - level) * np.maximum(residuals - half_widths, 0)


def _numbered(units: np.ndarray | None, n: int) -> np.ndarray:
    return np.arange(n) if units is None else np.unique(units, return_inverse=True)[1]


def _weights(numbers: np.ndarray) -> np.ndarray:
    return 1 / np.bincount(numbers)[numbers]


def _quantiles(
    scores: np.ndarray, levels: Sequence[float], weights: np.ndarray, new: int
) -> np.ndarray:
    """Return the least scores up to which the weights are `levels` of all, those of `new` units more among them."""
    order = np.argsort(scores, kind="stable")  # NaN comes last
    wanted = np.asarray(levels) * (weights.sum() + new) * (1 - _TINY)
    sorted_scores = np.append(_odd(scores[order]), np.inf)
    return sorted_scores[np.searchsorted(np.cumsum(weights[order]), wanted)]


def _odd(scores: np.ndarray) -> np.ndarray:
    """Return scores in which what is missing is as odd as can be."""
    return np.where(np.isnan(scores), np.inf, scores)


def _steps(
    residuals: np.ndarray,
    predicted: np.ndarray,
    level: float,
    weights: np.ndarray,
    n_steps: int,
) -> Steps:
    one = Steps(np.empty(0), _quantiles(residuals, [level], weights, new=1))
    if n_steps == 1:
        return one
    edges = np.unique(np.quantile(predicted, np.arange(1, n_steps) / n_steps))
    # Where many predictions are equal, as those of few leaves, a step may have few, and goes to the next one.
    at = np.searchsorted(edges, predicted)
    enough = np.bincount(at, weights, len(edges) + 1) >= FEWEST / 2
    edges = edges[enough[:-1]]
    if not enough[-1]:
        edges = edges[:-1]
    at = np.searchsorted(edges, predicted)
    scales = np.bincount(at, weights * residuals) / np.bincount(at, weights)
    if not len(edges) or not scales.all():  # a step without an error has no scale
        return one
    (quantile,) = _quantiles(residuals / scales[at], [level], weights, new=1)
    return Steps(edges, scales * quantile)


def _best_number(
    residuals: np.ndarray,
    predicted: np.ndarray,
    level: float,
    weights: np.ndarray,
    numbers: np.ndarray,
    seed: int,
) -> int:
    """Return the number of steps with the lowest interval score on folds, or 1 if it is not shown to be better."""
    n_units = int(numbers.max()) + 1
    tried = [n for n in _STEPS if n * FEWEST <= n_units]
    if len(tried) < 2:
        return 1
    folds = (np.random.default_rng(seed).permutation(n_units) % _FOLDS)[numbers]
    by_unit = {}
    for n_steps in tried:
        scores = np.empty(len(residuals))
        for fold in range(_FOLDS):
            test = folds == fold
            rest = ~test
            steps = _steps(
                residuals[rest], predicted[rest], level, weights[rest], n_steps
            )
            widths = steps.at(predicted[test])
            scores[test] = interval_score(widths, residuals[test], level)
        by_unit[n_steps] = np.bincount(numbers, weights * scores)
    best = min(tried, key=lambda n_steps: by_unit[n_steps].mean())
    gains = by_unit[1] - by_unit[best]
    is_shown = gains.mean() > gains.std(ddof=1) / np.sqrt(n_units)
    return best if is_shown else 1
