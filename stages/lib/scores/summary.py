"""What is said of a search: the flat summary for its file, and its table on the screen."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from resampled.means.corrected import Corrected
from stages.lib.common import Output, format_score, score_decimals, short_params
from stages.lib.common.tables import print_columns
from stages.lib.scores.draws import CORRECTED
from stages.lib.scores.notes import NOT_TESTED
from stages.lib.scores.score_table import best_row, split_scores, stuck_of, trained_to_the_end
from stages.lib.scores.stuck import in_words, mean_of_others

# The numbers that every search has, and what of its metrics is not a number.
_NUMBERS = ("best_score", "best_std", "n_candidates", "n_fits", "n_splits", "n_rows")
_TEXTS = ("best_params", "corrected_over")


def summarise(
    table: pd.DataFrame, corrected: Corrected | None, n_fits: int, net_epochs_spared: int | None = None
) -> dict[str, Any]:
    """Return the flat metrics of a search, from its `score_table`; the first candidate of rank 1 is the best.

    `corrected` is None where the statistics do not hold, and `net_epochs_spared` is there after halving.
    """
    row = best_row(table)
    best, stuck = table.iloc[row], stuck_of(table)[row]
    summary: dict[str, Any] = {"best_params": best["params"], "best_std": float(best["std_test_score"])}
    means = [str(column) for column in table if str(column).startswith("mean_test_")]
    summary |= {f"best_{column.removeprefix('mean_test_')}": float(best[column]) for column in means}
    if np.isfinite(best["ci95"]):
        summary["best_ci95"] = float(best["ci95"])
    if corrected is not None:
        finalists = f", among the {trained_to_the_end(table).sum()} trained to the end" if "stage" in table else ""
        summary |= zip(CORRECTED, (corrected.score, corrected.low, corrected.high), strict=True)
        summary |= {"corrected_noise": corrected.noise, "corrected_over": corrected.over + finalists}
    if stuck.any():
        summary["best_n_stuck"] = int(stuck.sum())
        if not stuck.all():
            summary["best_score_not_stuck"] = mean_of_others(split_scores(table)[row], stuck)
    if net_epochs_spared is not None:
        summary["net_epochs_spared"] = net_epochs_spared
    return summary | {"n_candidates": len(table), "n_fits": n_fits, "n_splits": len(stuck)}


def search_output(name: str) -> Output:
    """Return the file with the metrics of an experiment's search."""
    return Output(f"metrics/search/{name}.json", "the result of a search", f"search@{name}")


def read_search(name: str) -> dict[str, Any]:
    """Return what `summarise` said of a search, with the number of rows; raises `UserError` if it did not."""
    output = search_output(name)
    with output.as_json() as search:
        _ = search["best_params"]
        if not all(math.isfinite(search[key]) for key in {*search} - {*_TEXTS}):
            raise ValueError
    if lacking := [key for key in _NUMBERS if key not in search]:
        raise output.refused(f" has no {lacking[0]}")
    return dict(search)


def stuck_in_words(summary: Mapping[str, Any], decimals: int) -> str:
    """Say how many fits of a search's best are stuck, from the output of `summarise`; "" if none is."""
    if not summary.get("best_n_stuck"):
        return ""
    others = format_score(summary.get("best_score_not_stuck", float("nan")), decimals)
    return in_words(summary["best_n_stuck"], summary["n_splits"], others)


def scores_in_words(summary: Mapping[str, Any]) -> str:
    """Return the scores of the output of `summarise` as a line."""
    decimals = score_decimals([summary["best_score"]])
    best = f"best score {format_score(summary['best_score'], decimals)}"
    if stuck := stuck_in_words(summary, decimals):
        best += f" ({stuck})"
    choice = f"corrected for the choice among {summary['n_candidates']} candidates"
    if "best_score_corrected" not in summary:
        return f"{best}, not {choice}"
    score, low, high = (format_score(summary[key], decimals) for key in CORRECTED)
    return f"{best}; {choice}: {score}, 95 % from {low} to {high} (over {summary['corrected_over']})"


def print_table(table: pd.DataFrame, title: str) -> None:
    """Print every candidate as the tutorial does, and mark the best."""
    means, tested = table["mean_test_score"], bool(np.isfinite(table["ci95"]).any())
    best = best_row(table) if means.notna().any() else None
    cells = {"": ["*" * (row == best) for row in range(len(table))]} | score_cells(table, "diverged", spread=True)
    if "stage" in table:
        cells["stage"] = list(map(str, table["stage"]))
    print_columns(title, cells | {"params": list(map(short_params, table["params"]))})
    if best is None:
        print("every candidate diverged, so none is the best")
    else:
        print("* the best" if tested else f"* the best; {NOT_TESTED}")
    if "stuck" in cells:
        print("stuck: how many fits have a net that answers nearly all rows alike")


def score_cells(table: pd.DataFrame, no_score: str, spread: bool = False) -> dict[str, list[str]]:
    """Return as text the means of a table, or `no_score` where they are NaN; its intervals and stuck fits, if any.

    With `spread`, there are the standard deviations, too.
    """
    means, halves = table["mean_test_score"], table["ci95"]
    decimals, scored = score_decimals(means), np.isfinite(means)
    cells = {"mean": [format_score(m, decimals) if ok else no_score for m, ok in zip(means, scored, strict=True)]}
    if np.isfinite(halves).any():
        widths = [format_score(half, decimals) if np.isfinite(half) else "constant" for half in halves]
        cells["± 95 %"] = [width if ok else "" for width, ok in zip(widths, scored, strict=True)]
    if spread:
        spreads = zip(table["std_test_score"], scored, strict=True)
        cells["std"] = [format_score(std, decimals) if ok else "" for std, ok in spreads]
    if table["n_stuck"].any():
        cells["stuck"] = [str(count or "") for count in table["n_stuck"]]
    return cells
