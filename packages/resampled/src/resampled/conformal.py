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

    Parameters
    ----------
    edges : array of shape (k,)
        Predicted numbers that rise; none if all intervals are as wide.
    half_widths : array of shape (k + 1,)
        Half the widths for predictions up to each edge, and above the last one, in the unit of the target.

    Examples
    --------
    >>> import numpy as np
    >>> from resampled.conformal import Steps
    >>> steps = Steps(edges=np.array([10.0]), half_widths=np.array([1.0, 3.0]))
    >>> steps.at(np.array([5.0, 10.0, 12.0]))
    array([1., 1., 3.])
    """

    edges: np.ndarray
    half_widths: np.ndarray

    def at(self, predicted: np.ndarray) -> np.ndarray:
        """Return the half width of the interval of each prediction.

        Parameters
        ----------
        predicted : array
            Predicted numbers, of any shape.

        Returns
        -------
        array
            Of the same shape, in the unit of the target.

        Examples
        --------
        >>> import numpy as np
        >>> from resampled.conformal import Steps
        >>> Steps(np.array([100.0]), np.array([40.0, 90.0])).at(np.array([80.0, 200.0]))
        array([40., 90.])
        """
        return self.half_widths[np.searchsorted(self.edges, predicted)]


def conformal_quantiles(
    scores: np.ndarray, levels: Sequence[float], units: np.ndarray | None = None
) -> np.ndarray:
    """Return, for each level, the least score that those of a new unit do not exceed with this probability.

    Of n units, it is the score of rank ⌈(n + 1) · level⌉, because a new unit is one more (Vovk, Gammerman and Shafer
    (2005), "Algorithmic learning in a random world").

    Parameters
    ----------
    scores : array of shape (n_predictions,)
        How odd each out-of-sample prediction is, such as its absolute residual; a NaN is as odd as can be.
    levels : sequence of float
        Probabilities.
    units : array of shape (n_predictions,), optional
        Whose they are, the row or group of each: such a unit counts once. By default, each is of a row of its own.

    Returns
    -------
    array of shape (n_levels,)
        Infinite with fewer than level / (1 - level) units.

    See Also
    --------
    quantiles : Returns those of the units alone.

    Examples
    --------
    >>> import numpy as np
    >>> from resampled.conformal import conformal_quantiles
    >>> residuals = np.arange(1.0, 20.0)  # of 19 rows
    >>> conformal_quantiles(residuals, [0.5, 0.9, 0.99])
    array([10., 18., inf])
    """
    return _quantiles(scores, levels, _weights(_numbered(units, len(scores))), new=1)


def quantiles(
    errors: np.ndarray, shares: Sequence[float], units: np.ndarray | None = None
) -> np.ndarray:
    """Return the quantiles of errors, in which each unit counts once.

    Parameters
    ----------
    errors : array of shape (n_predictions,)
        Those of out-of-sample predictions.
    shares : sequence of float
        From 0 to 1.
    units : array of shape (n_predictions,), optional
        Whose they are, the row or group of each: such a unit counts once. By default, each is of a row of its own.

    Returns
    -------
    array of shape (n_shares,)
        The least errors that the shares of the units do not exceed.

    See Also
    --------
    conformal_quantiles : Returns those that hold for a new unit.

    Examples
    --------
    The first row was predicted three times:

    >>> import numpy as np
    >>> from resampled.conformal import quantiles
    >>> quantiles(np.array([5.0, 5.0, 5.0, 1.0, 2.0]), [0.5], units=np.array([0, 0, 0, 1, 2]))
    array([2.])
    """
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
    level : float, default=0.9
        The probability that an interval holds the number of a new unit.
    units : array of shape (n_predictions,), optional
        The row or group of each prediction, whole numbers; by default, each is of a row of its own.
    seed : int, default=0
        Draws the folds.

    Returns
    -------
    Steps or None
        Its method `at` says how far the interval reaches to both sides of a prediction, in the unit of the target. None
        with fewer than level / (1 - level) units.

    See Also
    --------
    least_probabilities : Makes sets of classes.

    Examples
    --------
    How the diabetes of two patients goes on within a year, each with its interval of 90 %:

    >>> from resampled.conformal import interval_steps
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import cross_val_predict
    >>> X, y = load_diabetes(return_X_y=True)
    >>> ridge = Ridge(0.1)
    >>> steps = interval_steps(y, cross_val_predict(ridge, X, y, cv=5))
    >>> predicted = ridge.fit(X, y).predict(X[:2])
    >>> for number, half in zip(predicted, steps.at(predicted)):
    ...     print(f"{number:.0f} ± {half:.0f}")
    200 ± 89
    73 ± 49
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
    """Return, for each level, the least probability of a class in the set of labels.

    With the probability `level`, the classes that reach the number are a set that has the class of a new unit. That
    holds for units of all classes together, not for each class: of one with 4 % of the rows, sets of 90 % held 0.035.
    The score is that of Sadinle, Lei and Wasserman (2019), "Least ambiguous set-valued classifiers with bounded error
    levels", Journal of the American Statistical Association 114.

    Parameters
    ----------
    probabilities : array of shape (n_predictions,)
        Those of the true classes in out-of-sample predictions.
    levels : sequence of float
        Probabilities with which a set has the class of a new unit.
    units : array of shape (n_predictions,), optional
        Whose they are, the row or group of each: such a unit counts once. By default, each is of a row of its own.

    Returns
    -------
    array of shape (n_levels,)
        With too few units it is 0, so the set has all classes.

    Examples
    --------
    Which irises have more than one species in their sets of 99 %?

    >>> import numpy as np
    >>> from resampled.conformal import least_probabilities
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import cross_val_predict
    >>> from sklearn.naive_bayes import GaussianNB
    >>> X, y = load_iris(return_X_y=True)
    >>> of_classes = cross_val_predict(GaussianNB(), X, y, cv=5, method="predict_proba")
    >>> least = least_probabilities(of_classes[np.arange(150), y], [0.99])
    >>> sizes = (of_classes >= least).sum(axis=1)
    >>> np.bincount(sizes)  # how many rows have sets of 0, 1 and 2 classes
    array([  0, 126,  24])
    """
    return np.maximum(-conformal_quantiles(-probabilities, levels, units), 0.0)


def interval_score(
    half_widths: np.ndarray, residuals: np.ndarray, level: float
) -> np.ndarray:
    """Return the score of intervals, the lower the better: the width, and 2 / (1 - level) times what is beyond it.

    Gneiting and Raftery (2007), "Strictly proper scoring rules, prediction, and estimation", Journal of the American
    Statistical Association 102, section 6.2.

    Parameters
    ----------
    half_widths, residuals : array of shape (n_predictions,)
        Half the width of each interval, and the absolute residual of its prediction.
    level : float
        The probability that an interval is to hold the number.

    Returns
    -------
    array of shape (n_predictions,)
        In the unit of the target.

    Examples
    --------
    Both intervals are 2 wide, and the second number is beyond its own by 1:

    >>> import numpy as np
    >>> from resampled.conformal import interval_score
    >>> interval_score(np.array([1.0, 1.0]), np.array([0.5, 2.0]), level=0.9)
    array([ 2., 22.])
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
