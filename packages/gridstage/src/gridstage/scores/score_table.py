"""Tabulates a search, one row per candidate, with names instead of objects; and what follows from such a table."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gridstage.common import format_params, format_value
from gridstage.results import SCORE, Results, files, split_columns
from gridstage.results.record import Counted
from gridstage.results.search import RankedSearch, SearchSummary
from resampled.candidates.best_set import best_set, simplest
from resampled.means.by_unit import ByUnit
from resampled.means.corrected import Corrected, Draws
from resampled.means.differences import errors_of_pairs
from resampled.means.ttest import p_values
from resampled.resampling import Resampling

# The column that lists the stuck fits of a row, as text.
STUCK_SPLITS = "stuck_splits"


def score_table(
    candidates: Sequence[dict[str, Any]],
    scores: Mapping[str, np.ndarray],
    resampling: Resampling,
    *,
    n_weights: np.ndarray,
    n_epochs: np.ndarray,
    stages: np.ndarray | None,
    stuck: np.ndarray,
    ci95: np.ndarray,
    by_unit: ByUnit | None,
) -> pd.DataFrame:
    """Tabulate a search, one row per candidate, in their order.

    The columns are `params`, one for each key, mean and standard deviation (ddof 0) of each scorer, `rank_test_score`
    (1 is best; candidates that left earlier rank lower), `stage` after halving, `n_weights`, `n_epochs`, `n_stuck` and
    `stuck_splits`, `ci95`, `error`, its `degrees` of freedom and `p_value` (of the difference from the best), then
    `split0_test_score`, … A candidate that diverged on a split has NaN there and in its mean, and ranks last. Where
    nothing is tested, `ci95`, `error` and `p_value` are NaN; so is the p-value of a candidate that was not trained to
    the end. The `scores` and `stuck` are of shape (n_candidates, n_splits), the rest (n_candidates,). Without
    `by_unit`, which `Folds.by_unit` returns, the errors are what the splits alone say.
    """
    splits = scores[SCORE]
    columns: dict[str, Any] = {"params": list(map(format_params, candidates))}
    for key in sorted(candidates[0]):
        columns[key] = [format_value(each[key]) for each in candidates]
    for scorer, by_split in scores.items():
        columns |= mean_columns(scorer, by_split)
    ranks = ranks_of(columns["mean_test_score"], stages)
    columns["rank_test_score"] = ranks
    if stages is not None:
        columns["stage"] = stages
    columns |= {"n_weights": n_weights, "n_epochs": n_epochs} | stuck_columns(stuck)
    best = int(np.argmin(ranks))
    errors = errors_of_pairs(splits, resampling, by_unit)
    error, degrees = errors.error[best], errors.degrees[best]
    p = p_values(splits, best, resampling, error, degrees)
    if stages is not None:
        p[stages < stages.max()] = np.nan
    columns |= {"ci95": ci95, "error": error, "degrees": degrees, "p_value": p}
    return pd.DataFrame(columns | score_columns(splits))


def mean_columns(scorer: str, scores: np.ndarray) -> dict[str, Any]:
    """Return the columns of means and standard deviations (ddof 0) of a scorer's scores (n_rows, n_splits)."""
    means, spreads = scores.mean(axis=1), scores.std(axis=1)
    return {f"mean_test_{scorer}": means, f"std_test_{scorer}": spreads}


def score_columns(scores: np.ndarray, scorer: str = SCORE) -> dict[str, Any]:
    """Return the columns of a scorer's scores of single splits, from scores of shape (n_rows, n_splits)."""
    return {f"split{i}_test_{scorer}": column for i, column in enumerate(scores.T)}


def split_scorers(table: pd.DataFrame) -> list[str]:
    """Return the names of the scorers whose scores of single splits a table has, in their order."""
    return _behind("split0_test_", table)


