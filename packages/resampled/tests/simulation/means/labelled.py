"""Draws searches on tables with rare classes or with groups, and nets that are stuck; their true scores are known."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy.special import ndtr, ndtri

from packages.resampled.tests.simulation.drawing import Said
from packages.resampled.tests.simulation.means.perfect import covered
from resampled.means.corrected import corrected_score
from resampled.means.intervals import intervals
from resampled.means.pooling import pooling
from resampled.means.rows import Rows
from resampled.means.ttest import half_width
from resampled.resampling import Resampling
from resampled.scorers import bounds_of, effective_rows

N_FOLDS = 3


@dataclass(frozen=True)
class Table:
    """A kind of table, and the candidates of a search on it, all of which are equally good.

    `positives` is the chance of a row to be of the second class; rows of 9:1 are exactly so. The classes' predictions
    lie `apart` by so many standard deviations. With groups, a fifth of the variance is a group's. `stuck` is the share
    of fits that predict the first class for every row. `own` is the variance that is a row's for one candidate, and
    `fit` that of a fit: there is little chance in training, so the rows' luck stays in repeats. If `heavy`, rows are as
    difficult as Student's t with three degrees of freedom, so that single ones lie far on the wrong side.
    """

    n_rows: int
    scoring: str = "accuracy"
    positives: float = 0.5
    apart: float = 1.2
    n_groups: int = 0
    stuck: float = 0.0
    n_candidates: int = 10
    n_repeats: int = 10
    own: float = 0.2475
    fit: float = 0.05**2
    heavy: bool = False

    @property
    def resampling(self) -> Resampling:
        """How the scores are resampled."""
        counts = self.n_rows * (1 - self.positives), self.n_rows * self.positives
        effective = effective_rows(self.scoring, counts)
        return Resampling.of_folds(
            N_FOLDS, self.n_rows, bounds_of(self.scoring), effective
        )

    def latent(self, rng: np.random.Generator, *shape: int) -> np.ndarray:
        """Draw numbers of variance 1."""
        return (
            rng.standard_t(3, shape) / 3**0.5
            if self.heavy
            else rng.standard_normal(shape)
        )


TABLES = {
    "a constant, 300 rows": Table(300, positives=0.35, stuck=1.0, n_candidates=1),
    "stuck in 9 of 10 fits, 300 rows": Table(300, positives=0.35, stuck=0.9),
    "stuck in every second fit, 300 rows": Table(300, positives=0.35, stuck=0.5),
    "balanced accuracy, 300 rows, 1:1": Table(300, "balanced_accuracy"),
    "balanced accuracy, 300 rows, 9:1": Table(300, "balanced_accuracy", 0.1),
    "balanced accuracy, 99 rows, 9:1": Table(99, "balanced_accuracy", 0.1),
    "ROC AUC, 300 rows, 1:1": Table(300, "roc_auc"),
    "ROC AUC, 300 rows, 9:1": Table(300, "roc_auc", 0.1, 2.4),
    "ROC AUC, 99 rows, 9:1": Table(99, "roc_auc", 0.1, 2.4),
    "96 groups": Table(480, n_groups=96),
    "24 groups": Table(480, n_groups=24),
    "9 groups": Table(180, n_groups=9),
}


def rare(scoring: str, apart: float, heavy: bool = False) -> Table:
    """Return a kind of table with classes of 9:1, without chance in training."""
    return Table(
        0,
        scoring,
        0.1,
        apart,
        n_candidates=5,
        n_repeats=3,
        own=0.45,
        fit=0.0,
        heavy=heavy,
    )


RARE = {
    **{
        f"ROC AUC of {area}": rare("roc_auc", 2**0.5 * ndtri(area))
        for area in (0.925, 0.955, 0.98)
    },
    "ROC AUC, heavy tails": rare("roc_auc", 2.4, heavy=True),
    "balanced accuracy of 0.726": rare("balanced_accuracy", 1.2),
    "balanced accuracy of 0.9": rare("balanced_accuracy", 2 * ndtri(0.9)),
    "balanced accuracy, heavy tails": rare("balanced_accuracy", 2.4, heavy=True),
}


@cache
def truth(table: Table) -> float:
    """Return the score on new rows, mean over fits; a fit that is stuck is right about the first class."""
    if table.heavy:  # there is no formula, and no chance in training
        large, rng = (
            replace(table, n_rows=20_000, n_candidates=1, n_repeats=1),
            np.random.default_rng(71),
        )
        return float(np.mean([draw_table(large, rng)[0].mean() for _ in range(100)]))
    if table.scoring == "roc_auc":
        return float(ndtr(table.apart / 2**0.5))
    return table.stuck * (1 - table.positives) + (1 - table.stuck) * float(
        ndtr(table.apart / 2)
    )


def draw_table(table: Table, rng: np.random.Generator) -> tuple[np.ndarray, Rows]:
    """Return the scores by split, and the predictions as the statistics want them."""
    n, shape = table.n_rows, (table.n_candidates, table.n_repeats, table.n_rows)
    is_rare = np.arange(n) < round(n / 10)
    y = (is_rare if table.positives == 0.1 else rng.random(n) < table.positives).astype(
        int
    )
    groups = np.arange(n) % table.n_groups if table.n_groups else None
    folds = np.stack([_folds(y, groups, rng) for _ in range(table.n_repeats)])
    of_group = (
        table.latent(rng, n)
        if groups is None
        else table.latent(rng, table.n_groups)[groups]
    )
    shared = (
        0.55**0.5 * table.latent(rng, n)
        + max(0, 0.45 - table.own - table.fit) ** 0.5 * of_group
    )
    latent = shared + table.own**0.5 * table.latent(rng, table.n_candidates, 1, n)
    fits = table.fit**0.5 * rng.standard_normal((*shape[:2], N_FOLDS))
    stuck = rng.random((*shape[:2], N_FOLDS)) < table.stuck
    fits, stuck = (
        np.take_along_axis(each, np.broadcast_to(folds, shape), axis=2)
        for each in (fits, stuck)
    )
    side = np.where(y == 1, 1, -1)
    sign = (
        side if table.scoring == "accuracy" else 1
    )  # what is hard is so for either class
    latent = np.where(stuck, -9.0, (latent + fits) * sign + table.apart / 2 * side)
    pooled = pooling(table.scoring)
    assert pooled is not None
    tests = [
        (repeat, np.flatnonzero(folds[repeat] == fold))
        for repeat in range(table.n_repeats)
        for fold in range(3)
    ]
    statistics = []
    for repeat, test in tests:
        chance = ndtr(latent[:, repeat, test] / 3)  # a scale keeps far rows apart
        answers = (
            chance > 0.5
            if pooled.response == "predict"
            else np.stack([1 - chance, chance], axis=2)
        )
        statistics.append(np.stack([pooled.rows(y[test], each) for each in answers]))
    scores = np.stack(
        [pooled.score(each.sum(axis=1, dtype=float)) for each in statistics], axis=1
    )
    return scores, Rows(statistics, [test for _, test in tests], groups, pooled)


def _folds(
    y: np.ndarray, groups: np.ndarray | None, rng: np.random.Generator
) -> np.ndarray:
    """Put rows into folds: whole groups, or so that each fold has the classes' shares."""
    if groups is not None:
        return (rng.permutation(groups.max() + 1) % N_FOLDS)[groups]
    folds = np.empty(len(y), dtype=int)
    for label in (0, 1):
        mine = np.flatnonzero(y == label)
        folds[rng.permutation(mine)] = np.arange(len(mine)) % N_FOLDS
    return folds


