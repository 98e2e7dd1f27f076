"""Draws searches whose candidates hardly ever err, and judges intervals: nothing varies where nothing is wrong."""

from dataclasses import replace

import numpy as np

from packages.resampled.tests.simulation.drawing import Said
from packages.resampled.tests.simulation.searches import (
    CALM,
    HARD_FOR_ONE,
    draw_predictions,
)
from resampled.means.corrected import corrected_score
from resampled.means.intervals import intervals
from resampled.means.rows import Rows
from resampled.resampling import Resampling

N_CANDIDATES = 5
# Repeats, the noise of fits, and the variance that is a row's for one candidate. Without chance in training, a row that
# a candidate gets wrong is wrong in all repeats, and three of them say as much as ten.
TRAININGS = {"no chance in training": (3, 0.0, 0.45), "calm": (10, CALM, HARD_FOR_ONE)}


def judge_perfect(training: str, n_rows: int, accuracy: float, draw: int) -> Said:
    """Draw a search of equally good candidates, and judge the intervals."""
    n_repeats, noise, own = TRAININGS[training]
    rng = np.random.default_rng((draw, n_rows, round(1e4 * accuracy), n_repeats))
    search = draw_predictions(
        np.full(N_CANDIDATES, accuracy), noise, rng, n_repeats, n_rows, own
    )
    return covered(
        search.scores,
        search.rows,
        accuracy,
        Resampling.of_folds(3, n_rows, (0, 1)),
        draw,
    )


def covered(
    scores: np.ndarray, rows: Rows, truth: float, resampling: Resampling, seed: int
) -> Said:
    """Say which intervals hold the true score: of a mean, with rows and by scores alone, and of the corrected score.

    Before, no interval reached at least as far as no error among so many rows allows, as if their number were not
    known. One without a width is none, and holds nothing.
    """
    holds: Said = {}
    unknown = replace(resampling, n_rows=np.inf, n_effective=None)
    by_unit = rows.units(np.arange(len(scores))).by_unit(resampling.n_folds)
    for when, given in ((" before", unknown), ("", resampling)):
        for name, known in (("`ci95`", by_unit), ("scores alone", None)):
            low, high, _ = intervals(scores, given, by_unit=known)
            holds[f"{name}{when}"] = bool(low[0] <= truth <= high[0])
        corrected = corrected_score(scores, given, seed=seed, rows=rows, n_rounds=2)
        assert corrected is not None
        holds[f"corrected{when}"] = corrected.low <= truth <= corrected.high
    return holds
