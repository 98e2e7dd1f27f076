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
    """Compare each candidate of a search with the best one.

    Parameters
    ----------
    candidates : DataFrame
        As metrics/search/NAME/candidates.csv has them, one row each.
    resampling : Resampling
        How the splits resample the rows, as `params.cv.resampling` returns it.
    rope : float
        Below which difference of scores two candidates are as good as each other.

    Returns
    -------
    DataFrame
        The columns of the candidates but for single splits; then `in_best_set`, `p_value_holm`, `worse`, `equal`,
        `better` (the shares of the Bayesian test of its score minus that of the best), and `simplest` (of the set).
        They are missing where nothing is tested, and for candidates that diverged or were not trained to the end.

    Examples
    --------
    >>> search = results.read(files.SUMMARY, "neurons")
    >>> candidates = results.table(files.CANDIDATES, "neurons")
    >>> table = compared_table(candidates, params.cv.resampling(*search.sizes), rope=0.01)
    >>> bool(table["simplest"].sum() == 1)
    True
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
    """Say how much each key of a search made scores differ.

    Parameters
    ----------
    candidates : DataFrame
        As metrics/search/NAME/candidates.csv has them, one row each.
    resampling : Resampling
        How the splits resample the rows, as `params.cv.resampling` returns it.
    seed : int
        Of the forest by which importances are told.

    Returns
    -------
    DataFrame
        One row per key, the most important first: `key`, `importance`, `importance_std`, the `p_value` of its effect.

    Examples
    --------
    >>> search = results.read(files.SUMMARY, "neurons")
    >>> candidates = results.table(files.CANDIDATES, "neurons")
    >>> mattered(candidates, params.cv.resampling(*search.sizes), seed=7)["key"].tolist()
    ['module__n_neurons']
    """
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