def _behind(prefix: str, table: pd.DataFrame) -> list[str]:
    """Return what is behind a prefix in the names of columns that have it."""
    names = [name for name in map(str, table) if name.startswith(prefix)]
    return [name.removeprefix(prefix) for name in names]


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
    stuck = np.zeros((len(table), len(split_columns(table))), dtype=bool)
    for row, text in zip(stuck, table[STUCK_SPLITS], strict=True):
        splits = [*map(int, text.split())]
        if max(splits, default=0) >= len(row):
            raise ValueError(f"there is no split {max(splits)}")
        row[splits] = True
    return stuck


def ranks_of(means: np.ndarray, stages: np.ndarray | None = None) -> np.ndarray:
    """Return the rank of each mean, from 1; those that stayed for more stages come first, and NaN comes last."""
    ranks = pd.Series(means).rank(method="min", ascending=False, na_option="bottom")
    if stages is not None:
        ranks = (ranks - len(means) * stages).rank(method="min")
    return ranks.to_numpy(dtype=int)


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
    by_unit: ByUnit | None,
) -> np.ndarray:
    """Return who is in the set that holds the best with 95 % (`best_set`), without tests the best alone."""
    in_set = np.zeros(len(table), dtype=bool)
    if not resampling.is_tested:
        in_set[best_row(table)] = True
        return in_set
    finalists = trained_to_the_end(table)
    by_unit = by_unit and by_unit.take(finalists)
    scores = split_scores(table)[finalists]
    in_set[finalists] = best_set(scores, resampling, seed, by_unit)
    return in_set


def simplest_row(table: pd.DataFrame, in_set: np.ndarray) -> int:
    """Return the first position of the simplest of the set: fewest weights, then fewest epochs, then best score."""
    sizes = [table[key].to_numpy() for key in ("n_weights", "n_epochs")]
    return simplest(in_set, sizes, table["mean_test_score"].to_numpy())


def corrected_fields(corrected: Corrected | None) -> dict[str, float]:
    """Return the fields of a `BestScore` that say what it is worth; none where the statistics do not hold."""
    if corrected is None:
        return {}
    return {
        "best_score_corrected": corrected.score,
        "best_score_corrected_low": corrected.low,
        "best_score_corrected_high": corrected.high,
    }


def summary_of(
    table: pd.DataFrame, corrected: Corrected | None, counted: Counted, **known: Any
) -> SearchSummary:
    """Return the summary of a search, from its `score_table`; the first candidate of rank 1 is the best.

    `corrected` is None where the statistics do not hold, and `known` are fields that do not follow from the table.
    """
    row = best_row(table)
    best, stuck = table.iloc[row], stuck_of(table)[row]
    fields = dict(counted) | known | corrected_fields(corrected)
    for name in _behind("mean_test_", table):
        fields[f"best_{name}"] = float(best[f"mean_test_{name}"])
    if np.isfinite(best["ci95"]):
        fields["best_ci95"] = float(best["ci95"])
    if corrected is not None:
        fields["corrected_noise"] = corrected.noise
        fields["corrected_over"] = corrected.over
    if stuck.any() and not stuck.all():
        not_stuck = split_scores(table)[row][~stuck]
        fields["best_score_not_stuck"] = float(not_stuck.mean())
    return SearchSummary(
        **fields,
        best_params=best["params"],
        best_std=float(best["std_test_score"]),
        best_n_stuck=int(stuck.sum()),
        n_candidates=len(table),
        n_splits=len(stuck),
    )


def read_corrected(
    results: Results, name: str, search: SearchSummary | RankedSearch
) -> Corrected | None:
    """Return the corrected score of a search, or None; raises `UserError` if the file of draws is broken."""
    if search.corrected is None:
        return None
    table = results.table(files.DRAWS, name)
    draws = Draws(table["selecting"].to_numpy(), table["left_out"].to_numpy())
    over, noise = str(search.corrected_over), search.corrected_noise or 0.0
    return Corrected(*search.corrected, over, noise, draws)
