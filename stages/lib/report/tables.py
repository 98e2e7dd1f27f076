"""Reads the committed tables of scores as text for the report."""

import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from stages.lib.common import format_p, format_score, score_decimals, short_key, short_params
from stages.lib.report.records import Record, number, records
from stages.lib.scores import ALPHA

# The headings of columns in the committed tables, in display order: what a row is called, how good it is, and what else
# is known. The scorers of `cv.also_score` come after the first scorer and its interval, the values of a grid after the
# set.
_HEADINGS = {
    "setting": "setting",
    "experiment": "experiment",
    "rank_test_score": "rank",
    "best_score_corrected": "corrected",
    "best_score_corrected_low": "95 % interval",
    "mean_test_score": "mean",
    "best_score": "mean",
    "ci95": "± 95 %",
    "best_ci95": "± 95 %",
    "in_best_set": "in the set",
    "n_in_best_set": "in the set",
    "difference": "to kept",
    "difference_ci95": "± 95 %",
    "p_value": "p",
    "tied_with_kept": "tied",
    "tied_with_above": "tied with the one above",
    "p_value_holm": "p (Holm)",
    "worse": "worse",
    "equal": "equal",
    "better": "better",
    "stage": "stage",
    "n_weights": "weights",
    "n_epochs": "epochs",
    "n_stuck": "stuck",
    "best_n_stuck": "stuck",
    "n_candidates": "candidates",
    "n_fits": "fits",
    "std_test_score": "std",
    "best_std": "std",
    "params": "params",
    "best_params": "best params",
}
_ORDER = list(_HEADINGS)
_AFTER_SCORE = _ORDER.index("best_ci95") + 0.5
_AFTER_SET = _ORDER.index("n_in_best_set") + 0.5
_WHOLE = {"rank_test_score", "n_in_best_set", "n_candidates", "n_fits", "n_weights", "n_stuck", "best_n_stuck", "stage"}
_YES_OR_NO = {"tied_with_kept", "tied_with_above", "in_best_set"}
_NAMES = {"setting", "experiment"}
_TEXT = {"params", "best_params"}
_SHARES = {"worse", "equal", "better"}
_P = {"p_value", "p_value_holm"}
_COMPARED = {"difference", "difference_ci95", "p_value", "tied_with_kept", *_SHARES}
_MEANS = ("best_score_corrected", "best_score", "mean_test_score")
_INTERVALS = {"ci95", "best_ci95"}
_STUCK = {"n_stuck", "best_n_stuck"}
# Where there is no interval, as with splits in time order, there is none of these.
_TESTS = {
    *_INTERVALS,
    *_YES_OR_NO,
    *_SHARES,
    *_P,
    "difference_ci95",
    "n_in_best_set",
    "best_score_corrected",
    "best_score_corrected_low",
}
# What other columns say.
_TOLD = {"kept", "simplest", "best_score_corrected_high"}
# Marks a row outside the set whose p-value does not say why.
OUT = "no *"


@dataclass(frozen=True)
class Table:
    """Text by column and row.

    Attributes
    ----------
    headings : list of str
    rows : list of list of str
    best : int
        Which row is the best; -1 if none has a score.
    details : int
        From which column on there are details, which a narrow page of paper leaves out.
    """

    headings: list[str]
    rows: list[list[str]]
    best: int
    details: int = sys.maxsize

    @property
    def has_out(self) -> bool:
        """Whether a row is marked as `OUT`."""
        return any(OUT in row for row in self.rows)


def read_table(
    path: Path, without: Iterable[str] = (), unscored: str = "diverged", by_score: bool = False, most: int | None = None
) -> Table:
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
    most : int, optional
        A table with more rows is sorted by rank.

    Raises
    ------
    UserError
        If the file is missing, or is not a table of scores.
    """
    with records(path, "a table of scores") as rows:
        return _table(rows, {*without}, unscored, by_score, most)


def _table(rows: list[Record], without: set[str], unscored: str, by_score: bool, most: int | None) -> Table:
    spread = {key for key in rows[0] if key.startswith(("split", "std_test_"))} - {"std_test_score"}
    none_stuck = {key for key in _STUCK & set(rows[0]) if not any(number(row[key]) for row in rows)}
    left_out = without | _TOLD | spread | none_stuck
    if not any(math.isfinite(number(row[key])) for row in rows for key in _INTERVALS & set(row)):
        left_out |= _TESTS
    if "p_value_holm" in rows[0]:
        left_out |= {"p_value"}
    keys = [key for key in rows[0] if key not in left_out]
    keys.sort(key=_place)
    mean, *_ = [key for key in _MEANS if key in keys]
    scores = {i: -math.inf if math.isnan(score := number(row[mean])) else score for i, row in enumerate(rows)}
    order = sorted(scores, key=lambda i: -scores[i])
    if many := most is not None and len(rows) > most:
        order = sorted(scores, key=lambda i: int(rows[i]["rank_test_score"]))
    decimals = {key: score_decimals(number(row[key]) for row in rows) for key in keys if key.startswith("mean_test_")}
    usual = score_decimals(scores.values())
    if by_score or many:
        rows = [rows[i] for i in order]
    best = -1 if max(scores.values()) == -math.inf else 0 if by_score or many else order[0]
    shown = [[_shown(key, row, unscored, decimals.get(key, usual)) for key in keys] for row in rows]
    headings = [_HEADINGS.get(key) or short_key(key.removeprefix("mean_test_")) for key in keys]
    details = sum(_place(key) <= _AFTER_SET for key in keys)
    return Table(headings, shown, best, details)


def _place(key: str) -> float:
    if key in _HEADINGS:
        return _ORDER.index(key)
    return _AFTER_SCORE if key.startswith("mean_test_") else _AFTER_SET


def _shown(key: str, row: Record, unscored: str, decimals: int) -> str:
    text = row[key]
    if key in _COMPARED and row.get("kept") == "true":
        return ""
    if key in _YES_OR_NO:
        simplest = ", the simplest" if row.get("simplest") == "true" else ""
        out = OUT if number(row.get("p_value_holm", "")) >= ALPHA else "no"
        return {"true": f"yes{simplest}", "false": out}.get(text, "–")
    if key in _NAMES:
        return text
    if key not in _HEADINGS and not key.startswith("mean_test_"):
        return "none" if text == "null" else text  # a value of the grid, as in the charts
    if key in _TEXT:
        return short_params(text)
    value = number(text)
    if key in _WHOLE or key == "n_epochs":
        return "–" if math.isnan(value) else f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
    if math.isnan(value) and key in _MEANS:
        return unscored
    if key in _P:
        return format_p(value)
    if key in _SHARES:
        return format_score(value, 2)
    if key == "best_score_corrected_low":
        ends = (value, number(row["best_score_corrected_high"]))
        return " to ".join(format_score(end, decimals) for end in ends)
    if math.isnan(value) and key in _INTERVALS and not any(math.isnan(number(row.get(mean, "0"))) for mean in _MEANS):
        return "constant"
    return format_score(value, decimals, "+" if key == "difference" else "")
