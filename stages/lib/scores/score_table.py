"""Tabulates a search, one row per candidate, with names instead of objects; and what follows from such a table."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from resampled.candidates.best_set import best_set, simplest
from resampled.means.by_unit import ByUnit
from resampled.means.corrected import Corrected, Draws
from resampled.means.differences import errors_of_pairs
from resampled.means.ttest import half_width, p_values
from resampled.resampling import Resampling
from stages.lib.common import format_params, format_value
from stages.lib.results import SCORE, Results, files, split_columns

# The column that lists the stuck fits of a row, as text.
STUCK_SPLITS = "stuck_splits"


def score_table(
    candidates: Sequence[dict[str, Any]],
    scores: Mapping[str, np.ndarray],
    resampling: Resampling,
    *,
    n_weights: np.ndarray,
    n_epochs: np.ndarray,
    stages: np.ndarray | None = None,
    stuck: np.ndarray | None = None,
    ci95: np.ndarray | None = None,
    by_unit: ByUnit | None = None,
) -> pd.DataFrame:
    """Tabulate a search, one row per candidate, in their order.

    The columns are `params`, one for each key, mean and standard deviation (ddof 0) of each scorer, `rank_test_score`
    (1 is best; candidates that left earlier rank lower), `stage` after halving, `n_weights`, `n_epochs`, `n_stuck` and
    `stuck_splits`, `ci95`, `error`, its `degrees` of freedom and `p_value` (of the difference from the best), then
    `split0_test_score`, … A candidate that diverged on a split has NaN there and in its mean, and ranks last. Where
    nothing is tested, `ci95`, `error` and `p_value` are NaN; so is the p-value of a candidate that was not trained to
    the end. The `scores` and `stuck`, by default none, are of shape (n_candidates, n_splits), the rest (n_candidates,);
    `ci95` is by default what the splits alone say, and so are the errors without `by_unit`, which `Table.by_unit`
    returns.
    """
    columns: dict[str, Any] = {
        "params": [format_params(candidate) for candidate in candidates]
    }
    columns |= {
        key: [format_value(each[key]) for each in candidates]
        for key in sorted(candidates[0])
    }
    columns |= mean_columns(scores)
    columns["rank_test_score"] = ranks = ranks_of(columns["mean_test_score"], stages)
    columns |= {} if stages is None else {"stage": stages}
    columns |= {"n_weights": n_weights, "n_epochs": n_epochs}
    splits = scores[SCORE]
    columns |= stuck_columns(
        np.zeros(splits.shape, dtype=bool) if stuck is None else stuck
    )
    best = int(np.argmin(ranks))
    errors = errors_of_pairs(splits, resampling, by_unit)
    error, degrees = errors.error[best], errors.degrees[best]
    p = p_values(splits, best, resampling, error, degrees)
    if stages is not None:
        p[stages < stages.max()] = np.nan
    columns |= {"ci95": half_width(splits, resampling) if ci95 is None else ci95}
    columns |= {"error": error, "degrees": degrees, "p_value": p}
    return pd.DataFrame(columns | score_columns(splits))


def mean_columns(scores: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return the columns of means and standard deviations (ddof 0) of scores of shape (n_rows, n_splits), by scorer."""
    columns: dict[str, Any] = {}
    for name, by_split in scores.items():
        columns |= {
            f"mean_test_{name}": by_split.mean(axis=1),
            f"std_test_{name}": by_split.std(axis=1),
        }
    return columns


def score_columns(scores: np.ndarray, scorer: str = SCORE) -> dict[str, Any]:
    """Return the columns of a scorer's scores of single splits, from scores of shape (n_rows, n_splits)."""
    return {f"split{i}_test_{scorer}": column for i, column in enumerate(scores.T)}


def split_scorers(table: pd.DataFrame) -> list[str]:
    """Return the names of the scorers whose scores of single splits a table has, in their order."""
    first = "split0_test_"
    return [
        str(column).removeprefix(first)
        for column in table
        if str(column).startswith(first)
    ]


def split_scores(table: pd.DataFrame, scorer: str = SCORE) -> np.ndarray:
    """Return a scorer's scores of a table, shape (n_candidates, n_splits)."""
    return table[split_columns(table, scorer)].to_numpy(dtype=float)


def stuck_columns(stuck: np.ndarray) -> dict[str, Any]:
    """Return the columns that count stuck fits and list them, from 0, from `stuck` of shape (n_rows, n_splits)."""
    return {
        "n_stuck": stuck.sum(axis=1),
        STUCK_SPLITS: [" ".join(map(str, np.flatnonzero(each))) for each in stuck],
    }


