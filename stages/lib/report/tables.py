"""Reads the committed tables of scores as text for the report."""

import math
import re
import sys
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import NamedTuple

from stages.lib.common import format_p, format_score, score_decimals, short_key, short_params
from stages.lib.report.records import Record, number, records

# The mean of a row is the first of these.
_MEANS = ("best_score_corrected", "best_score", "mean_test_score")


class Table(NamedTuple):
    """Text by column and row.

    `marks` has what the rows are by place: `answer`, `kept`, both with a blank between them, or `best`. From the column
    `details` on there are details, which a narrow page of paper leaves out.
    """

    headings: list[str]
    rows: list[list[str]]
    marks: dict[int, str]
    details: int = sys.maxsize


class Cell(NamedTuple):
    """A cell of a committed table: its text, the row it is in, and the decimals of the scores of its column."""

    text: str
    row: Record
    decimals: int

    @property
    def value(self) -> float:
        """The cell as a number."""
        return number(self.text)


def _text(cell: Cell) -> str:
    return "none" if cell.text == "null" else cell.text  # as in the charts


def _score(cell: Cell, sign: str = "") -> str:
    return format_score(cell.value, cell.decimals, sign)


def _mean(cell: Cell) -> str:
    unscored = "no score" if "setting" in cell.row else "diverged"
    return unscored if math.isnan(cell.value) else _score(cell)


def _interval(cell: Cell) -> str:
    constant = math.isnan(cell.value) and not any(math.isnan(number(cell.row.get(mean, "0"))) for mean in _MEANS)
    return "constant" if constant else _score(cell)


def _range(cell: Cell) -> str:
    ends = (cell.value, number(cell.row["best_score_corrected_high"]))
    return " to ".join(format_score(end, cell.decimals) for end in ends)


def _count(cell: Cell) -> str:
    if math.isnan(cell.value):
        return "–"
    return f"{cell.value:,.0f}" if cell.value.is_integer() else f"{cell.value:,.1f}"


def _yes_or_no(cell: Cell) -> str:
    simplest = ", the simplest" if cell.row.get("simplest") == "true" else ""
    return {"true": f"yes{simplest}", "false": "no"}.get(cell.text, "–")


class Column(NamedTuple):
    """How a column of a committed table is shown: under which heading, or its own name, and how a cell is written.

    A column that is `tested` is left out where there is no interval, as with splits in time order. One that compares
    `against_kept` has nothing in the row of the kept setting.
    """

    heading: str
    write: Callable[[Cell], str]
    tested: bool = False
    against_kept: bool = False


# In display order: what a row is called, how good it is, and what else is known. `_OTHER_SCORER` stands for the scorers
# of `cv.also_score`, and `_KEY` for the keys of a grid.
_OTHER_SCORER, _KEY = "mean_test_", ""
_COLUMNS = {
    **dict.fromkeys(("setting", "experiment"), Column("", _text)),
    "rank_test_score": Column("rank", _count),
    "best_score_corrected": Column("corrected", _mean, tested=True),
    "best_score_corrected_low": Column("95 % interval", _range, tested=True),
    **dict.fromkeys(("mean_test_score", "best_score"), Column("mean", _mean)),
    **dict.fromkeys(("ci95", "best_ci95"), Column("± 95 %", _interval, tested=True)),
    _OTHER_SCORER: Column("", _score),
    "in_best_set": Column("may be the best", _yes_or_no, tested=True),
    "n_in_best_set": Column("may be the best", _count, tested=True),
    "n_candidates": Column("candidates", _count),
    _KEY: Column("", _text),
    "standing": Column("vs. kept net", lambda cell: cell.text or "–", tested=True, against_kept=True),
    "difference": Column("difference", partial(_score, sign="+"), against_kept=True),
    "difference_ci95": Column("± 95 %", _score, tested=True, against_kept=True),
    "p_value_holm": Column("p (Holm)", lambda cell: format_p(cell.value), tested=True, against_kept=True),
    "tied_with_above": Column("tied with the one above", _yes_or_no, tested=True),
    "stage": Column("", _count),
    "n_weights": Column("weights", _count),
    "n_epochs": Column("epochs", _count),
    **dict.fromkeys(("n_stuck", "best_n_stuck"), Column("stuck", _count)),
    "n_fits": Column("fits", _count),
    **dict.fromkeys(("std_test_score", "best_std"), Column("std", _score)),
    "params": Column("", lambda cell: short_params(cell.text)),
    "best_params": Column("best params", lambda cell: short_params(cell.text)),
}
_PLACES = {kind: place for place, kind in enumerate(_COLUMNS)}
# The scores of single splits, the spreads of other scorers, and what other columns say.
_NOT_SHOWN = re.compile(
    r"split\d+_.+|std_test_(?!score$).+|p_value|worse|equal|better|kept|answer|simplest|best_score_corrected_high"
    r"|stuck_splits"
)
# What marks a row; a table without these has its best row marked.
MARKS = ("answer", "kept")


