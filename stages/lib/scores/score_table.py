"""Tabulates a search for files and the screen, with names instead of objects and rounded numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy.stats import rankdata

from stages.lib.common import (
    UserError,
    format_params,
    format_score,
    format_value,
    score_decimals,
    short_params,
)
from stages.lib.scores.corrected import Corrected
from stages.lib.scores.statistics import NOT_TESTED, half_width, p_values


def score_table(
    candidates: Sequence[dict[str, Any]],
    scores: Mapping[str, np.ndarray],
    test_share: float,
    *,
    n_weights: np.ndarray,
    n_epochs: np.ndarray,
    stages: np.ndarray | None = None,
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
    ci95 : array of shape (n_candidates,), optional
        As `half_widths` returns it; by default what the splits alone say.
    one_row : float
        As in `corrected_error`.

    Returns
    -------
    DataFrame
        `params`, one column per key, `mean_test_score`, `std_test_score` (over the splits, ddof 0), the same two for
        each further scorer, `rank_test_score` (1 is best; candidates that left earlier rank lower), `stage` after
        halving, `n_weights`, `n_epochs`, `ci95` (half the width of the mean's 95 % interval), `p_value` (against the
        best), then `split0_test_score`, … A candidate that diverged on a split has NaN there and in its mean, and ranks
        last. Where the statistics do not hold, `ci95` and `p_value` are NaN; so is the p-value of a candidate that was
        not trained to the end.
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
    p = p_values(splits, int(np.argmin(ranks)), test_share, one_row)
    if stages is not None:
        p[stages < stages.max()] = np.nan
    columns |= {"ci95": half_width(splits, test_share, one_row) if ci95 is None else ci95, "p_value": p}
    return pd.DataFrame(columns | {f"split{i}_test_score": column for i, column in enumerate(splits.T)})


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


def summarise(
    table: pd.DataFrame, corrected: Corrected | None, n_fits: int, net_epochs_spared: int | None = None
) -> dict[str, Any]:
    """Return the flat metrics of a search; the first candidate of rank 1 is the best.

    Parameters
    ----------
    table : DataFrame
        As `score_table` returns it.
    corrected : Corrected, optional
        None where the statistics do not hold.
    n_fits : int
    net_epochs_spared : int, optional
        After halving.
    """
    best = table.iloc[best_row(table)]
    summary = {
        "best_params": best["params"],
        "best_score": float(best["mean_test_score"]),
        "best_std": float(best["std_test_score"]),
    }
    others = [str(column).removeprefix("mean_test_") for column in table if str(column).startswith("mean_test_")]
    summary |= {f"best_{name}": float(best[f"mean_test_{name}"]) for name in others if name != "score"}
    if np.isfinite(best["ci95"]):
        summary["best_ci95"] = float(best["ci95"])
    if corrected is not None:
        summary |= {
            "best_score_corrected": corrected.score,
            "best_score_corrected_low": corrected.low,
            "best_score_corrected_high": corrected.high,
            "corrected_noise": corrected.noise,
            "corrected_over": corrected.over + _among(table),
        }
    summary |= {"n_candidates": len(table), "n_fits": n_fits}
    return summary | ({} if net_epochs_spared is None else {"net_epochs_spared": net_epochs_spared})


def _among(table: pd.DataFrame) -> str:
    if "stage" not in table:
        return ""
    return f", among the {trained_to_the_end(table).sum()} trained to the end"


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


def print_table(table: pd.DataFrame, title: str) -> None:
    """Print every candidate as the tutorial does, and mark the best."""
    best = best_row(table) if table["mean_test_score"].notna().any() else None
    tested = bool(np.isfinite(table["ci95"]).any())
    decimals = score_decimals(table["mean_test_score"])
    shown = Table(box=None, pad_edge=False)
    halved = "stage" in table
    headings = ("", "mean", *["± 95 %"] * tested, "std", *["stage"] * halved, "params")
    for heading in headings:
        shown.add_column(heading, justify="left" if heading in {"", "params"} else "right")
    for i, (_, row) in enumerate(table.iterrows()):
        keys = ("mean_test_score", *["ci95"] * tested, "std_test_score")
        numbers = [format_score(row[key], decimals) for key in keys]
        if not np.isfinite(row["mean_test_score"]):
            numbers = ["diverged", *[""] * (len(numbers) - 1)]
        elif tested and not np.isfinite(row["ci95"]):
            numbers[1] = "constant"
        stage = [str(row["stage"])] if halved else []
        style = "bold" if i == best else None
        shown.add_row("*" * (i == best), *numbers, *stage, short_params(row["params"]), style=style)
    print(title)
    Console().print(shown)
    if best is None:
        print("every candidate diverged, so none is the best")
    else:
        print("* the best" if tested else f"* the best; {NOT_TESTED}")


def told(summary: Mapping[str, Any]) -> str:
    """Return the scores of the output of `summarise` as a line."""
    decimals = score_decimals([summary["best_score"]])
    best = f"best score {format_score(summary['best_score'], decimals)}"
    if "best_score_corrected" not in summary:
        return f"{best}, not corrected for the choice among {summary['n_candidates']} candidates"
    score, low, high = (format_score(summary[f"best_score_corrected{end}"], decimals) for end in ("", "_low", "_high"))
    return (
        f"{best}; corrected for the choice among {summary['n_candidates']} candidates: {score}, "
        f"95 % from {low} to {high} (over {summary['corrected_over']})"
    )