def stuck_of(table: pd.DataFrame) -> np.ndarray:
    """Return which fits of a table are stuck, shape (n_rows, n_splits); raises `ValueError` for a split too many."""
    n_splits = len(split_columns(table))
    by_row = [{*map(int, text.split())} for text in table[STUCK_SPLITS]]
    if beyond := set().union(*by_row) - {*range(n_splits)}:
        raise ValueError(f"there is no split {min(beyond)}")
    return np.array(
        [[i in stuck for i in range(n_splits)] for stuck in by_row], dtype=bool
    ).reshape(-1, n_splits)


def ranks_of(means: np.ndarray, stages: np.ndarray | None = None) -> np.ndarray:
    """Return the rank of each mean, from 1; those that stayed for more stages come first, and NaN comes last."""
    stayed = np.zeros(len(means)) if stages is None else stages
    keys = np.column_stack([-stayed, np.nan_to_num(-means, nan=np.inf)])
    _, places, counts = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - counts + 1)[places.ravel()]


def best_row(table: pd.DataFrame) -> int:
    """Return the position of the best candidate, the first of rank 1."""
    return int(table["rank_test_score"].to_numpy().argmin())


def grid_keys(table: pd.DataFrame) -> list[str]:
    """Return the keys that the candidates of a table differ in."""
    columns = list(table.columns)
    return columns[1 : columns.index("mean_test_score")]


def trained_to_the_end(table: pd.DataFrame) -> np.ndarray:
    """Return for each candidate whether it was trained to the end, as all are but for halving."""
    if "stage" not in table:
        return np.ones(len(table), dtype=bool)
    return (table["stage"] == table["stage"].max()).to_numpy()


def may_be_best(
    table: pd.DataFrame,
    resampling: Resampling,
    seed: int,
    by_unit: ByUnit | None = None,
) -> np.ndarray:
    """Return who is in the set that holds the best with 95 % (`best_set`), without tests the best alone."""
    in_set = np.zeros(len(table), dtype=bool)
    if not resampling.is_tested:
        in_set[best_row(table)] = True
        return in_set
    finalists = trained_to_the_end(table)
    by_unit = None if by_unit is None else by_unit.take(finalists)
    in_set[finalists] = best_set(
        split_scores(table)[finalists], resampling, seed, by_unit
    )
    return in_set


def simplest_row(table: pd.DataFrame, in_set: np.ndarray) -> int:
    """Return the first position of the simplest of the set: fewest weights, then fewest epochs, then best score."""
    sizes = [table[key].to_numpy() for key in ("n_weights", "n_epochs")]
    return simplest(in_set, sizes, table["mean_test_score"].to_numpy())


# The corrected score, and the ends of its interval.
CORRECTED = (
    "best_score_corrected",
    "best_score_corrected_low",
    "best_score_corrected_high",
)


def summarise(
    table: pd.DataFrame,
    corrected: Corrected | None,
    n_fits: int,
    net_epochs_spared: int | None = None,
) -> dict[str, Any]:
    """Return the flat summary of a search, from its `score_table`; the first candidate of rank 1 is the best.

    `corrected` is None where the statistics do not hold, and `net_epochs_spared` is there after halving.
    """
    row = best_row(table)
    best, stuck = table.iloc[row], stuck_of(table)[row]
    summary: dict[str, Any] = {
        "best_params": best["params"],
        "best_std": float(best["std_test_score"]),
    }
    means = [str(column) for column in table if str(column).startswith("mean_test_")]
    summary |= {
        f"best_{column.removeprefix('mean_test_')}": float(best[column])
        for column in means
    }
    if np.isfinite(best["ci95"]):
        summary["best_ci95"] = float(best["ci95"])
    if corrected is not None:
        finalists = (
            f", among the {trained_to_the_end(table).sum()} trained to the end"
            if "stage" in table
            else ""
        )
        summary |= zip(
            CORRECTED, (corrected.score, corrected.low, corrected.high), strict=True
        )
        summary |= {
            "corrected_noise": corrected.noise,
            "corrected_over": corrected.over + finalists,
        }
    if stuck.any():
        summary["best_n_stuck"] = int(stuck.sum())
        if not stuck.all():
            summary["best_score_not_stuck"] = float(
                split_scores(table)[row][~stuck].mean()
            )
    if net_epochs_spared is not None:
        summary["net_epochs_spared"] = net_epochs_spared
    return summary | {
        "n_candidates": len(table),
        "n_fits": n_fits,
        "n_splits": len(stuck),
    }


def read_corrected(
    results: Results, name: str, search: Mapping[str, Any]
) -> Corrected | None:
    """Return the corrected score of a summary, or None; raises `UserError` if the file of draws is broken."""
    if CORRECTED[0] not in search:
        return None
    table = results.table(files.DRAWS, name)
    score, low, high = (float(search[key]) for key in CORRECTED)
    over = str(search.get("corrected_over")).partition(",")[
        0
    ]  # behind the comma is what halving has left
    draws = Draws(table["selecting"].to_numpy(), table["left_out"].to_numpy())
    return Corrected(
        score, low, high, over, search.get("corrected_noise", np.nan), draws
    )
