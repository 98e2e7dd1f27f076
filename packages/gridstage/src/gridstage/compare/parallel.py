"""Places the candidates of a search of many keys on parallel axes: one for the score, and one for each key."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from gridstage.common import format_score, score_decimals
from gridstage.results import SCORE, files

# With fewer keys there is no chart, and of more candidates than these, it has the best.
_LEAST_KEYS, MOST_CANDIDATES = 3, 300
# The part of a value's band that its candidates spread over, and the most between two, on an axis of length 1.
_FILLED, _APART = 0.7, 0.015
_NONE = "none"


def parallel_table(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return where each candidate crosses the axis of the score and that of each key.

    Parameters
    ----------
    table : DataFrame
        As `compared_table` returns it.
    keys : sequence of str
        The keys of the search, in the order of their axes.

    Returns
    -------
    DataFrame
        One row per crossing. Candidates are numbered from the best, 1, and `place` is from 0, the lower end of the
        axis, to 1. Without rows if candidates differ in fewer than three keys, or if fewer than two have a score.

    Examples
    --------
    >>> compared = results.table(files.COMPARED, "neurons")
    >>> parallel_table(compared, ["module__n_neurons"]).empty  # of one key, there is no chart
    True
    """
    columns = list(files.PARALLEL.needed)
    varied = [key for key in keys if table[key].nunique() > 1]
    if len(varied) < _LEAST_KEYS or table["mean_test_score"].nunique() < 2:
        return pd.DataFrame(columns=columns)
    scored = table.dropna(subset=["mean_test_score"])
    ranked = scored.sort_values("rank_test_score", kind="stable")
    drawn = ranked.head(MOST_CANDIDATES)
    scores = drawn["mean_test_score"]
    decimals = score_decimals(scores)
    axes = {SCORE: [format_score(score, decimals) for score in scores]}
    for key in varied:
        axes[key] = drawn[key].replace("null", _NONE).tolist()
    numbers = range(1, len(drawn) + 1)
    candidates = drawn[["in_best_set"]].assign(candidate=numbers, score=scores)
    parts = []
    for key, values in axes.items():
        part = candidates.assign(key=key, value=values, place=places(values))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)[columns]


def places(values: Sequence[str]) -> np.ndarray:
    """Return the place of each candidate on an axis, from its value; the best candidate comes first.

    Each value has a band of the same height, in which the candidates stand a little apart, the best on top.
    """
    order = _upwards(values)
    height = 1 / len(order)
    found = np.empty(len(values))
    for band, value in enumerate(order):
        rows = [row for row, each in enumerate(values) if each == value]
        steps = len(rows) - 1
        apart = min(_APART, _FILLED * height / max(steps, 1))
        middle = (band + 0.5) * height
        found[rows] = middle + apart * (steps / 2 - np.arange(len(rows)))
    return found


def _upwards(values: Sequence[str]) -> list[str]:
    """Return the values of an axis from the lower end up: none, numbers by size, and names, the first on top."""
    there = dict.fromkeys(values)
    finite = [value for value in there if math.isfinite(_number(value))]
    by_size = sorted(finite, key=_number)
    names = sorted(there.keys() - {*finite, _NONE}, reverse=True)
    lowest = [_NONE] if _NONE in there else []
    return [*lowest, *by_size, *names]


def _number(value: str) -> float:
    try:
        return float(value.replace(",", ""))
    except ValueError:
        return math.nan
