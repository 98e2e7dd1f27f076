"""Which candidates of a search may be the best, and which one of them is the simplest."""

import numpy as np
import pandas as pd

from stages.lib.scores.best_set import best_set, simplest
from stages.lib.scores.score_table import best_row, split_scores, trained_to_the_end


def may_be_best(table: pd.DataFrame, test_share: float, seed: int, one_row: float = 0.0) -> np.ndarray:
    """Return for each candidate whether it is in the set that holds the best with 95 %.

    Parameters
    ----------
    table : DataFrame
        As `rounded` returns it, or as read from its CSV, for the same answer.
    test_share : float
        Test rows per training row; with NaN, where no test holds, the set has the best candidate alone.
    seed : int
    one_row : float
        As in `corrected_error`.

    Returns
    -------
    array of bool
        After halving, false for candidates that were not trained to the end.
    """
    found = np.zeros(len(table), dtype=bool)
    if np.isnan(test_share):
        found[best_row(table)] = True
        return found
    finalists = trained_to_the_end(table)
    found[finalists] = best_set(split_scores(table)[finalists], test_share, seed, one_row)
    return found


def simplest_row(table: pd.DataFrame, in_set: np.ndarray) -> int:
    """Return the position of the simplest candidate in the set: fewest weights, then fewest epochs, then best score."""
    columns = (table[key].to_numpy(dtype=float) for key in ("n_weights", "n_epochs", "mean_test_score"))
    return simplest(in_set, *columns)
