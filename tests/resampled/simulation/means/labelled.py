"""Draws searches on tables with rare classes or with groups, and nets that are stuck; their true scores are known."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from resampled.means.corrected import corrected_score
from resampled.means.intervals import intervals
from resampled.means.pooling import pooling
from resampled.means.rows import Rows
from resampled.means.ttest import half_width
from resampled.resampling import Resampling
from resampled.scorers import bounds_of, effective_rows
from tests.resampled.simulation import drawing

N_FOLDS = 3
# Shares of the variance behind a prediction. There is little chance in training, so the rows' luck stays in repeats.
GROUP, HARD, HARD_FOR_ONE, FIT = 0.2, 0.55, 0.2475, 0.05**2


@dataclass(frozen=True)
class Table:
    """A kind of table, and the candidates of a search on it.

    Attributes
    ----------
    n_rows : int
    positives : float
        The chance of a row to be of the second class; rows of 9:1 are exactly so.
    apart : float
        By how many standard deviations the classes' predictions lie apart.
    n_groups : int
        0 for rows that do not belong together. Otherwise, a fifth of the variance is a group's.
    stuck : float
        The share of fits that predict the first class for every row.
    n_candidates : int
        All of them are equally good.
    """

    n_rows: int
    scoring: str = "accuracy"
    positives: float = 0.5
    apart: float = 1.2
    n_groups: int = 0
    stuck: float = 0.0
    n_candidates: int = 10
    n_repeats: int = 10

    @property
    def truth(self) -> float:
        """The score on new rows, mean over fits; a fit that is stuck is right about the first class."""
        if self.scoring == "roc_auc":
            return float(ndtr(self.apart / 2**0.5))
        learned = float(ndtr(self.apart / 2))
        return self.stuck * (1 - self.positives) + (1 - self.stuck) * learned


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
COVERED = {
    "corrected": "{corrected[0]:.3f} ± {corrected[1]:.3f}",
    "`ci95`": "{mean[0]:.3f} ± {mean[1]:.3f}",
    "by the splits alone": "{by_splits[0]:.3f} ± {by_splits[1]:.3f}",
}


@dataclass(frozen=True)
class Covered:
    """Whether the intervals of the winner's corrected score and of one candidate's mean hold the true score.

    `by_splits` is the mean's interval by Nadeau and Bengio alone.
    """

    corrected: bool
    error: float
    mean: bool
    by_splits: bool


def judge_table(name: str, draw: int) -> Covered:
    """Draw a table and a search on it, and judge the intervals."""
    table = TABLES[name]
    rng = np.random.default_rng((draw, list(TABLES).index(name)))
    scores, rows = draw_table(table, rng)
    counts = table.n_rows * (1 - table.positives), table.n_rows * table.positives
    effective = effective_rows(table.scoring, counts)
    resampling = Resampling.of_folds(N_FOLDS, table.n_rows, bounds_of(table.scoring), effective)
    corrected = corrected_score(scores, resampling, seed=draw, rows=rows, n_rounds=2)
    assert corrected is not None
    off = abs(scores[0].mean() - table.truth)
    return Covered(
        corrected=corrected.low <= table.truth <= corrected.high,
        error=corrected.score - table.truth,
        mean=bool(off <= intervals(scores, resampling, seed=draw, rows=rows).half[0]),
        by_splits=bool(off <= half_width(scores, resampling)[0]),
    )


def draw_table(table: Table, rng: np.random.Generator) -> tuple[np.ndarray, Rows]:
    """Return the scores by split, and the predictions as the statistics want them."""
    n, shape = table.n_rows, (table.n_candidates, table.n_repeats, table.n_rows)
    if table.positives == 0.1:
        y = (np.arange(n) < round(n / 10)).astype(int)
    else:
        y = (rng.random(n) < table.positives).astype(int)
    groups = np.arange(n) % table.n_groups if table.n_groups else None
    folds = np.stack([_folds(y, groups, rng) for _ in range(table.n_repeats)])
    hard = HARD**0.5 * rng.standard_normal(n)
    of_group = GROUP**0.5 * (rng.standard_normal(n) if groups is None else rng.standard_normal(table.n_groups)[groups])
    latent = hard + of_group + HARD_FOR_ONE**0.5 * rng.standard_normal((table.n_candidates, 1, n))
    rest = max(0.0, 1 - GROUP - HARD - HARD_FOR_ONE - FIT)
    fits = FIT**0.5 * rng.standard_normal((*shape[:2], N_FOLDS))
    side = np.where(y == 1, 1, -1)
    if table.scoring == "accuracy":  # what is hard is so for either class
        latent, fits_sign = latent * side, side
    else:
        fits_sign = np.ones(n)
    latent = latent + rest**0.5 * rng.standard_normal(shape) + table.apart / 2 * side
    latent += np.take_along_axis(fits, np.broadcast_to(folds, shape), axis=2) * fits_sign
    stuck = rng.random((*shape[:2], N_FOLDS)) < table.stuck
    latent = np.where(np.take_along_axis(stuck, np.broadcast_to(folds, shape), axis=2), -9.0, latent)
    pooled = pooling(table.scoring)
    assert pooled is not None
    tests = [(repeat, np.flatnonzero(folds[repeat] == fold)) for repeat in range(table.n_repeats) for fold in range(3)]
    statistics = []
    for repeat, test in tests:
        chance = ndtr(latent[:, repeat, test])
        answers = chance > 0.5 if pooled.response == "predict" else np.stack([1 - chance, chance], axis=2)
        statistics.append(np.stack([pooled.rows(y[test], each) for each in answers]))
    scores = np.stack([pooled.score(each.sum(axis=1, dtype=float)) for each in statistics], axis=1)
    return scores, Rows(statistics, [test for _, test in tests], groups, pooled)


def _folds(y: np.ndarray, groups: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    """Put rows into folds: whole groups, or so that each fold has the classes' shares."""
    if groups is not None:
        n_groups = groups.max() + 1
        return (rng.permutation(n_groups) % N_FOLDS)[groups]
    folds = np.empty(len(y), dtype=int)
    for label in (0, 1):
        mine = np.flatnonzero(y == label)
        folds[rng.permutation(mine)] = np.arange(len(mine)) % N_FOLDS
    return folds


def rows(draws: drawing.Drawing) -> drawing.Rows:
    """Return what the intervals cover, by table."""
    found = {name: draws.means(judge_table, name, part=2) for name in TABLES}
    return [{"table": name} | drawing.written(COVERED, each) for name, each in found.items()]
