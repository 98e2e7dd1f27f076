"""Which candidates of a `score_table` may be the best, and the simplest of these."""

import numpy as np
import pandas as pd

from resampled.candidates.best_set import best_set, simplest
from resampled.resampling import Resampling
from stages.lib.scores.score_table import best_row, split_scores, trained_to_the_end


def may_be_best(table: pd.DataFrame, resampling: Resampling, seed: int) -> np.ndarray:
    """Return for each candidate whether it is in the set that holds the best with 95 %; see `best_set`.

    The table is as `rounded` returns it, or as read from its CSV, for the same answer. Where nothing is tested, the set
    has the best candidate alone. After halving, only those that were trained to the end are in it.
    """
    in_set = np.zeros(len(table), dtype=bool)
    if not resampling.is_tested:
        in_set[best_row(table)] = True
        return in_set
    finalists = trained_to_the_end(table)
    in_set[finalists] = best_set(split_scores(table)[finalists], resampling, seed)
    return in_set


def simplest_row(table: pd.DataFrame, in_set: np.ndarray) -> int:
    """Return the first position of the simplest of the set: fewest weights, then fewest epochs, then best score."""
    sizes = [table[key].to_numpy() for key in ("n_weights", "n_epochs")]
    return simplest(in_set, sizes, table["mean_test_score"].to_numpy())
