"""The tables of results as text for the report. `stages/lib/results/columns.py` says what each column is."""

import re
import sys
from collections.abc import Collection
from typing import Any, NamedTuple

import pandas as pd

from stages.lib.common import (
    format_interval,
    format_score,
    score_decimals,
    short_key,
    short_params,
)
from stages.lib.results.answer import Answer
from stages.lib.results.columns import COLUMNS, OTHER_SCORER, SETTING
from stages.lib.told.answer import percent, ranking

# In the order of display. What follows the last one, other columns or charts say, as they say these.
_SHOWN = list(COLUMNS)[: list(COLUMNS).index("params") + 1]
_SAID_ELSEWHERE = re.compile(r"split\d+_.+|std_test_(?!score$).+")
# What marks a row; a table without these has its best row marked.
_MARKS = ("answer", "kept")

# The thresholds that are shown, and what those at the ends are called.
_FEW = (0.1, 0.3, 0.5, 0.7)
_ENDS = {0.0: "0 (all rows)", 1.0: "1 (no row)"}


Row = dict[str, Any]


class TextTable(NamedTuple):
    """Text by column and row.

    `marks` has what the rows are by place: `answer`, `kept`, both with a blank between them, or `best`. From the column
    `details` on there are details, which narrow pages leave out.
    """

    headings: list[str]
    rows: list[list[str]]
    marks: dict[int, str]
    details: int = sys.maxsize


def _cell(key: str, row: Row, decimals: int) -> str:
    """Write a cell, with the decimals of the scores of its column."""
    value, kind = row[key], COLUMNS[_kind(key)].type
    if key == "params":
        return short_params(value.replace("model as it stands", "as in params.yaml"))
    if kind is str:
        return "none" if value == "null" else str(value) or "–"  # as in the charts
    if pd.isna(value):
        no_score = "no score" if "setting" in row else "diverged"
        return no_score if key == "mean_test_score" else "" if key == "chance" else "–"
    if kind is bool:
        return (
            "yes, the simplest"
            if row.get("simplest") is True
            else "yes"
            if value
            else "no"
        )
    if kind is int or key == "n_epochs":
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
    return (
        percent(value)
        if key == "chance"
        else format_score(value, decimals, "+" if key == "difference" else "")
    )


def text_table(table: pd.DataFrame, without: Collection[str] = ()) -> TextTable:
    """Return a table of candidates or contenders as text, the best row first; without intervals if it has none.

    The scores of single splits and the columns `without` are left out.
    """
    keys = sorted(
        (key for key in _keys(table) if key not in without),
        key=lambda key: _SHOWN.index(_kind(key)),
    )
    # After halving, one that left early may have a higher mean than the best.
    by, ascending = (
        ("rank_test_score", True)
        if "rank_test_score" in table
        else ("mean_test_score", False)
    )
    table = table.sort_values(by, ascending=ascending, kind="stable")
    rows, scored = _records(table), table["mean_test_score"].notna().any()
    marks = {
        i: " ".join(mark for mark in _MARKS if row.get(mark) is True)
        for i, row in enumerate(rows)
    }
    decimals = {
        key: score_decimals(
            table[key if key.startswith(OTHER_SCORER) else "mean_test_score"]
        )
        for key in keys
    }
    return TextTable(
        [
            COLUMNS[_kind(key)].heading or short_key(key.removeprefix(OTHER_SCORER))
            for key in keys
        ],
        [[_cell(key, row, decimals[key]) for key in keys] for row in rows],
        {i: mark for i, mark in marks.items() if mark}
        or ({0: "best"} if scored else {}),
        sum(_SHOWN.index(_kind(key)) <= _SHOWN.index(SETTING) for key in keys),
    )


def searches(columns: dict[str, list[str]], kept: Collection[str]) -> TextTable:
    """Return the leaderboard, as `told.printed` words it, with the search of the kept net marked."""
    marks = {i: "kept" for i, name in enumerate(columns["experiment"]) if name in kept}
    details = [*columns].index("95 %" if "95 %" in columns else "mean") + 1
    return TextTable(
        [*columns],
        [[*row] for row in zip(*columns.values(), strict=True)],
        marks,
        details,
    )


def _records(table: pd.DataFrame) -> list[Row]:
    return [
        {str(key): value for key, value in row.items()}
        for row in table.to_dict("records")
    ]


def _kind(key: str) -> str:
    return (
        key
        if key in COLUMNS
        else OTHER_SCORER
        if key.startswith(OTHER_SCORER)
        else SETTING
    )


def _keys(table: pd.DataFrame) -> list[str]:
    """Return the columns that say something about these rows."""
    is_tested = "ci95" in table and table["ci95"].notna().any()
    keys = [
        key
        for key in map(str, table)
        if _kind(key) in _SHOWN and not _SAID_ELSEWHERE.fullmatch(key)
    ]
    keys = [key for key in keys if key != "n_stuck" or table[key].any()]
    return [key for key in keys if is_tested or not COLUMNS[_kind(key)].tested]


def ranked(answer: Answer) -> TextTable:
    """Return the contenders of the evaluation, the one that is worth most first, and what decides before the rest."""
    columns = ranking(answer)
    columns |= {heading: columns.pop(heading) for heading in ("mean", "kind", "note")}
    places = {each.name: i for i, each in enumerate(answer.contenders)}
    marks = {places[answer.kept]: "kept"}
    marks[places[answer.handed_over]] = (
        "answer kept" if answer.handed_over == answer.kept else "answer"
    )
    details = [*columns].index("mean" if answer.tested else "kind")
    return TextTable(
        [*columns],
        [[*row] for row in zip(*columns.values(), strict=True)],
        marks,
        details,
    )


def thresholds(table: pd.DataFrame) -> TextTable:
    """Return what a few thresholds of the answer give, and the one that costs least, marked as the best."""
    rows = [
        row
        for row in _records(table)
        if "answer" in row["role"] and (row["chosen"] or row["threshold"] in _FEW)
    ]
    decimals = score_decimals([row["cost"] for row in rows])
    shares = ("predicted", "precision", "recall", "false_alarms")
    columns = {
        "threshold": [
            _ENDS.get(row["threshold"], f"{row['threshold']:g}") for row in rows
        ]
    }
    columns |= {
        share.replace("_", " "): [format_score(row[share], 3) for row in rows]
        for share in shares
    }
    columns["cost per row"] = [format_score(row["cost"], decimals) for row in rows]
    if not any(row["chosen"] for row in rows):
        del columns["cost per row"]
    marks = {i: "best" for i, row in enumerate(rows) if row["chosen"]}
    return TextTable(
        [*columns], [[*row] for row in zip(*columns.values(), strict=True)], marks
    )


def losses(table: pd.DataFrame, rope: str) -> TextTable:
    """Return what shuffling each column costs each model, and where that is below the rope, which has its unit."""
    decimals = score_decimals(table["importance"])
    found: dict[str, dict[str, str]] = {}
    for row in _records(table):
        marks = "".join(
            mark
            for part, mark in (("answer", "★ "), ("net", "◆ "))
            if part in row["role"]
        )
        model = f"{marks}{row['model']}, the {row['role'].replace('net', 'kept net')}"  # as in the chart of the inputs
        loss = format_interval(row["importance"], row["ci95"], decimals)
        below = f", below {rope}" if row["below_rope"] is True else ""
        found.setdefault(row["column"], {})[model] = loss + below
    models = list(next(iter(found.values()), {}))
    return TextTable(
        ["input", *models],
        [[name, *(of[model] for model in models)] for name, of in found.items()],
        {},
    )
