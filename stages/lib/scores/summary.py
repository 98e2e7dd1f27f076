"""The flat summary of a search and its draws, as their files have them, and how two settings compare in a word."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from resampled.means.corrected import NO_DRAWS, Corrected, Draws
from resampled.means.ttest import ALPHA
from stages.lib.results import Results, files
from stages.lib.scores.score_table import best_row, mean_of_others, split_scores, stuck_of, trained_to_the_end

# The corrected score, and the ends of its interval.
CORRECTED = ("best_score_corrected", "best_score_corrected_low", "best_score_corrected_high")
# How a setting compares with another.
BETTER, WORSE, AS_GOOD, UNDECIDED = "better", "worse", "as good", "could be as good"


def summarise(
    table: pd.DataFrame, corrected: Corrected | None, n_fits: int, net_epochs_spared: int | None = None
) -> dict[str, Any]:
    """Return the flat summary of a search, from its `score_table`; the first candidate of rank 1 is the best.

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


def draws_table(corrected: Corrected | None) -> pd.DataFrame:
    """Return the draws, a row for each; none where there is no corrected score."""
    return pd.DataFrame(vars(corrected.draws if corrected else NO_DRAWS))


def read_corrected(results: Results, name: str, search: Mapping[str, Any]) -> Corrected | None:
    """Return the corrected score of an experiment's summary, with its draws; None if there is none.

    Raises `UserError` if the file of the draws is missing or broken.
    """
    if CORRECTED[0] not in search:
        return None
    table = results.table(files.DRAWS, name)
    score, low, high = (float(search[key]) for key in CORRECTED)
    over = str(search.get("corrected_over")).partition(",")[0]  # behind the comma is what halving has left
    draws = Draws(table["selecting"].to_numpy(), table["left_out"].to_numpy())
    return Corrected(score, low, high, over, search.get("corrected_noise", np.nan), draws)


def standing(p: float, worse: float, better: float, within: bool) -> str:
    """Return how a setting compares with another, in words; "" where there is no test.

    `p` is by `holm` for all that are compared, `worse` and `better` as in `equivalence`. It is `as good` if the 90 %
    interval of the difference lies inside the rope, and the rows that differ say so, too (`within`; see `is_within`).
    """
    if np.isnan(p):
        return ""
    if p < ALPHA and max(worse, better) > 1 / 2:
        return BETTER if better > worse else WORSE
    return AS_GOOD if within and max(worse, better) < ALPHA else UNDECIDED
