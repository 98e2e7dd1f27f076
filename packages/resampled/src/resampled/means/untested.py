"""Pairs of which scores by split tell nothing: the splits do not show how far other tables would move them."""

import math

import numpy as np

from resampled.means.ttest import TINY
from resampled.resampling import Resampling

# With fewer rows of the rarer class in a split, the scores of a ranking alone told up to 0.09 of equal pairs apart.
FEWEST_POSITIVES = 10
# If a split's number of right answers had at least this variance by chance, scores would differ by more than a row.
_VARIANCE = 4.0
# Scorers of the order in which a learner puts the rows.
_RANKINGS = ("roc_auc", "average_precision")


def few_positives(scorer: str, counts: list[int], test_share: float) -> str:
    """Return why the scores of a ranking alone are not tested, by the rows of each class; "" if they are."""
    of_split = min(counts, default=math.inf) * test_share / (1 + test_share)
    if not scorer.startswith(_RANKINGS) or not of_split < FEWEST_POSITIVES:
        return ""
    return (
        f"the rarest class has {of_split:.3g} rows in a split, and {scorer} by scores alone needs {FEWEST_POSITIVES}, "
        "so let rows count"
    )


def untested(scores: np.ndarray, resampling: Resampling) -> np.ndarray:
    """Return of which pairs scores alone test nothing, shape (n_candidates, n_candidates).

    These are all if `Resampling.untested` has a reason, and otherwise two learners that score the same on every split,
    to within a row where chance alone would let the scores differ by several. So constants do on stratified folds, and
    which of them is right more often on other tables, no split tells.
    """
    others = ~np.eye(len(scores), dtype=bool)
    if resampling.untested:
        return others
    width = resampling.width
    spread = np.ptp(scores, axis=1)
    largest = np.abs(scores).max(axis=1)
    constant = spread <= TINY * largest
    if resampling.is_counted and math.isfinite(width) and resampling.one_row > 0:
        place = (scores.mean(axis=1) - resampling.bounds[0]) / width
        # Folds differ in size by a row, and one of a smaller fold counts more.
        row = 1 / max(1, math.floor(resampling.n_tested + 1e-9))
        is_a_row = spread <= row * width * (1 + 1e-9)
        constant |= is_a_row & (place * (1 - place) >= _VARIANCE * row)
    return constant[:, None] & constant & others
