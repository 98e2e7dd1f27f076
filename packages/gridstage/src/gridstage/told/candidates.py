"""The tables of candidates and contenders as text. `results/columns.py` says what each column is."""

import re
from collections.abc import Collection
from typing import Any

import pandas as pd

from gridstage.common import format_score, score_decimals, short_key, short_params
from gridstage.config import Params
from gridstage.results import files
from gridstage.results.columns import COLUMNS, OTHER_SCORER, SETTING
from gridstage.results.search import SearchSummary
from gridstage.scores.score_table import trained_to_the_end
from gridstage.told.answer import percent
from gridstage.told.findings import best_told
from gridstage.told.scores import NOT_TESTED, too_few
from gridstage.told.tables import TextTable

# In the order of display. What follows the last one, other columns or charts say, as they say these.
_SHOWN = list(COLUMNS)[: list(COLUMNS).index("params") + 1]
_SAID_ELSEWHERE = re.compile(r"split\d+_.+|std_test_(?!score$).+")
# What marks a row; a table without these has its best row marked.
_MARKS = ("answer", "kept")
# What is not printed of candidates.
_NOT_PRINTED = ("rank_test_score", "n_weights", "n_epochs")


Row = dict[Any, Any]


def text_table(table: pd.DataFrame, without: Collection[str] = ()) -> TextTable:
    """Return a table of candidates or contenders as text, the best row first; without intervals if it has none.

    The scores of single splits and the columns `without` are left out.
    """
    # After halving, one that left early may have a higher mean than the best.
    table = table.sort_values("rank_test_score", kind="stable")
    keys = [key for key in _keys(table) if key not in without]
    keys.sort(key=_place)
    rows: list[Row] = table.to_dict("records")
    columns = []
    for key in keys:
        scores = table[key if key.startswith(OTHER_SCORER) else "mean_test_score"]
        decimals = score_decimals(scores)
        columns.append([_cell(key, row, decimals) for row in rows])
    cells = [list(row) for row in zip(*columns, strict=True)]
    marks = _marks(rows)
    if not marks and table["mean_test_score"].notna().any():
        marks = {0: "best"}
    return TextTable(list(map(_heading, keys)), cells, marks)


def print_candidates(table: pd.DataFrame, title: str, file: str) -> None:
    """Print every candidate, the best first, which is marked; of many, the first of those in the `file`."""
    settings = [key for key in map(str, table) if _kind(key) == SETTING]
    shown = text_table(table, [*settings, *_NOT_PRINTED])
    shown.show(title, file=file)
    if not shown.marks:
        print("every candidate diverged, so none is the best")
    else:
        is_tested = table["ci95"].notna().any()
        print("* the best" if is_tested else f"* the best; {NOT_TESTED}")
    if "stuck" in shown.headings:
        print("stuck: how many fits have a net that answers nearly all rows alike")


def print_search(
    name: str, params: Params, table: pd.DataFrame, summary: SearchSummary
) -> None:
    """Print the candidates of a search, and what the best of them is worth.

    Parameters
    ----------
    name : str
        The experiment.
    params : Params
        What params.yaml says.
    table : DataFrame
        The candidates, as metrics/search/NAME/candidates.csv has them.
    summary : SearchSummary
        What metrics/search/NAME/summary.json has.

    Examples
    --------
    >>> table = results.table(files.CANDIDATES, "neurons")
    >>> print_search("neurons", params, table, results.read(files.SUMMARY, "neurons"))
    neurons: accuracy over 6 splits
    ...
    The best is n_neurons=...
    """
    title = f"{name}: {params.cv.scoring} over {summary.n_splits} splits"
    print_candidates(table, title, files.CANDIDATES.at(name))
    n_ended = int(trained_to_the_end(table).sum())
    print(best_told(summary, n_ended, score_decimals([summary.best_score])))
    if few := too_few(summary):
        print(few)
    if summary.net_epochs_spared is not None:
        print(f"halving spared {summary.net_epochs_spared:,} net-epochs")


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
