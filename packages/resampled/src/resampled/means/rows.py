"""What the predictions of a search say of each row, and the same by units: rows, groups, or bundles of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from resampled.means.by_unit import ByUnit
from resampled.means.pooling import Pooling

# With more rows or groups, units are bundles of them, drawn by chance.
MOST_UNITS = 1000


@dataclass(frozen=True)
class Rows:
    """The out-of-sample predictions of a search, as statistics of rows.

    Attributes
    ----------
    statistics : list of arrays of shape (n_candidates, n_test, k)
        For each split, what `Pooling.rows` returned for each candidate; NaN where it has no score.
    tests : list of arrays of shape (n_test,)
        For each split, the numbers of its test rows.
    groups : array of shape (n_rows,), or None
        Rows of a group are drawn together.
    """

    statistics: Sequence[np.ndarray]
    tests: Sequence[np.ndarray]
    groups: np.ndarray | None
    pooling: Pooling

    def units(
        self, candidates: np.ndarray, rng: np.random.Generator | None = None
    ) -> "Units":
        """Return the sums over units of some candidates: over groups or rows, which `rng` bundles if there are many."""
        own = self.tests
        if self.groups is not None:
            own = [self.groups[test] for test in self.tests]
        each, numbers = np.unique(np.concatenate(own), return_inverse=True)
        n_units = len(each)
        if rng is not None and n_units > MOST_UNITS:
            n_units = MOST_UNITS
            numbers = (rng.permutation(len(each)) % n_units)[numbers]
        starts = np.cumsum(list(map(len, own)))[:-1]
        sums, units = [], []
        by_split = np.split(numbers, starts)
        for rows, of_rows in zip(self.statistics, by_split, strict=True):
            added, present = _added(rows[candidates], of_rows)
            sums.append(added)
            units.append(present)
        return Units(sums, units, n_units, self.pooling)


@dataclass(frozen=True)
class Units:
    """For each split, sums over the units that it tests, of shape (n_candidates, n_tested, k), and their numbers."""

    sums: Sequence[np.ndarray]
    numbers: Sequence[np.ndarray]
    n_units: int
    pooling: Pooling

    def blocks(self, n_blocks: int, rng: np.random.Generator) -> list[np.ndarray]:
        """Put the units into blocks by chance, and return the sums over them, of shape (n_blocks, n_candidates, k)."""
        n_blocks = min(n_blocks, self.n_units)
        drawn = rng.permutation(self.n_units) % n_blocks
        blocks = []
        for sums, numbers in zip(self.sums, self.numbers, strict=True):
            added, present = _added(sums, drawn[numbers])
            of_split = np.zeros((n_blocks, len(sums), sums.shape[2]))
            of_split[present] = added.swapaxes(0, 1)
            blocks.append(of_split)
        return blocks

    def score(self, kept: np.ndarray) -> float:
        """Return the mean over the splits of the scores of sums over rows, of shape (n_splits, k)."""
        return float(np.nanmean(self.pooling.score(kept)))

    def by_unit(self, n_folds: int | None) -> ByUnit:
        """Return what each unit makes of the scores, to first order.

        It is the jackknife's pseudo-value in the split that tests the unit; of a score that is a mean, the unit's own
        (Tukey (1958), "Bias and confidence in not quite large samples", Annals of Mathematical Statistics 29). A round
        is a repeat of `n_folds` splits, or one split without these. All are infinite of a candidate whose score a unit
        decides alone, such as the only positive row of a split.
        """
        n_folds = n_folds or 1
        often = np.mean(list(map(len, self.numbers)))
        score = self.pooling.score
        totals = [sums.sum(axis=1, dtype=float) for sums in self.sums]
        wholes = np.stack([score(total)[:, None] for total in totals])
        mean = wholes.mean(axis=0)
        values = np.full((len(mean), len(wholes) // n_folds, self.n_units), np.nan)
        tested = np.zeros((len(wholes), self.n_units), dtype=bool)
        for split, numbers in enumerate(self.numbers):
            whole = wholes[split]
            n = len(numbers)
            moved: Any = 0.0
            if n > 1:
                without = totals[split][:, None] - self.sums[split]
                moved = (n - 1) * (whole - score(without))
            # A split counts as much as another one that tests more units.
            value = mean + (whole + moved - mean) * often / n
            value[np.isnan(value) & np.isfinite(whole)] = np.inf
            values[:, split // n_folds, numbers] = value
            tested[split, numbers] = True
        values[np.isinf(values).any(axis=(1, 2))] = np.inf
        return ByUnit.of(values, tested)


def _added(
    statistics: np.ndarray, numbers: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums of columns with the same number, and the numbers, each once."""
    order = np.argsort(numbers, kind="stable")
    present, starts = np.unique(numbers[order], return_index=True)
    return np.add.reduceat(statistics.take(order, axis=1), starts, axis=1), present
