"""Draws searches whose candidates' true scores are known: predictions that are right or wrong, row by row."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from resampled.means.by_unit import ByUnit
from resampled.means.pooling import pooling
from resampled.means.rows import Rows
from resampled.resampling import Resampling

N_ROWS, N_FOLDS = 768, 3
# Shares of the variance behind a prediction: how hard a row is for all candidates, and for one of them.
HARD, HARD_FOR_ONE = 0.55, 0.1
CALM, NOISY = 0.05, 0.29

# Returns the true scores of n candidates, and the standard deviation of what single fits differ by.
Case = Callable[[int, np.random.Generator], tuple[np.ndarray, float]]

CASES: dict[str, Case] = {
    "all equal": lambda n, rng: (np.full(n, 0.72), CALM),
    "one best": lambda n, rng: (np.where(np.arange(n) == 0, 0.77, 0.72), CALM),
    "many close": lambda n, rng: (0.72 + 0.01 * rng.standard_normal(n), CALM),
    "noisy training": lambda n, rng: (0.70 + 0.01 * rng.standard_normal(n), NOISY),
}


@dataclass(frozen=True)
class Search:
    """The predictions of a search.

    `truth` is the probability that a fit of a candidate predicts a new row rightly; `right`, of shape (n_candidates,
    n_repeats, n_rows), whether a prediction is; and `folds`, of shape (n_repeats, n_rows), the fold that tests a row.
    """

    truth: np.ndarray
    right: np.ndarray
    folds: np.ndarray

    @property
    def n_folds(self) -> int:
        """How many folds a repeat has."""
        return int(self.folds.max()) + 1

    @property
    def tests(self) -> list[np.ndarray]:
        """The test rows of each split."""
        return [
            np.flatnonzero(folds == fold)
            for folds in self.folds
            for fold in range(self.n_folds)
        ]

    @property
    def scores(self) -> np.ndarray:
        """The accuracy of each candidate on each split."""
        means = [
            self.right[:, split // self.n_folds, test].mean(axis=1)
            for split, test in enumerate(self.tests)
        ]
        return np.stack(means, axis=1)

    @property
    def by_unit(self) -> ByUnit:
        """What each row makes of the scores."""
        return by_row(self.right, self.folds)

    @property
    def resampling(self) -> Resampling:
        """How the scores were resampled."""
        return Resampling.of_folds(self.n_folds)

    @property
    def rows(self) -> Rows:
        """The predictions as the statistics want them."""
        accuracy, tests = pooling("accuracy"), self.tests
        assert accuracy is not None
        right = [
            self.right[:, split // self.n_folds, test]
            for split, test in enumerate(tests)
        ]
        statistics = [
            np.stack([np.ones_like(each), each], axis=2).astype(np.float32)
            for each in right
        ]
        return Rows(statistics, tests, None, accuracy)


def by_row(right: np.ndarray, folds: np.ndarray) -> ByUnit:
    """Return what rows make of accuracies, from which predictions are right and the folds, as in `Search`."""
    tested = folds[:, None] == np.arange(folds.max() + 1)[:, None]
    return ByUnit.of(right.astype(float), tested.reshape(-1, folds.shape[1]))


def draw_search(
    case: str, n_candidates: int, rng: np.random.Generator, n_repeats: int = 10
) -> Search:
    """Draw a search of a case."""
    return draw_predictions(*CASES[case](n_candidates, rng), rng, n_repeats)


def draw_predictions(
    truth: np.ndarray,
    noise: float | np.ndarray,
    rng: np.random.Generator,
    n_repeats: int = 10,
    n_rows: int = N_ROWS,
    hard_for_one: float = HARD_FOR_ONE,
    hard: float = HARD,
    n_folds: int = N_FOLDS,
    alike: float = 0.0,
) -> Search:
    """Draw the predictions of candidates.

    A candidate of true score p predicts a row rightly if Φ⁻¹(p) + row + row of this candidate + fit + rest is above 0.
    These four are normal with mean 0 and variances 0.55 (`hard`), 0.1 (`hard_for_one`), v² and what is left of 1, where
    v is `noise`, of all candidates or of each. They are drawn for a row; for a row and candidate; for a candidate,
    repeat and fold; and for a candidate, repeat and row. The variances add up to 1, so p is the probability of a right
    prediction. All candidates but the last may be `alike`: this variance of what is drawn for a row and candidate is
    drawn for the row once.
    """
    n_candidates = len(truth)
    noise = np.broadcast_to(noise, n_candidates)[:, None, None]
    folds = np.stack([rng.permutation(n_rows) % n_folds for _ in range(n_repeats)])
    latent = rng.standard_normal((n_candidates, n_repeats, n_rows), dtype=np.float32)
    latent *= (np.maximum(0, 1 - hard - hard_for_one - alike - noise**2) ** 0.5).astype(
        np.float32
    )
    rows = hard**0.5 * rng.standard_normal(n_rows)
    rows = (
        rows
        + hard_for_one**0.5 * rng.standard_normal((n_candidates, n_rows))
        + ndtri(truth)[:, None]
    )
    if alike:
        shared = rng.standard_normal((2, n_rows))[[0] * (n_candidates - 1) + [1]]
        rows = rows + alike**0.5 * shared
    latent += rows.astype(np.float32)[:, None]
    fits = noise * rng.standard_normal(
        (n_candidates, n_repeats, n_folds), dtype=np.float32
    )
    for repeat in range(n_repeats):
        latent[:, repeat] += fits[:, repeat][:, folds[repeat]]
    return Search(truth, latent > 0, folds)
