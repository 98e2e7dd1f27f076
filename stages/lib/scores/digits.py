"""How many digits of a table of scores are written: six, and more of the scores by split where they are needed."""

import math

import numpy as np
import pandas as pd

from stages.lib.common import DIGITS, significant
from stages.lib.scores.score_table import split_columns, split_scores


def rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with numbers of 6 significant digits.

    Scores by split have more digits where two candidates differ by less: rounding is below a hundredth of what the
    closest ones differ by, so that a comparison of what was written is one of what was found.
    """
    written = {str(column): table[column].map(significant) for column in table.select_dtypes("float")}
    scores = split_scores(table)
    decimals = _decimals(scores)
    for column, values in zip(split_columns(table), scores.T, strict=True):
        written[column] = pd.Series([_with_decimals(value, decimals) for value in values], table.index)
    return table.assign(**written)


def _decimals(scores: np.ndarray) -> int:
    """Return how many decimals tell apart the candidates from the best one, whose scores are nearest to its own."""
    known = scores[np.isfinite(scores).all(axis=1)]
    if not known.size:
        return 0
    differences = np.sqrt(((known - known[known.mean(axis=1).argmax()]) ** 2).mean(axis=1))
    apart = differences[differences > 1e-14 * np.abs(known).max()]
    return math.ceil(2 - math.log10(apart.min())) if len(apart) else 0


def _with_decimals(value: float, decimals: int) -> float:
    """Return a number with 6 significant digits, or with more if so many decimals take more."""
    if not math.isfinite(value) or value == 0:
        return value
    return significant(value, max(DIGITS, decimals + math.floor(math.log10(abs(value))) + 1))


def to_csv(table: pd.DataFrame) -> str:
    """Write the table as CSV, rounded as `rounded` does it, `nan` if missing."""
    return rounded(table).to_csv(index=False, lineterminator="\n", na_rep="nan")
