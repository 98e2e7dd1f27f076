"""How scores were resampled: the folds or shares of the splits, the rows behind them, and the bounds of the scorer."""

import math
from dataclasses import dataclass

import numpy as np

Bounds = tuple[float, float]
UNBOUNDED: Bounds = (-math.inf, math.inf)


def complete(scores: np.ndarray) -> np.ndarray:
    """Return the numbers of the candidates that have all scores, of shape (n_candidates, n_splits)."""
    return np.flatnonzero(np.isfinite(scores).all(axis=1))


@dataclass(frozen=True)
class Resampling:
    """What is known of the splits on which candidates were scored.

    `test_share` is n_test / n_train of a split, where rows that an estimator holds out of its fit are training rows. It
    is NaN where no correction holds, as in time order, because each training set is part of the next one. `n_folds` is
    how many folds a repeat has; None where the splits are no whole repeats, such as shares drawn by chance. `n_rows`
    are the rows of the table, infinite where that is not known, and `bounds` those of the scorer. Of `n_effective` rows
    one can be wrong (see `effective_rows`): by default, of all; NaN where that is not known. `step` is the least that
    scores of a split differ by, which stands for one row where the scorer is not known. `untested` says why scores
    alone test nothing, where they do not, and `is_counted` whether `n_rows` is more than what the scores tell.
    """

    test_share: float
    n_folds: int | None = None
    n_rows: float = math.inf
    bounds: Bounds = UNBOUNDED
    n_effective: float | None = None
    step: float = 0.0
    untested: str = ""
    is_counted: bool = True

    @classmethod
    def of_folds(
        cls,
        n_folds: int,
        n_rows: float = math.inf,
        bounds: Bounds = UNBOUNDED,
        n_effective: float | None = None,
    ) -> "Resampling":
        """Return the resampling of one or more repeats of so many folds."""
        return cls(1 / (n_folds - 1), n_folds, n_rows, bounds, n_effective)

    @property
    def is_tested(self) -> bool:
        """Whether there are intervals and tests."""
        return not math.isnan(self.test_share)

    @property
    def width(self) -> float:
        """How far the bounds are apart."""
        return self.bounds[1] - self.bounds[0]

    @property
    def n_wrong(self) -> float:
        """Of how many rows one can be wrong; infinite or NaN where that is not known."""
        return self.n_rows if self.n_effective is None else self.n_effective

    @property
    def n_tested(self) -> float:
        """How many rows a split tests, on average; infinite or NaN where that is not known."""
        share = self.test_share / (1 + self.test_share)
        if self.n_folds:
            share = 1 / self.n_folds
        return self.n_rows * share

    @property
    def one_row(self) -> float:
        """What one row of a split can change, at most; `step` without two bounds, where scores may be no counts."""
        if not math.isfinite(self.width):
            return self.step
        return self.width / self.n_tested

    def n_repeats(self, n_splits: int) -> int | None:
        """Return how many whole repeats of the folds so many splits are; None if they are not."""
        if self.n_folds is None or n_splits % self.n_folds:
            return None
        return n_splits // self.n_folds

    def is_one_repeat(self, n_splits: int) -> bool:
        """Return whether no row is tested twice, because so many splits have no more test rows than there are rows."""
        return self.test_share > 0 and n_splits <= round(1 + 1 / self.test_share)
