"""The tables of results as text for the report. `stages/lib/results/columns.py` says what each column is."""

import re
from collections.abc import Collection
from typing import Any

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
from stages.lib.told.tables import TextTable

# In the order of display. What follows the last one, other columns or charts say, as they say these.
_SHOWN = list(COLUMNS)[: list(COLUMNS).index("params") + 1]
_SAID_ELSEWHERE = re.compile(r"split\d+_.+|std_test_(?!score$).+")
# What marks a row; a table without these has its best row marked.
_MARKS = ("answer", "kept")

# The thresholds that are shown, and what those at the ends are called.
_FEW = (0.1, 0.3, 0.5, 0.7)
_ENDS = {0.0: "0 (all rows)", 1.0: "1 (no row)"}
_SHARES = ("predicted", "precision", "recall", "false_alarms")

Row = dict[str, Any]


def text_table(table: pd.DataFrame, without: Collection[str] = ()) -> TextTable:
    """Return a table of candidates or contenders as text, the best row first; without intervals if it has none.

    The scores of single splits and the columns `without` are left out.
    """
    # After halving, one that left early may have a higher mean than the best.
    if "rank_test_score" in table:
        table = table.sort_values("rank_test_score", kind="stable")
    else:
        by = "mean_test_score"
        table = table.sort_values(by, ascending=False, kind="stable")
    keys = [key for key in _keys(table) if key not in without]
    keys.sort(key=_place)
    rows = _records(table)
    columns = []
    for key in keys:
        scores = table[key if key.startswith(OTHER_SCORER) else "mean_test_score"]
        decimals = score_decimals(scores)
        columns.append([_cell(key, row, decimals) for row in rows])
    cells = [list(row) for row in zip(*columns, strict=True)]
    marks = _marks(rows)
    if not marks and table["mean_test_score"].notna().any():
        marks = {0: "best"}
    details = sum(_place(key) <= _place(SETTING) for key in keys)
    return TextTable(list(map(_heading, keys)), cells, marks, details)


def _keys(table: pd.DataFrame) -> list[str]:
    """Return the columns that say something about these rows."""
    is_tested = "ci95" in table and table["ci95"].notna().any()
    keys = []
    for key in map(str, table):
        kind = _kind(key)
        is_said = kind not in _SHOWN or _SAID_ELSEWHERE.fullmatch(key)
        is_idle = key == "n_stuck" and not table[key].any()
        if is_said or is_idle or (COLUMNS[kind].tested and not is_tested):
            continue
        keys.append(key)
    return keys


def _kind(key: str) -> str:
    if key in COLUMNS:
        return key
    return OTHER_SCORER if key.startswith(OTHER_SCORER) else SETTING


def _place(key: str) -> int:
    return _SHOWN.index(_kind(key))


def _heading(key: str) -> str:
    return COLUMNS[_kind(key)].heading or short_key(key.removeprefix(OTHER_SCORER))


def _records(table: pd.DataFrame) -> list[Row]:
    keys = [*map(str, table)]
    return [dict(zip(keys, row, strict=True)) for row in table.itertuples(index=False)]


def _marks(rows: list[Row]) -> dict[int, str]:
    marks = {}
    for place, row in enumerate(rows):
        if what := [mark for mark in _MARKS if row.get(mark) is True]:
            marks[place] = " ".join(what)
    return marks


def _cell(key: str, row: Row, decimals: int) -> str:
    """Write a cell, with the decimals of the scores of its column."""
    value, kind = row[key], COLUMNS[_kind(key)].type
    if key == "params":
        return short_params(value.replace("model as it stands", "as in params.yaml"))
    if kind is str:
        return "none" if value == "null" else str(value) or "–"  # as in the charts
    if pd.isna(value):
        return _missing(key, row)
    if kind is bool:
        yes = "yes, the simplest" if row.get("simplest") is True else "yes"
        return yes if value else "no"
    if kind is int or key == "n_epochs":
        digits = 0 if float(value).is_integer() else 1
        return f"{value:,.{digits}f}"
    if key == "chance":
        return percent(value)
    sign = "+" if key == "difference" else ""
    return format_score(value, decimals, sign)


def _missing(key: str, row: Row) -> str:
    if key == "mean_test_score":
        return "no score" if "setting" in row else "diverged"
    return "" if key == "chance" else "–"


def searches(columns: dict[str, list[str]], kept: Collection[str]) -> TextTable:
    """Return the leaderboard, as `told.printed` words it, with the search of the kept net marked."""
    marks = {i: "kept" for i, name in enumerate(columns["experiment"]) if name in kept}
    last = "95 %" if "95 %" in columns else "mean"
    return TextTable.of_columns(columns, marks, [*columns].index(last) + 1)


def ranked(answer: Answer) -> TextTable:
    """Return the contenders of the evaluation, the one that is worth most first, and what decides before the rest."""
    columns = ranking(answer)
    columns |= {heading: columns.pop(heading) for heading in ("mean", "kind", "note")}
    names = [each.name for each in answer.contenders]
    marks = {names.index(answer.kept): "kept"}
    is_kept = answer.handed_over == answer.kept
    marks[names.index(answer.handed_over)] = "answer kept" if is_kept else "answer"
    details = [*columns].index("mean" if answer.tested else "kind")
    return TextTable.of_columns(columns, marks, details)


def thresholds(table: pd.DataFrame) -> TextTable:
    """Return what a few thresholds of the answer give, and the one that costs least, marked as the best."""
    of_answer = table[table["role"].str.contains("answer")]
    rows = _records(of_answer[of_answer["chosen"] | of_answer["threshold"].isin(_FEW)])
    columns = {"threshold": [_threshold(row["threshold"]) for row in rows]}
    for share in _SHARES:
        heading = share.replace("_", " ")
        columns[heading] = [format_score(row[share], 3) for row in rows]
    marks = {i: "best" for i, row in enumerate(rows) if row["chosen"]}
    if marks:
        costs = [row["cost"] for row in rows]
        decimals = score_decimals(costs)
        columns["cost per row"] = [format_score(cost, decimals) for cost in costs]
    return TextTable.of_columns(columns, marks)


def _threshold(share: float) -> str:
    return _ENDS.get(share, f"{share:g}")


def losses(table: pd.DataFrame, rope: str) -> TextTable:
    """Return what shuffling each column costs each model, and where that is below the rope, which has its unit."""
    decimals = score_decimals(table["importance"])
    inputs = table["column"].unique().tolist()
    columns = {"input": inputs}
    for _, rows in table.groupby(["model", "role"], sort=False):
        by_input = {}
        for row in _records(rows):
            loss = format_interval(row["importance"], row["ci95"], decimals)
            below = f", below {rope}" if row["below_rope"] is True else ""
            by_input[row["column"]] = loss + below
        columns[_called(rows.iloc[0])] = [by_input[name] for name in inputs]
    return TextTable.of_columns(columns)


def _called(row: pd.Series) -> str:
    """Return what a model is called, as in the chart of the inputs."""
    signs = {"answer": "★ ", "net": "◆ "}
    role = row["role"]
    marks = "".join(sign for part, sign in signs.items() if part in role)
    return f"{marks}{row['model']}, the {role.replace('net', 'kept net')}"
