"""The corrected score of a search as its metrics have it, and its draws as CSV."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from resampled.means.corrected import NO_DRAWS, Corrected, Draws
from stages.lib.common import Output
from stages.lib.scores.score_table import read_cells

# The corrected score, and the ends of its interval.
CORRECTED = ("best_score_corrected", "best_score_corrected_low", "best_score_corrected_high")


def to_csv(corrected: Corrected | None) -> str:
    """Write the draws as CSV, one line for each; only the header where there is no corrected score."""
    draws = corrected.draws if corrected else NO_DRAWS
    return pd.DataFrame(vars(draws)).to_csv(index=False, float_format="%.6g", lineterminator="\n", na_rep="nan")


def read_draws(name: str) -> Draws:
    """Read the draws of a search; raises `UserError` if the file is missing or broken."""
    with Output(f"metrics/draws/{name}.csv", "the draws of a search", f"search@{name}").as_text() as text:
        table = read_cells(text).astype(float)
        return Draws(table["selecting"].to_numpy(), table["left_out"].to_numpy())


def corrected_of(search: Mapping[str, Any], draws: Draws = NO_DRAWS) -> Corrected | None:
    """Return the corrected score of the metrics of a search, with its draws; None if there is none."""
    if CORRECTED[0] not in search:
        return None
    score, low, high = (float(search[key]) for key in CORRECTED)
    over = str(search.get("corrected_over")).partition(",")[0]  # behind the comma is what halving has left
    return Corrected(score, low, high, over, search.get("corrected_noise", np.nan), draws)
