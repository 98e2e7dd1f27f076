"""Tabulates a search for files and the screen, with names instead of objects and rounded numbers."""

from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from stages.lib.common import (
    DECIMALS,
    UserError,
    format_p,
    format_params,
    format_score,
    format_value,
    score_decimals,
    short_params,
)
from stages.lib.config import candidates
from stages.lib.scores.statistics import ALPHA, NOT_TESTED, half_width, p_values


def score_table(grid: dict[str, list[Any]], cv_results: dict[str, Any], test_share: float) -> pd.DataFrame:
    """Tabulate a search, one row per candidate, in grid order.

    Parameters
    ----------
    grid : dict of lists
        As in params.yaml.
    cv_results : dict
        `cv_results_` of the search over the same grid.
    test_share : float
        Test rows per training row, for the statistics; NaN where they do not hold.

    Returns
    -------
    DataFrame
        `params`, one column per grid key, `mean_test_score`, `std_test_score` (over the splits, ddof 0),
        `rank_test_score` (1 is best), `ci95` (half the width of the mean's 95 % interval), `p_value` (against the
        best), `tied_with_best` (whether the p-value is 0.05 or more), then `split0_test_score`, … A candidate that
        diverged on a split has NaN there and in its mean, ranks last and is not tied. Where the statistics do not hold,
        `ci95`, `p_value` and `tied_with_best` are NaN, the last one as text.
    """
    listed = candidates(grid)
    columns: dict[str, Any] = {"params": [format_params(candidate) for candidate in listed]}
    columns |= {key: [format_value(candidate[key]) for candidate in listed] for key in sorted(grid)}
    columns |= {key: cv_results[key] for key in ("mean_test_score", "std_test_score", "rank_test_score")}
    n_splits = sum(key.startswith("split") and key.endswith("_test_score") for key in cv_results)
    splits = {(key := f"split{i}_test_score"): cv_results[key] for i in range(n_splits)}
    scores = np.stack(list(splits.values()), axis=1)
    p = p_values(scores, int(np.argmin(cv_results["rank_test_score"])), test_share)
    columns |= {"ci95": half_width(scores, test_share), "p_value": p}
    untested = np.isnan(test_share)
    columns["tied_with_best"] = ["nan" if untested else format_value(bool(tied)) for tied in p >= ALPHA]
    return pd.DataFrame(columns | splits)


def best_row(table: pd.DataFrame) -> int:
    """Return the position of the best candidate, the first of rank 1."""
    return int(table["rank_test_score"].to_numpy().argmin())


def summarise(table: pd.DataFrame) -> dict[str, Any]:
    """Return the flat metrics of a search; the first candidate of rank 1 is the best.

    Where the statistics do not hold, there is no `best_ci95` and no `n_tied`.

    Raises
    ------
    UserError
        If every candidate diverged.
    """
    best = table.iloc[best_row(table)]
    if not np.isfinite(best["mean_test_score"]):
        raise UserError(
            "Every candidate of the grid diverged: no fit ended with finite weights. "
            "Lower the learning rates, or scale the inputs with prepare.scale: standard."
        )
    n_splits = sum(str(column).startswith("split") for column in table)
    summary = {
        "best_params": best["params"],
        "best_score": float(best["mean_test_score"]),
        "best_std": float(best["std_test_score"]),
    }
    if is_tested(table):
        summary |= {"best_ci95": float(best["ci95"]), "n_tied": int((table["tied_with_best"] == "true").sum())}
    return summary | {"n_candidates": len(table), "n_fits": len(table) * n_splits}


def is_tested(table: pd.DataFrame) -> bool:
    """Whether the table of a search has intervals and p-values."""
    return bool((table["tied_with_best"] != "nan").any())


def to_csv(table: pd.DataFrame) -> str:
    """Write the table as CSV, numbers rounded to 6 decimals, `nan` if missing."""
    return table.round(DECIMALS).to_csv(index=False, lineterminator="\n", na_rep="nan")


def print_table(table: pd.DataFrame, title: str) -> None:
    """Print every candidate as the tutorial does, and mark those tied with the best."""
    best, tested = best_row(table), is_tested(table)
    decimals = score_decimals(table["mean_test_score"])
    shown = Table(box=None, pad_edge=False)
    for heading in ("", "mean", "± 95 %", "std", "p", "params") if tested else ("", "mean", "std", "params"):
        shown.add_column(heading, justify="left" if heading in {"", "params"} else "right")
    for i, (_, row) in enumerate(table.iterrows()):
        mean, half, std = (format_score(row[key], decimals) for key in ("mean_test_score", "ci95", "std_test_score"))
        numbers = [mean, half, std, format_p(row["p_value"])] if tested else [mean, std]
        if not np.isfinite(row["mean_test_score"]):
            numbers = ["diverged", *[""] * (len(numbers) - 1)]
        mark = "*" if i == best else "=" * (row["tied_with_best"] == "true")
        shown.add_row(mark, *numbers, short_params(row["params"]), style="bold" if i == best else None)
    print(title)
    Console().print(shown)
    print(f"* the best; = not told apart from it (p of {ALPHA} or more)" if tested else f"* the best; {NOT_TESTED}")
