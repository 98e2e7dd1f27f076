"""What is said of a search: the flat summary for its file, and its table on the screen."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stages.lib.common import format_score, score_decimals, short_params
from stages.lib.common.tables import print_rows
from stages.lib.scores.corrected import Corrected
from stages.lib.scores.score_table import best_row, split_scores, stuck_of, trained_to_the_end
from stages.lib.scores.statistics import NOT_TESTED
from stages.lib.scores.stuck import in_words, mean_of_others


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
    row = best_row(table)
    best, stuck = table.iloc[row], stuck_of(table)[row]
    summary: dict[str, Any] = {
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
    if stuck.any():
        summary["best_n_stuck"] = int(stuck.sum())
        if not stuck.all():
            summary["best_score_not_stuck"] = mean_of_others(split_scores(table)[row], stuck)
    summary |= {"n_candidates": len(table), "n_fits": n_fits, "n_splits": len(stuck)}
    return summary | ({} if net_epochs_spared is None else {"net_epochs_spared": net_epochs_spared})


def _among(table: pd.DataFrame) -> str:
    if "stage" not in table:
        return ""
    return f", among the {trained_to_the_end(table).sum()} trained to the end"


def print_table(table: pd.DataFrame, title: str) -> None:
    """Print every candidate as the tutorial does, and mark the best."""
    best = best_row(table) if table["mean_test_score"].notna().any() else None
    tested = bool(np.isfinite(table["ci95"]).any())
    decimals = score_decimals(table["mean_test_score"])
    halved = "stage" in table
    any_stuck = bool(table["n_stuck"].any())
    numbered = ("mean", *["± 95 %"] * tested, "std", *["stuck"] * any_stuck, *["stage"] * halved)
    rows = []
    for i, (_, row) in enumerate(table.iterrows()):
        keys = ("mean_test_score", *["ci95"] * tested, "std_test_score")
        numbers = [format_score(row[key], decimals) for key in keys]
        if not np.isfinite(row["mean_test_score"]):
            numbers = ["diverged", *[""] * (len(numbers) - 1)]
        elif tested and not np.isfinite(row["ci95"]):
            numbers[1] = "constant"
        counted = [str(row["n_stuck"] or "")] * any_stuck + ([str(row["stage"])] if halved else [])
        rows.append(["*" * (i == best), *numbers, *counted, short_params(row["params"])])
    print(title)
    print_rows(("", *numbered, "params"), rows, numbered, ["bold" if i == best else None for i in range(len(rows))])
    if best is None:
        print("every candidate diverged, so none is the best")
    else:
        print("* the best" if tested else f"* the best; {NOT_TESTED}")
    if any_stuck:
        print("stuck: the fits whose net answers nearly all rows alike")


def told(summary: Mapping[str, Any]) -> str:
    """Return the scores of the output of `summarise` as a line."""
    decimals = score_decimals([summary["best_score"]])
    best = f"best score {format_score(summary['best_score'], decimals)}"
    if "best_n_stuck" in summary:
        others = format_score(summary.get("best_score_not_stuck", float("nan")), decimals)
        best += f" ({in_words(summary['best_n_stuck'], summary['n_splits'], others)})"
    if "best_score_corrected" not in summary:
        return f"{best}, not corrected for the choice among {summary['n_candidates']} candidates"
    score, low, high = (format_score(summary[f"best_score_corrected{end}"], decimals) for end in ("", "_low", "_high"))
    return (
        f"{best}; corrected for the choice among {summary['n_candidates']} candidates: {score}, "
        f"95 % from {low} to {high} (over {summary['corrected_over']})"
    )
