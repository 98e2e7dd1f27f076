"""Draws pairs of learners that are equally good and unstable: a little more data turns single coefficients on or off.

A table has 300 rows of 20 normal inputs, of which 5 have the coefficient 0.2, and normal noise of variance 1. A
learner regresses on each input, and sets small coefficients to 0 (hard thresholding), shrinks all of them towards 0
(soft thresholding), or is the lasso. Too small a penalty keeps noise and too large a one loses signal, so to each
penalty below the best one belongs another above it with the same error. And two learners keep nothing but the better
one of two inputs that are equally good, each from inputs of its own. Bayle, Janson and Mackey (2025),
arXiv:2508.04409, show that the errors of such pairs can't be compared as those of stable learners can.
"""

from typing import Any
from unittest.mock import patch

import numpy as np

from resampled.candidates.best_set import best_set
from resampled.means import differences
from resampled.resampling import Resampling
from tests.resampled.simulation.drawing import Said

N_ROWS, N_INPUTS, N_SIGNALS, N_FOLDS, N_REPEATS = 300, 20, 5, 3, 10
SIGNAL = 0.2
# Two penalties, or the inputs to choose from, with the same mean error after training on 200 rows, as a test checks.
PAIRS: dict[str, tuple[Any, Any]] = {
    "hard threshold": (0.104, 0.1569),
    "soft threshold": (0.036, 0.0946),
    "lasso": (0.03, 0.0848),
    "better of two": ((0, 1), (2, 3)),
}
N_SWEEPS = 25
# Least shares of the variance that all splits have in common; the third is what is used.
SHARES = (0.0, 0.1, 0.2, 0.3)


def draw_pairs(kind: str, n_tables: int, seed: int) -> np.ndarray:
    """Return the negative squared errors of both learners of a kind, shape (n_tables, 2, n_splits).

    All tables share their folds, which is as good as folds of their own, because the rows are independent.
    """
    rng = np.random.default_rng(seed)
    X, y = draw_tables(N_ROWS, n_tables, rng)
    scores = np.empty((n_tables, 2, N_REPEATS * N_FOLDS))
    for repeat in range(N_REPEATS):
        folds = rng.permutation(N_ROWS) % N_FOLDS
        parts = [moments(X[:, folds == fold], y[:, folds == fold]) for fold in range(N_FOLDS)]
        for fold in range(N_FOLDS):
            one, two = (parts[other] for other in range(N_FOLDS) if other != fold)
            for which, setting in enumerate(PAIRS[kind]):
                fitted = fit(kind, setting, (one[0] + two[0]) / 2, (one[1] + two[1]) / 2)
                left = y[:, folds == fold] - np.einsum("tij,tj->ti", X[:, folds == fold], fitted)
                scores[:, which, repeat * N_FOLDS + fold] = -(left**2).mean(axis=1)
    return scores


def draw_tables(n_rows: int, n_tables: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and targets of so many tables."""
    X = rng.standard_normal((n_tables, n_rows, N_INPUTS), dtype=np.float32)
    y = SIGNAL * X[:, :, :N_SIGNALS].sum(axis=2) + rng.standard_normal((n_tables, n_rows), dtype=np.float32)
    return X, y


def moments(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean products of inputs with inputs and with targets, by table."""
    return np.matmul(X.transpose(0, 2, 1), X) / X.shape[1], np.einsum("tij,ti->tj", X, y) / X.shape[1]


def fit(kind: str, setting: Any, gram: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """Return the coefficients of a learner, shape (n_tables, n_inputs), from the moments of its training rows."""
    if kind == "better of two":
        sizes = np.where(np.isin(np.arange(N_INPUTS), setting), np.abs(slopes), 0)
        return np.where(sizes == sizes.max(axis=1, keepdims=True), slopes, 0)
    if kind == "hard threshold":
        return np.where(np.abs(slopes) > setting, slopes, 0)
    if kind == "soft threshold":
        return shrunk(slopes, setting)
    found = np.zeros_like(slopes)
    for _ in range(N_SWEEPS):  # coordinate descent
        for i in range(N_INPUTS):
            partial = slopes[:, i] - np.einsum("tj,tj->t", gram[:, i], found) + gram[:, i, i] * found[:, i]
            found[:, i] = shrunk(partial, setting) / gram[:, i, i]
    return found


def shrunk(values: np.ndarray, penalty: float) -> np.ndarray:
    """Return values nearer to 0 by the penalty."""
    return np.sign(values) * np.maximum(np.abs(values) - penalty, 0)


def true_errors(kind: str, settings: tuple[Any, ...], n_tables: int, seed: int) -> np.ndarray:
    """Return the mean squared errors on new rows after training on two thirds of a table, by setting and table."""
    X, y = draw_tables(N_ROWS * (N_FOLDS - 1) // N_FOLDS, n_tables, np.random.default_rng(seed))
    truth = np.where(np.arange(N_INPUTS) < N_SIGNALS, SIGNAL, 0)
    known = moments(X, y)
    return np.stack([1 + ((fit(kind, setting, *known) - truth) ** 2).sum(axis=1) for setting in settings])


def many_pairs(kind: str, n_tables: int) -> np.ndarray:
    """Return what `draw_pairs` does, in batches that fit into memory."""
    sizes = [min(250, n_tables - start) for start in range(0, n_tables, 250)]
    return np.concatenate([draw_pairs(kind, size, batch) for batch, size in enumerate(sizes)])


def excluded(scores: np.ndarray, least_shared: float) -> np.ndarray:
    """Return in which tables each learner of a pair is excluded from the set of the best; it never should."""
    with patch.object(differences, "LEAST_SHARED", least_shared):
        return np.stack([~best_set(each, Resampling.of_folds(N_FOLDS), i) for i, each in enumerate(scores)])


def judge_unstable(kind: str, least_shared: float, n_draws: int) -> list[Said]:
    """Say which learner of a pair is excluded from the set of the best."""
    found = excluded(many_pairs(kind, n_draws), least_shared)
    return [{"one excluded": bool(one), "the other": bool(other)} for one, other in found]
