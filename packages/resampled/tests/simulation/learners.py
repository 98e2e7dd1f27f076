"""Draws searches of real learners: least squares on hidden units with random weights, trained on overlapping folds."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from packages.resampled.tests.simulation.searches import N_FOLDS, N_ROWS, Search

N_INPUTS, N_NEW_TABLES, N_NEW_ROWS = 8, 60, 100_000


@dataclass(frozen=True)
class Learner:
    """A net with one hidden layer, of which only the output is trained, with a penalty of its squared weights.

    `scale` is the standard deviation of the hidden weights, times √8, and twice that of the biases.
    """

    n_hidden: int
    penalty: float
    scale: float

    def fit_predict(
        self, X: np.ndarray, y: np.ndarray, X_new: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Return the classes of new rows after a fit."""
        weights = (
            self.scale / N_INPUTS**0.5 * rng.standard_normal((N_INPUTS, self.n_hidden))
        )
        biases = self.scale / 2 * rng.standard_normal(self.n_hidden)
        hidden, new = (
            np.column_stack(
                [np.ones(len(rows)), np.maximum(rows @ weights + biases, 0)]
            )
            for rows in (X, X_new)
        )
        normal = hidden.T @ hidden + self.penalty * np.eye(self.n_hidden + 1)
        return new @ np.linalg.solve(normal, hidden.T @ (y - 0.5)) > 0


CANDIDATES = [
    Learner(n, penalty, scale)
    for n in (3, 6, 12, 24)
    for penalty in (0.1, 3, 30)
    for scale in (0.5, 1.5)
]


def draw_table(n_rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw eight normal inputs and a class that depends on five of them, with logistic noise."""
    X = rng.standard_normal((n_rows, N_INPUTS))
    signal = (
        1.1 * X[:, 1]
        + 0.6 * X[:, 5]
        + 0.3 * X[:, 0] * X[:, 1]
        + 0.4 * np.abs(X[:, 2])
        - 0.3
    )
    return X, signal + rng.logistic(scale=0.96, size=n_rows) > 0


@cache
def truth() -> np.ndarray:
    """Return the candidates' mean accuracy on 100,000 new rows after training on 60 new tables of 512 rows."""
    rng = np.random.default_rng(0)
    X_new, y_new = draw_table(N_NEW_ROWS, rng)
    scores = np.zeros(len(CANDIDATES))
    for _ in range(N_NEW_TABLES):
        X, y = draw_table(N_ROWS * (N_FOLDS - 1) // N_FOLDS, rng)
        scores += [
            (learner.fit_predict(X, y, X_new, rng) == y_new).mean()
            for learner in CANDIDATES
        ]
    return scores / N_NEW_TABLES


def draw_learners(rng: np.random.Generator, n_repeats: int = 10) -> Search:
    """Draw a table, and cross-validate the 24 candidates on it."""
    X, y = draw_table(N_ROWS, rng)
    return Search(truth(), *cross_validate(CANDIDATES, X, y, rng, n_repeats))


def cross_validate(
    learners: list[Learner],
    X: np.ndarray,
    y: np.ndarray,
    rng: np.random.Generator,
    n_repeats: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return whether each prediction is right, and the folds, as in `Search`."""
    folds = np.stack([rng.permutation(len(y)) % N_FOLDS for _ in range(n_repeats)])
    right = np.empty((len(learners), n_repeats, len(y)), dtype=bool)
    for repeat in range(n_repeats):
        for fold in range(N_FOLDS):
            test = folds[repeat] == fold
            for c, learner in enumerate(learners):
                right[c, repeat, test] = (
                    learner.fit_predict(X[~test], y[~test], X[test], rng) == y[test]
                )
    return right, folds
