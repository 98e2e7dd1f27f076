"""Tabulates a search, one row per candidate, with names instead of objects."""

import math
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from resampled.means.ttest import half_width, p_values
from resampled.resampling import Resampling
from stages.lib.common import DIGITS, UserError, format_params, format_value, significant

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
) -> pd.DataFrame:
    """Tabulate a search, one row per candidate, in their order.

    The columns are `params`, one for each key, `mean_test_score`, `std_test_score` (over the splits, ddof 0), the same
    two for each further scorer, `rank_test_score` (1 is best; candidates that left earlier rank lower), `stage` after
    halving, `n_weights`, `n_epochs`, `n_stuck` and `stuck_splits` (how many of its fits are stuck, and which, from 0),
    `ci95` (half the width of the mean's 95 % interval), `p_value` (against the best), then `split0_test_score`, … A
    candidate that diverged on a split has NaN there and in its mean, and ranks last. Where nothing is tested, `ci95`
    and `p_value` are NaN; so is the p-value of a candidate that was not trained to the end.

    Parameters
    ----------
    candidates : sequence of dict
        Settings by key, as in params.yaml.
    scores : mapping of arrays of shape (n_candidates, n_splits)
        Those of the scorer that selects, under `score`, and of others by name.
    stages : array of shape (n_candidates,), optional
        After halving, the stage after which each candidate left, or the last.
    stuck : array of bool, shape (n_candidates, n_splits), optional
        By default, no fit is.
    ci95 : array of shape (n_candidates,), optional
        As `Table.half_widths` returns it; by default what the splits alone say.
    """
    columns: dict[str, Any] = {"params": [format_params(candidate) for candidate in candidates]}
    columns |= {key: [format_value(each[key]) for each in candidates] for key in sorted(candidates[0])}
    columns |= mean_columns(scores)
    columns["rank_test_score"] = ranks = ranks_of(columns["mean_test_score"], stages)
    columns |= {} if stages is None else {"stage": stages}
    columns |= {"n_weights": n_weights, "n_epochs": n_epochs}
    splits = scores["score"]
    columns |= stuck_columns(np.zeros(splits.shape, dtype=bool) if stuck is None else stuck)
    p = p_values(splits, int(np.argmin(ranks)), resampling)
    if stages is not None:
        p[stages < stages.max()] = np.nan
    columns |= {"ci95": half_width(splits, resampling) if ci95 is None else ci95, "p_value": p}
    return pd.DataFrame(columns | score_columns(splits))


