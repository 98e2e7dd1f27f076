"""Draws searches on tables whose classes are 9:1, and judges the intervals: few rows decide what a score is."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import ndtr, ndtri
from sklearn.model_selection import RepeatedStratifiedKFold

from resampled.means.pooling import pooling
from resampled.means.rows import Rows
from resampled.scorers import effective_rows
from tests.resampled.simulation.drawing import Drawing, written
from tests.resampled.simulation.drawing import Rows as TableRows
from tests.resampled.simulation.means.perfect import COVERED, Covered, covered, of

N_CANDIDATES, N_FOLDS, N_REPEATS = 5, 3, 3
# The variance that is a row's for all candidates; the rest is one's for a candidate. There is no chance in training.
HARD = 0.55
SIZES = (99, 300, 600)
# Of Student's t with three degrees of freedom, single rows lie far on the wrong side.
NORMAL, HEAVY = "normal", "heavy tails"


@dataclass(frozen=True)
class Kind:
    """A scorer, how difficult rows are, and by how many standard deviations the classes' predictions lie apart."""

    scoring: str
    difficulty: str
    apart: float

    def latent(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Draw numbers of variance 1."""
        return rng.standard_normal(shape) if self.difficulty == NORMAL else rng.standard_t(3, shape) / 3**0.5


KINDS = {
    "ROC AUC of 0.925": Kind("roc_auc", NORMAL, 2**0.5 * ndtri(0.925)),
    "ROC AUC of 0.955": Kind("roc_auc", NORMAL, 2**0.5 * ndtri(0.955)),
    "ROC AUC of 0.98": Kind("roc_auc", NORMAL, 2**0.5 * ndtri(0.98)),
    "ROC AUC, heavy tails": Kind("roc_auc", HEAVY, 2.4),
    "balanced accuracy of 0.726": Kind("balanced_accuracy", NORMAL, 1.2),
    "balanced accuracy of 0.9": Kind("balanced_accuracy", NORMAL, 2 * ndtri(0.9)),
    "balanced accuracy, heavy tails": Kind("balanced_accuracy", HEAVY, 2.4),
}


def draw_rare(kind: Kind, n: int, n_candidates: int, rng: np.random.Generator) -> tuple[np.ndarray, Rows]:
    """Return the scores by split, and the predictions as the statistics want them."""
    y = (np.arange(n) < round(n / 10)).astype(int)
    latent = HARD**0.5 * kind.latent((n,), rng) + (1 - HARD) ** 0.5 * kind.latent((n_candidates, n), rng)
    chance = ndtr((latent + kind.apart / 2 * np.where(y == 1, 1, -1)) / 3)  # a scale keeps far rows apart
    pooled = pooling(kind.scoring)
    assert pooled is not None
    splitter = RepeatedStratifiedKFold(n_splits=N_FOLDS, n_repeats=N_REPEATS, random_state=int(rng.integers(2**31)))
    tests = [test for _, test in splitter.split(y, y)]
    statistics = []
    for test in tests:
        each = chance[:, test]
        answers = each > 0.5 if pooled.response == "predict" else np.stack([1 - each, each], axis=2)
        statistics.append(np.stack([pooled.rows(y[test], answer) for answer in answers]))
    scores = np.stack([pooled.score(each.sum(axis=1, dtype=float)) for each in statistics], axis=1)
    return scores, Rows(statistics, tests, None, pooled)


@cache
def truth(name: str, n_rows: int = 20_000, n_draws: int = 100) -> float:
    """Return the true score, the mean over large tables; all rows are drawn alike, whatever the classes' shares."""
    rng = np.random.default_rng(71)
    return float(np.mean([draw_rare(KINDS[name], n_rows, 1, rng)[0].mean() for _ in range(n_draws)]))


def judge_rare(name: str, n_rows: int, true: float, draw: int) -> Covered:
    """Draw a search of equally good candidates, and judge the intervals."""
    kind = KINDS[name]
    rng = np.random.default_rng((draw, n_rows, list(KINDS).index(name)))
    scores, rows = draw_rare(kind, n_rows, N_CANDIDATES, rng)
    rare = round(n_rows / 10)
    resampling = of(kind.scoring, n_rows, effective_rows(kind.scoring, [n_rows - rare, rare]))
    return Covered(**covered(scores, rows, true, resampling, draw))


def rows(drawing: Drawing) -> TableRows:
    """Return what the intervals cover, by scorer and rows."""
    return [
        {"scorer": name, "rows": n_rows}
        | written(COVERED, drawing.means(judge_rare, name, n_rows, truth(name), part=2))
        for name in KINDS
        for n_rows in SIZES
    ]
