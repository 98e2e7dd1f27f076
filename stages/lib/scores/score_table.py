"""Tabulates a search, one row per candidate, with names instead of objects."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from stages.lib.common import UserError, format_params, format_value
from stages.lib.scores.statistics import half_width, p_values
from stages.lib.scores.stuck import listed, splits_listed

# The column that lists the stuck fits of a row, as text.
STUCK_SPLITS = "stuck_splits"


def score_table(
    candidates: Sequence[dict[str, Any]],
    scores: Mapping[str, np.ndarray],
    test_share: float,
    *,
    n_weights: np.ndarray,
    n_epochs: np.ndarray,
    stages: np.ndarray | None = None,
    stuck: np.ndarray | None = None,
    ci95: np.ndarray | None = None,
    one_row: float = 0.0,
) -> pd.DataFrame:
    """Tabulate a search, one row per candidate, in their order.

    Parameters
    ----------
    candidates : sequence of dict
        Settings by key, as in params.yaml.
    scores : mapping of str to array of shape (n_candidates, n_splits)
        Those of the scorer that selects, under `score`, and of others by name.
    test_share : float
        Test rows per training row, for the statistics; NaN where they do not hold.
    n_weights, n_epochs : array of shape (n_candidates,)
    stages : array of shape (n_candidates,), optional
        After halving, the stage after which each candidate left, or the last.
    stuck : array of bool, shape (n_candidates, n_splits), optional
        The fits that are stuck; by default none.
    ci95 : array of shape (n_candidates,), optional
        As `half_widths` returns it; by default what the splits alone say.
    one_row : float
        As in `corrected_error`.

    Returns
    -------
    DataFrame
        `params`, one column per key, `mean_test_score`, `std_test_score` (over the splits, ddof 0), the same two for
        each further scorer, `rank_test_score` (1 is best; candidates that left earlier rank lower), `stage` after
        halving, `n_weights`, `n_epochs`, `n_stuck` and `stuck_splits` (how many of its fits are stuck, and which, from
        0), `ci95` (half the width of the mean's 95 % interval), `p_value` (against the best), then `split0_test_score`,
        … A candidate that diverged on a split has NaN there and in its mean, and ranks last. Where the statistics do
        not hold, `ci95` and `p_value` are NaN; so is the p-value of a candidate that was not trained to the end.
    """
    columns: dict[str, Any] = {"params": [format_params(candidate) for candidate in candidates]}
    columns |= {key: [format_value(each[key]) for each in candidates] for key in sorted(candidates[0])}
    for name, found in scores.items():
        # As scikit-learn computes them.
        means = np.average(found, axis=1)
        spread = np.sqrt(np.average((found - means[:, np.newaxis]) ** 2, axis=1))
        columns |= {f"mean_test_{name}": means, f"std_test_{name}": spread}
    columns["rank_test_score"] = ranks = _ranks(columns["mean_test_score"], stages)
    columns |= {} if stages is None else {"stage": stages}
    columns |= {"n_weights": n_weights, "n_epochs": n_epochs}
    splits = scores["score"]
    columns |= stuck_columns(np.zeros(splits.shape, dtype=bool) if stuck is None else stuck)
    p = p_values(splits, int(np.argmin(ranks)), test_share, one_row)
    if stages is not None:
        p[stages < stages.max()] = np.nan
    columns |= {"ci95": half_width(splits, test_share, one_row) if ci95 is None else ci95, "p_value": p}
    return pd.DataFrame(columns | {f"split{i}_test_score": column for i, column in enumerate(splits.T)})


def stuck_columns(stuck: np.ndarray) -> dict[str, Any]:
    """Return the columns that count and list stuck fits, `stuck` of shape (n_rows, n_splits)."""
    return {"n_stuck": stuck.sum(axis=1), STUCK_SPLITS: [listed(each) for each in stuck]}


def stuck_of(table: pd.DataFrame) -> np.ndarray:
    """Return which fits of a table are stuck, shape (n_rows, n_splits)."""
    n_splits = len(split_columns(table))
    return np.array([splits_listed(text, n_splits) for text in table[STUCK_SPLITS]], dtype=bool).reshape(-1, n_splits)


def _ranks(means: np.ndarray, stages: np.ndarray | None) -> np.ndarray:
    """Return each candidate's rank; those that stayed longer come first, and those that diverged last."""
    lowest = np.nan_to_num(-means, nan=np.inf)
    if stages is None:
        return rankdata(lowest, method="min").astype(int)
    ranks = np.zeros(len(means), dtype=int)
    for stage in np.unique(stages):
        own = stages == stage
        ranks[own] = (stages > stage).sum() + rankdata(lowest[own], method="min")
    return ranks


def best_row(table: pd.DataFrame) -> int:
    """Return the position of the best candidate, the first of rank 1."""
    return int(table["rank_test_score"].to_numpy().argmin())


def grid_keys(table: pd.DataFrame) -> list[str]:
    """Return the keys that the candidates of a table differ in."""
    columns = list(table.columns)
    return columns[1 : columns.index("mean_test_score")]


def split_columns(table: pd.DataFrame) -> list[str]:
    """Return the columns of a table with the scores of single splits, in their order."""
    columns = map(str, table)
    return [column for column in columns if column.startswith("split") and column.endswith("_test_score")]


def split_scores(table: pd.DataFrame) -> np.ndarray:
    """Return the scores of a table, shape (n_candidates, n_splits)."""
    return table[split_columns(table)].to_numpy(dtype=float)


def trained_to_the_end(table: pd.DataFrame) -> np.ndarray:
    """Return for each candidate whether it was trained to the end, as all are but for halving."""
    if "stage" not in table:
        return np.ones(len(table), dtype=bool)
    return (table["stage"] == table["stage"].max()).to_numpy()


def check_any_score(scores: np.ndarray, advice: str) -> None:
    """Raise `UserError`, with advice, if every candidate diverged on some split.

    Parameters
    ----------
    scores : array of shape (n_candidates, n_splits)
    advice : str
        A sentence.
    """
    finite = np.isfinite(scores)
    if not finite.all(axis=1).any():
        how_many = "on some splits" if finite.any() else "on every split, so no fit ended with finite weights"
        raise UserError(f"Every candidate of the grid diverged {how_many}. {advice}")