def read_table(path: Path, without: Collection[str] = ()) -> Table:
    """Read a committed CSV as text, the best row first, and without intervals if it has none.

    The scores of single splits and the columns `without` are left out. Raises `UserError` if the file is missing, or is
    not a table of scores.
    """
    with records(path, "a table of scores") as rows:
        keys = sorted((key for key in _keys(rows) if key not in without), key=lambda key: _PLACES[_kind(key)])
        mean, *_ = [key for key in _MEANS if key in keys]
        scores = [-math.inf if math.isnan(score := number(row[mean])) else score for row in rows]
        # After halving, one that left early may have a higher mean than the best.
        ranked = "rank_test_score" in rows[0]
        order = sorted(range(len(rows)), key=lambda i: int(rows[i]["rank_test_score"]) if ranked else -scores[i])
        rows = [rows[i] for i in order]
        columns = [_written(key, rows, key if key.startswith(_OTHER_SCORER) else mean) for key in keys]
        return Table(
            [_COLUMNS[_kind(key)].heading or short_key(key.removeprefix(_OTHER_SCORER)) for key in keys],
            [list(cells) for cells in zip(*columns, strict=True)],
            marks_of(rows) or ({0: "best"} if max(scores) > -math.inf else {}),
            sum(_PLACES[_kind(key)] <= _PLACES[_KEY] for key in keys),
        )


def marks_of(rows: list[Record]) -> dict[int, str]:
    """Return which rows of a table are the answer and the kept net, as `marks` of `Table`."""
    marks = {i: " ".join(mark for mark in MARKS if row.get(mark) == "true") for i, row in enumerate(rows)}
    return {i: mark for i, mark in marks.items() if mark}


def _kind(key: str) -> str:
    return key if key in _COLUMNS else _OTHER_SCORER if key.startswith(_OTHER_SCORER) else _KEY


def _keys(rows: list[Record]) -> list[str]:
    """Return the columns that say something about these rows."""
    tested = any(math.isfinite(number(row.get(key, ""))) for row in rows for key in ("ci95", "best_ci95"))
    empty = {key for key in ("n_stuck", "best_n_stuck") if not any(number(row.get(key, "0")) for row in rows)}
    keys = [key for key in rows[0] if key not in empty and not _NOT_SHOWN.fullmatch(key)]
    return [key for key in keys if tested or not _COLUMNS[_kind(key)].tested]


def _written(key: str, rows: list[Record], scores: str) -> list[str]:
    """Return a column as text, with as many decimals as the column `scores` needs."""
    column, decimals = _COLUMNS[_kind(key)], score_decimals(number(row[scores]) for row in rows)
    return [
        "" if column.against_kept and row.get("kept") == "true" else column.write(Cell(row[key], row, decimals))
        for row in rows
    ]
