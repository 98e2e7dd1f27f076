"""Compares the candidates of a search with the best of them, and says how much each key of its grid mattered."""

import numpy as np
import pandas as pd

from gridstage.common import significant
from gridstage.results import split_columns
from gridstage.scores.score_table import (
    STUCK_SPLITS,
    best_row,
    grid_keys,
    simplest_row,
    split_scores,
    trained_to_the_end,
)
from resampled.candidates.effects import effect_p_values
from resampled.candidates.importance import importance
from resampled.means.equivalence import equivalence, holm
from resampled.resampling import Resampling

# The columns of a search that say nothing beside its best candidate.
_NOT_COMPARED = (STUCK_SPLITS, "error", "degrees", "in_best_set")


def compared_table(
    candidates: pd.DataFrame, resampling: Resampling, rope: float
) -> pd.DataFrame:
    """Compare each candidate of a `score_table` with the best one.

    The columns are those of `candidates` but for single splits; then `in_best_set`, `p_value_holm`, `worse`, `equal`,
    `better` (as in `equivalence`, of its score minus that of the best), and `simplest` (of the set). They are missing
    where nothing is tested, and for candidates that diverged or were not trained to the end.
    """
    scores, best = split_scores(candidates), best_row(candidates)
    is_best = np.arange(len(candidates)) == best
    # Only the records of the search tell rows apart, so the set and the errors are those that it has written.
    in_set = candidates["in_best_set"].to_numpy(dtype=bool)
    errors = candidates["error"].to_numpy(dtype=float)
    degrees = candidates["degrees"].to_numpy(dtype=float)
    splits = split_columns(candidates)
    table = candidates.drop(columns=[*splits, *_NOT_COMPARED])
    table["in_best_set"] = pd.array(in_set, dtype="boolean")
    if not resampling.is_tested:
        table["in_best_set"] = pd.NA

    p = candidates["p_value"].to_numpy(dtype=float)
    corrected = holm(np.where(is_best, np.nan, p))
    table["p_value_holm"] = np.where(is_best, p, corrected)

    differences = scores - scores[best]
    differences[~trained_to_the_end(candidates)] = np.nan
    shares = equivalence(differences, resampling, rope, errors, degrees)
    table = table.assign(**shares._asdict(), simplest=False)
    table.loc[simplest_row(candidates, in_set), "simplest"] = True
    return table


def mattered(
    candidates: pd.DataFrame, resampling: Resampling, seed: int
) -> pd.DataFrame:
    """Return the `importance` of each key of a search, from its `score_table`, with the `p_value` of its effect."""
    settings = {key: candidates[key].to_numpy() for key in grid_keys(candidates)}
    stages = candidates["stage"].to_numpy() if "stage" in candidates else None
    # Equal means may differ in their last bits, by the order of their scores; a forest would split between them.
    scores = candidates["mean_test_score"].map(significant).to_numpy(dtype=float)
    mean, std = importance(settings, scores, seed)
    p = effect_p_values(settings, split_scores(candidates), resampling, seed, stages)
    columns = {"key": [*settings], "importance": mean, "importance_std": std}
    table = pd.DataFrame(columns | {"p_value": p})
    ranked = table.sort_values("importance", ascending=False, kind="stable")
    return ranked.reset_index(drop=True)
