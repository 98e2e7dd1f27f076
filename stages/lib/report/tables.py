"""Reads the committed tables of scores as text for the report."""

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from stages.lib.common import format_p, format_score, read_text, reading, score_decimals, short_key
from stages.lib.winners.leaderboard import COMBINED

AGAIN = "Run `dvc repro`."

# The headings of columns in the committed tables, in display order. Columns that identify a row come before these.
_HEADINGS = {
    "mean_test_score": "mean",
    "best_score": "mean",
    "ci95": "± 95 %",
    "best_ci95": "± 95 %",
    "difference": "to combined",
    "difference_ci95": "± 95 %",
    "p_value": "p",
    "tied_with_best": "tied",
    "tied_with_combined": "tied",
    "n_tied": "tied",
    "n_candidates": "candidates",
    "n_fits": "fits",
    "std_test_score": "std",
    "best_std": "std",
    "rank_test_score": "rank",
    "params": "params",
    "best_params": "best params",
}
_ORDER = list(_HEADINGS)
_WHOLE = {"rank_test_score", "n_tied", "n_candidates", "n_fits"}
_TIED = {"tied_with_best", "tied_with_combined"}
_TEXT = {"params", "best_params"}
_SCORES = set(_HEADINGS) - _WHOLE - _TIED - _TEXT
_COMPARED = {"difference", "difference_ci95", "p_value", "tied_with_combined"}
_MEANS = {"mean_test_score", "best_score"}
_INTERVALS = {"ci95", "best_ci95"}
# Where there is no interval, as with splits in time order, there is none of these.
_TESTS = {*_INTERVALS, "difference_ci95", "p_value", "n_tied", *_TIED}


@dataclass(frozen=True)
class Table:
    """Text by column and row, and which row is the best."""

    headings: list[str]
    rows: list[list[str]]
    best: int


def read_table(path: Path, without: Iterable[str] = (), unscored: str = "diverged", by_score: bool = False) -> Table:
    """Read a committed CSV as text, without the scores of single splits, and without intervals if it has none.

    Parameters
    ----------
    path : Path
    without : iterable of str
        Columns to leave out.
    unscored : str
        The text for a missing mean.
    by_score : bool
        Whether to sort by score, best first, rather than keep the file's order.

    Raises
    ------
    UserError
        If the file is missing, or is not a table of scores.
    """
    text = read_text(path, AGAIN)
    with reading(path, "not a table of scores", AGAIN):
        rows = list(csv.DictReader(text.splitlines(), strict=True))
        return _table(rows, {*without}, unscored, by_score)


def _table(rows: list[dict[str, str]], without: set[str], unscored: str, by_score: bool) -> Table:
    left_out = without | {key for key in rows[0] if key.startswith("split")}
    if not any(math.isfinite(_number(row[key])) for row in rows for key in _INTERVALS & set(row)):
        left_out |= _TESTS
    keys = [key for key in rows[0] if key not in left_out]
    keys.sort(key=lambda key: _ORDER.index(key) if key in _ORDER else -1)
    (mean,) = _MEANS & set(keys)
    scores = {i: -math.inf if math.isnan(score := _number(row[mean])) else score for i, row in enumerate(rows)}
    order = sorted(scores, key=lambda i: -scores[i])
    decimals = score_decimals(scores.values())
    if by_score:
        rows = [rows[i] for i in order]
    best = 0 if by_score else order[0]
    shown = [[_shown(key, row, unscored, decimals) for key in keys] for row in rows]
    return Table([_HEADINGS.get(key, short_key(key)) for key in keys], shown, best)


def _number(text: str) -> float:
    return float("nan" if text == "" else text)


def _shown(key: str, row: dict[str, str], unscored: str, decimals: int) -> str:
    text = row[key]
    if key in _COMPARED and row.get("setting") == COMBINED:
        return ""
    if key in _TIED and text == "nan":
        return "–"
    if key not in _HEADINGS:
        return "none" if text == "null" else text  # a value of the grid, as in the charts
    if key not in _SCORES:
        return text
    number = _number(text)
    if math.isnan(number) and key in _MEANS:
        return unscored
    if key == "p_value":
        return format_p(number)
    return format_score(number, decimals, "+" if key == "difference" else "")