def judge_table(name: str, draw: int) -> Said:
    """Draw a table and a search on it: do the intervals of the winner and of a candidate's mean hold the true score?

    `by the splits alone` is the mean's interval by Nadeau and Bengio.
    """
    table = TABLES[name]
    scores, rows = draw_table(
        table, np.random.default_rng((draw, list(TABLES).index(name)))
    )
    corrected = corrected_score(
        scores, table.resampling, seed=draw, rows=rows, n_rounds=2
    )
    assert corrected is not None
    by_unit = rows.units(np.arange(len(scores))).by_unit(N_FOLDS)
    off, (low, high, _) = (
        abs(scores[0].mean() - truth(table)),
        intervals(scores, table.resampling, by_unit=by_unit),
    )
    return {
        "corrected": corrected.low <= truth(table) <= corrected.high,
        "`ci95`": bool(low[0] <= truth(table) <= high[0]),
        "by the splits alone": bool(off <= half_width(scores, table.resampling)[0]),
    }


def judge_rare(name: str, n_rows: int, draw: int) -> Said:
    """Draw a table with classes of 9:1 and a search on it, and judge the intervals as of nearly perfect scores."""
    table = replace(RARE[name], n_rows=n_rows)
    scores, rows = draw_table(
        table, np.random.default_rng((draw, n_rows, list(RARE).index(name)))
    )
    return covered(scores, rows, truth(RARE[name]), table.resampling, draw)