def mean_columns(scores: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return the columns of means and standard deviations (ddof 0) of scores of shape (n_rows, n_splits), by scorer."""
    columns: dict[str, Any] = {}
    for name, by_split in scores.items():
        columns |= {f"mean_test_{name}": by_split.mean(axis=1), f"std_test_{name}": by_split.std(axis=1)}
    return columns


def score_columns(scores: np.ndarray, scorer: str = "score") -> dict[str, Any]:
    """Return the columns of a scorer's scores of single splits, from scores of shape (n_rows, n_splits)."""
    return {f"split{i}_test_{scorer}": column for i, column in enumerate(scores.T)}


def stuck_columns(stuck: np.ndarray) -> dict[str, Any]:
    """Return the columns that count stuck fits and list them, from 0, from `stuck` of shape (n_rows, n_splits)."""
    return {"n_stuck": stuck.sum(axis=1), STUCK_SPLITS: [" ".join(map(str, np.flatnonzero(each))) for each in stuck]}


def stuck_of(table: pd.DataFrame) -> np.ndarray:
    """Return which fits of a table are stuck, shape (n_rows, n_splits); raises `ValueError` for a split too many."""
    n_splits = len(split_columns(table))
    by_row = [{*map(int, text.split())} for text in table[STUCK_SPLITS]]
    if beyond := set().union(*by_row) - {*range(n_splits)}:
        raise ValueError(f"there is no split {min(beyond)}")
    return np.array([[i in stuck for i in range(n_splits)] for stuck in by_row], dtype=bool).reshape(-1, n_splits)


def ranks_of(means: np.ndarray, stages: np.ndarray | None = None) -> np.ndarray:
    """Return the rank of each mean, from 1; those that stayed for more stages come first, and NaN comes last."""
    stayed = np.zeros(len(means)) if stages is None else stages
    keys = np.column_stack([-stayed, np.nan_to_num(-means, nan=np.inf)])
    _, places = np.unique(keys, axis=0, return_inverse=True)
    return rankdata(places, method="min").astype(int)


def best_row(table: pd.DataFrame) -> int:
    """Return the position of the best candidate, the first of rank 1."""
    return int(table["rank_test_score"].to_numpy().argmin())


def grid_keys(table: pd.DataFrame) -> list[str]:
    """Return the keys that the candidates of a table differ in."""
    columns = list(table.columns)
    return columns[1 : columns.index("mean_test_score")]


def split_scorers(table: pd.DataFrame) -> list[str]:
    """Return the names of the scorers whose scores of single splits a table has, in their order."""
    first = "split0_test_"
    return [str(column).removeprefix(first) for column in table if str(column).startswith(first)]


def split_columns(table: pd.DataFrame, scorer: str = "score") -> list[str]:
    """Return the columns of a table with a scorer's scores of single splits, in their order."""
    return [str(column) for column in table.filter(regex=rf"^split\d+_test_{scorer}$")]


def split_scores(table: pd.DataFrame, scorer: str = "score") -> np.ndarray:
    """Return a scorer's scores of a table, shape (n_candidates, n_splits)."""
    return table[split_columns(table, scorer)].to_numpy(dtype=float)


def trained_to_the_end(table: pd.DataFrame) -> np.ndarray:
    """Return for each candidate whether it was trained to the end, as all are but for halving."""
    if "stage" not in table:
        return np.ones(len(table), dtype=bool)
    return (table["stage"] == table["stage"].max()).to_numpy()


def check_any_score(scores: np.ndarray, advice: str) -> None:
    """Raise `UserError`, with a sentence of advice, if every candidate, a row of the scores, diverged on some split."""
    finite = np.isfinite(scores)
    if not finite.all(axis=1).any():
        how_many = "on some splits" if finite.any() else "on every split, so no fit ended with finite weights"
        raise UserError(f"Every candidate of the grid diverged {how_many}. {advice}")


def rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with numbers of 6 significant digits.

    Scores by split have more digits where two candidates differ by less: rounding is below a hundredth of what the
    closest ones differ by, so that comparing what was written gives the same result as comparing what was computed.
    """
    written = {str(column): table[column].map(significant) for column in table.select_dtypes("float")}
    for scorer in split_scorers(table):
        scores = split_scores(table, scorer)
        decimals = _decimals(scores)
        for column, values in zip(split_columns(table, scorer), scores.T, strict=True):
            written[column] = pd.Series([_with_decimals(value, decimals) for value in values], table.index)
    return table.assign(**written)


def _decimals(scores: np.ndarray) -> int:
    """Return how many decimals tell apart the candidates from the best one, whose scores are nearest to its own."""
    scores = scores[np.isfinite(scores).all(axis=1)]
    if not scores.size:
        return 0
    differences = np.sqrt(((scores - scores[scores.mean(axis=1).argmax()]) ** 2).mean(axis=1))
    apart = differences[differences > 1e-14 * np.abs(scores).max()]
    return math.ceil(2 - math.log10(apart.min())) if len(apart) else 0


def _with_decimals(value: float, decimals: int) -> float:
    """Return a number with 6 significant digits, or with more if so many decimals take more."""
    if not math.isfinite(value) or value == 0:
        return value
    return significant(value, max(DIGITS, decimals + math.floor(math.log10(abs(value))) + 1))


def to_csv(table: pd.DataFrame) -> str:
    """Write the table as CSV, rounded as `rounded` does it, `nan` if missing."""
    return rounded(table).to_csv(index=False, lineterminator="\n", na_rep="nan")


def read_cells(text: str) -> pd.DataFrame:
    """Return each cell of a CSV that a stage has written as text; raises `ValueError` for a row that is too long."""
    table = pd.read_csv(StringIO(text), dtype=str, keep_default_na=False)
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes what is too much for an index
        raise ValueError
    return table
