"""From which score on a row is called positive: counts by threshold, their cost, and that of the cheapest one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import stdtrit

from resampled.means.ttest import ALPHA, TINY


@dataclass(frozen=True)
class Counts:
    """How many rows each of several thresholds calls positive, in splits whose models have scored their test rows.

    `own`, of shape (n_splits, n_thresholds, 2), has the false and the true positives among the test rows of each split,
    and `others` the same of what the other splits predict for the rows that the split does not test. The first
    threshold calls all rows positive.
    """

    own: np.ndarray
    others: np.ndarray

    @property
    def pooled(self) -> np.ndarray:
        """The counts over all splits, of shape (n_thresholds, 2)."""
        return np.asarray(self.own.sum(axis=0))

    @classmethod
    def of(
        cls,
        positive: np.ndarray,
        tests: Sequence[np.ndarray],
        scores: Sequence[np.ndarray],
        thresholds: np.ndarray,
    ) -> "Counts":
        """Count the rows whose score is a threshold or more.

        `positive` says which of all rows are; by split, `tests` are the numbers of the test rows, and `scores` what a
        model gives them that was not trained on them. The thresholds rise, and the first one is above no score.
        """
        k = len(thresholds)
        rows = np.concatenate(tests)
        # Of each prediction, the highest threshold that it reaches, and whether its row is positive.
        reached = np.searchsorted(thresholds, np.concatenate(scores), side="right") - 1
        cells = 2 * reached + positive[rows]

        def counted(some: np.ndarray) -> np.ndarray:
            at_each = np.bincount(some, minlength=2 * k).reshape(k, 2)
            return np.asarray(at_each[::-1].cumsum(axis=0)[::-1])

        ends = np.cumsum([len(test) for test in tests])
        own = np.stack([counted(part) for part in np.split(cells, ends[:-1])])
        everything = own.sum(axis=0)
        tested = [counted(cells[np.isin(rows, test)]) for test in tests]
        return cls(own, everything - np.stack(tested))


def cost_per_row(
    counts: np.ndarray, false_positive: float, false_negative: float
) -> np.ndarray:
    """Return what mistakes cost per row at each threshold, shape (..., n_thresholds); NaN without a row.

    `counts`, of shape (..., n_thresholds, 2), are those of `Counts`, and the costs those of a mistake of each kind.
    """
    rows = counts[..., :1, :]
    missed = rows[..., 1] - counts[..., 1]
    n_rows = rows.sum(axis=-1)
    with np.errstate(invalid="ignore"):
        of_positives = false_positive * (counts[..., 0] / n_rows)
        of_negatives = false_negative * (missed / n_rows)
    return np.asarray(of_positives + of_negatives)


def cheapest(costs: np.ndarray, near: int) -> np.ndarray:
    """Return the place of the lowest of the costs, of shape (..., n_thresholds); of equal ones, the nearest to `near`.

    Costs that rise or fall in steps are often the same at several thresholds.
    """
    is_lowest = costs <= costs.min(axis=-1, keepdims=True) * (1 + TINY)
    away = np.abs(np.arange(costs.shape[-1]) - near)
    return np.where(is_lowest, away, len(away)).argmin(axis=-1)


@dataclass(frozen=True)
class Cheapest:
    """The threshold that costs least, and what it costs without the luck of its choice.

    With the counts that it is chosen by, a threshold seems to cost less than it does on other rows, because it is the
    best of many there. So, for each split, the threshold is chosen anew, by what the other splits predict for the rows
    that this split does not test; and it is paid on those that it tests. This is the outer loop of a nested
    cross-validation (Varma and Simon (2006), "Bias in error estimation when using cross-validation for model
    selection", BMC Bioinformatics 7).

    `near` is the place of the threshold that is taken of equal ones, such as that of calibrated probabilities.
    """

    counts: Counts
    false_positive: float
    false_negative: float
    near: int

    def _costs(self, counts: np.ndarray) -> np.ndarray:
        return cost_per_row(counts, self.false_positive, self.false_negative)

    @cached_property
    def place(self) -> int:
        """The place of the threshold that costs least, by the counts over all splits."""
        return int(cheapest(self._costs(self.counts.pooled), self.near))

    @cached_property
    def by_split(self) -> np.ndarray:
        """The costs per row of the thresholds that are chosen without the test rows, of shape (n_splits,)."""
        costs = self._costs(self.counts.own)
        return np.asarray(costs[np.arange(len(costs)), self._places])

    @cached_property
    def _places(self) -> np.ndarray:
        return cheapest(self._costs(self.counts.others), self.near)

    def at(self, place: int) -> np.ndarray:
        """Return the costs per row of a threshold that is not chosen, of shape (n_splits,)."""
        return np.asarray(self._costs(self.counts.own)[:, place])

    def half_width(self, place: int, n_rows: float) -> float:
        """Return half the width of the 95 % interval of what a threshold that is not chosen costs more, per row.

        Stratified folds hide how many rows of a table are positive, so what is saved varies too little between splits
        where a miss is dear, and the rows say how much it varies: those that both thresholds call alike by nothing, the
        others by a mistake. The variance of the mean is that between the rows of a split, over the rows of the table,
        and 1 / (2 R) more of it, in R repeats, for the luck of the fits; the degrees of freedom are one less than there
        are rows in a repeat that are called differently. In simulations with rare positives this held, where Nadeau and
        Bengio's interval was far too narrow.
        """
        own = self.counts.own
        tested = own[:, 0].sum(axis=1)
        n_repeats = tested.sum() / n_rows
        chosen = own[np.arange(len(own)), self._places]
        changed = np.abs(chosen - own[:, place])
        costs = np.array([self.false_positive, self.false_negative])
        squares = (changed * costs**2).sum(axis=1) / tested
        within = np.mean(squares - (self.at(place) - self.by_split) ** 2)
        error = np.sqrt(within / n_rows * (1 + 1 / (2 * n_repeats)))
        degrees = max(changed.sum() / n_repeats - 1, 1)
        return float(stdtrit(degrees, 1 - ALPHA / 2) * error)
