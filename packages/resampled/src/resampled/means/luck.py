"""The rule: how uncertain a mean, or the difference of two, is by the luck of rows and fits, for many at once.

It was found by simulation: docs/simulations.md has its cases, and docs/statistics.md says when it does not hold.
"""

from typing import NamedTuple

import numpy as np

from resampled.means import squares
from resampled.means.by_unit import ByUnit


class Luck(NamedTuple):
    """The square of the standard error, Student's degrees of freedom, and how often a / n the training rows count."""

    square: np.ndarray
    degrees: np.ndarray
    of_training: np.ndarray


class _Parts(NamedTuple):
    """How a unit's value varies: a between units, w within a unit, and t, the covariance of two units of a split.

    `repeats` is the variance between the means of repeats. Only a is known where no unit is tested twice. `n` units are
    tested `n_tested` times.
    """

    n: float
    n_tested: float
    a: np.ndarray
    w: np.ndarray | None = None
    t: np.ndarray | None = None
    repeats: np.ndarray | None = None


def luck(
    variances: np.ndarray, n_splits: int, by_unit: ByUnit, test_share: float
) -> Luck:
    """Return how uncertain means are, or all differences of two, whose scores vary so much between the splits.

    With J splits, s² between them, n units that are tested N times, and the parts a, w and t, the square of the
    standard error is

        f + (a + 2 min(a, w √(n_train / (2 n_test)))) / n + max(0, L + x).

    - u = s² - (a + w) J / N is by how much splits vary more than their own test units make them.
    - f = max(0, u) / J + w / N is the noise of single fits.
    - L = 1.5 t min(k, 4/3 k², n_train / n_test) is the luck of the training rows, which all splits share. k is a over
      w, or over n / 2 times the variance between the means of repeats, if that is more: a repeat trains on each unit
      equally often, so what its mean varies by is chance in training, and no luck of rows.
    - x = t - a / n - u, at most √(a L / n) in size, is how that goes together with the luck of the test rows: a split
      tests the very units that it does not train on.

    With one round, it is 1.5 a / n + 2 max(0, u) / J, where a holds w. The degrees of freedom are Satterthwaite's:
    J - 1 for the first and the last part, n - 1 for the other one. A few splits of one round may hide noise of fits, by
    chance, so where u is not above 0, 2 a / (n (J - 1)) stands for it there. The square is infinite where a unit
    decides a score alone, and NaN where a unit that is tested is not known.

    Parameters
    ----------
    variances : array of shape (n_candidates,) or (n_candidates, n_candidates)
        s² of the scores, or of the differences of all pairs; the results have the same shape.
    test_share : float
        n_test / n_train.
    """
    n, n_tested, a, w, t, repeats = _parts(
        by_unit, n_splits, in_pairs=variances.ndim == 2
    )
    single = a if w is None else a + w
    of_splits = variances / n_splits
    beyond = variances - single * n_splits / n_tested
    a = np.maximum(a, 0)
    of_fits = np.maximum(beyond, 0) / n_splits
    if w is None or t is None or repeats is None:
        of_splits = np.where(of_fits > 0, 2 * of_splits, 2 * a / n / (n_splits - 1))
        of_fits = 2 * of_fits
        of_rows = 1.5 * a / n
        of_training = 0 * a
    else:
        of_fits = of_fits + w / n_tested
        of_splits = np.where(of_fits > 0, of_splits, 0)
        of_rows = (a + 2 * np.minimum(a, w / np.sqrt(2 * test_share))) / n
        with np.errstate(divide="ignore", invalid="ignore"):
            k = a / np.maximum(w, n * repeats / 2)
            times = np.minimum(np.minimum(k, 4 / 3 * k**2), 1 / test_share)
            shared = np.where(w > 0, 1.5 * t * times, 0.0)
        most = np.sqrt(a * shared / n)
        together = np.clip(t - a / n - beyond, -most, most)
        of_training = np.maximum(shared + together, 0)
    square = of_fits + of_rows + of_training
    noise = (of_splits**2 + of_training**2) / (n_splits - 1) + of_rows**2 / (n - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        degrees = np.where(noise > 0, square**2 / noise, 1.0)
        often = np.where(of_training > 0, of_training / (a / n), 0.0)
    return Luck(_marked(square, by_unit), degrees, often)


def _marked(square: np.ndarray, by_unit: ByUnit) -> np.ndarray:
    unknown = np.isnan(by_unit.values)
    tested = ~unknown.all(axis=0)
    decided = np.isinf(by_unit.values).any(axis=(1, 2))
    for own, mark in ((decided, np.inf), (unknown[:, tested].any(axis=1), np.nan)):
        if square.ndim == 2:
            own = own[:, None] | own
        square = np.where(own, mark, square)
    return square


def _parts(by_unit: ByUnit, n_splits: int, *, in_pairs: bool) -> _Parts:
    """Return the parts of an analysis of variance, where units that are tested more often than others count as fewer.

    a is the variance of the units' means, less w over how often they are tested, and may be below 0. Without repeats of
    folds, the variance between their means is taken to be as small as can be.
    """
    of = squares.of_differences if in_pairs else squares.of_each
    tested = ~np.isnan(by_unit.values).all(axis=0)
    times = tested.sum(axis=0)
    often = times[times > 0]
    tested = tested[:, times > 0]
    values = _finite(by_unit.values)[..., times > 0]
    means = values.sum(axis=1) / often
    n = float(often.sum() ** 2 / (often**2).sum())
    n_tested = float(often.sum())
    between = of(means - means.mean(axis=1, keepdims=True)) / (len(often) - 1)
    repeated = (often - 1).sum()
    if not repeated:
        return _Parts(n, n_tested, between)
    w = np.zeros_like(between)
    for number, is_tested in enumerate(tested):  # round by round, for the memory
        left = np.where(is_tested, values[:, number] - means, 0)
        w += of(left) / repeated
    moves = _finite(by_unit.moves)
    t = np.maximum(of(moves) / moves.shape[1] - by_unit.alone * w / len(often), 0)
    repeats = np.zeros_like(w)
    if n_splits > by_unit.n_rounds:
        rounds = values.mean(axis=2)
        centred = rounds - rounds.mean(axis=1, keepdims=True)
        repeats = of(centred) / (by_unit.n_rounds - 1)
    return _Parts(n, n_tested, between - w * np.mean(1 / often), w, t, repeats)


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, 0.0)
