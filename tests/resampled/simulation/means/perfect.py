"""Draws searches whose candidates hardly ever err, and judges intervals: nothing varies where nothing is wrong."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from resampled.means.corrected import corrected_score
from resampled.means.intervals import intervals
from resampled.resampling import Resampling
from resampled.scorers import bounds_of
from tests.resampled.simulation.drawing import Drawing, written
from tests.resampled.simulation.drawing import Rows as TableRows
from tests.resampled.simulation.searches import CALM, HARD_FOR_ONE, draw_predictions

N_CANDIDATES = 5
# Repeats, the noise of fits, and the variance that is a row's for one candidate. Without chance in training, a row that
# a candidate gets wrong is wrong in all repeats, and three of them say as much as ten.
TRAININGS = {"no chance in training": (3, 0.0, 0.45), "calm": (10, CALM, HARD_FOR_ONE)}
ACCURACIES, SIZES = (0.99, 0.995, 0.998, 0.9995), (300, 768)
COVERED = {
    "`ci95` before": "{mean_before[0]:.3f} ± {mean_before[1]:.3f}",
    "`ci95`": "{mean[0]:.3f} ± {mean[1]:.3f}",
    "scores alone, before": "{alone_before[0]:.3f} ± {alone_before[1]:.3f}",
    "scores alone": "{alone[0]:.3f} ± {alone[1]:.3f}",
    "corrected before": "{corrected_before[0]:.3f} ± {corrected_before[1]:.3f}",
    "corrected": "{corrected[0]:.3f} ± {corrected[1]:.3f}",
}


@dataclass(frozen=True)
class Covered:
    """Whether intervals hold the true score: of a mean, with rows and by scores alone, and of the corrected score.

    Before, no interval reached at least as far as no error among so many rows allows.
    """

    mean_before: bool
    mean: bool
    alone_before: bool
    alone: bool
    corrected_before: bool
    corrected: bool


def judge_perfect(accuracy: float, n_rows: int, training: str, draw: int) -> Covered:
    """Draw a search of equally good candidates, and judge the intervals."""
    n_repeats, noise, own = TRAININGS[training]
    rng = np.random.default_rng((draw, n_rows, round(1e4 * accuracy), n_repeats))
    search = draw_predictions(np.full(N_CANDIDATES, accuracy), noise, rng, n_repeats, n_rows, own)
    return Covered(**covered(search.scores, search.rows, accuracy, of("accuracy", n_rows), draw))


def of(scoring: str, n_rows: int, n_effective: float | None = None) -> Resampling:
    """Return how scores of three folds are resampled."""
    return Resampling.of_folds(3, n_rows, bounds_of(scoring), n_effective)


def covered(scores: np.ndarray, rows: Any, truth: float, resampling: Resampling, seed: int) -> dict[str, bool]:
    """Return which of the intervals of `Covered` hold the true score.

    Without a number of rows, intervals are as they were before. One without a width is none, and holds nothing.
    """
    holds = {}
    for name, given in (("", resampling), ("_before", replace(resampling, n_rows=np.inf, n_effective=None))):
        off = abs(scores[0].mean() - truth)
        holds["mean" + name] = bool(off <= intervals(scores, given, seed=seed, rows=rows).half[0])
        holds["alone" + name] = bool(off <= intervals(scores, given, seed=seed).half[0])
        corrected = corrected_score(scores, given, seed=seed, rows=rows, n_rounds=2)
        assert corrected is not None
        holds["corrected" + name] = corrected.low <= truth <= corrected.high
    return holds


def rows(drawing: Drawing) -> TableRows:
    """Return what the intervals cover, by training, rows and accuracy."""
    return [
        {"training": training, "rows": n_rows, "accuracy": accuracy}
        | written(COVERED, drawing.means(judge_perfect, accuracy, n_rows, training, part=2))
        for training in TRAININGS
        for n_rows in SIZES
        for accuracy in ACCURACIES
    ]
