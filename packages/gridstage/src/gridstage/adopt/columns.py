"""Decides what each column of a table is taken for, and says why."""

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from gridstage.adopt.table import Table
from gridstage.adopt.written import date_forms
from gridstage.common import counted, first_of
from gridstage.data.texts import MOST_TOKENS, booleans, dates, numbers
from gridstage.told.tables import TextTable

Kind = Literal["number", "category", "boolean", "date", "not used", "target"]

# A text with fewer rows per value than the first is not a category. More values than the second need as many rows each
# as the third says. More than the fourth are never a category: gradient boosting could not split them as such.
_ROWS_PER_CATEGORY, _MANY_CATEGORIES, _ROWS_OF_MANY, _MOST_CATEGORIES = 5, 100, 500, 255
# Whole numbers of at most so many values may be codes.
_MOST_CODES = 10
# A text of which this share are numbers is a column of them with mistakes.
_NEARLY_ALL = 0.9
# Values that repeat, from this many on, may each be a person or a place that several rows belong to; of numbers, more.
_FEWEST_GROUPS, _FEWEST_NUMBERED = 5, 100
# Whole numbers up to this one are shown with all digits; and the most characters of a value.
_EXACT, _LONGEST = 1e12, 20

_LIKE_A_DATE = re.compile(
    r"[0-9]{1,4}[-/.][0-9]{1,2}([-/.][0-9]{1,4})?([T ][0-9:.]+(Z|[+-][0-9:]+)?)?"
)
_ID = {"id", "ids", "uuid", "guid", "identifier", "rowid", "rownum", "rownames"}
_PERSON = {
    "subject",
    "patient",
    "person",
    "participant",
    "user",
    "customer",
    "client",
    "respondent",
}


@dataclass(frozen=True)
class Taken:
    """What a column is taken for, and why; `seen` are some of its values, and the hint is for the user to decide."""

    name: str
    kind: Kind
    seen: str
    missing: int
    why: str
    hint: str = ""
    written: str = ""

    @property
    def entry(self) -> dict[str, Any]:
        """Its entry in `data.columns`, for other columns than the target; empty for numbers that lack nothing."""
        if self.kind == "not used":
            return {"use": False}
        kind = {} if self.kind == "number" else {"type": self.kind}
        form = {"written": self.written} if self.written else {}
        return kind | form | ({"missing": "allowed"} if self.missing else {})


class _Cells:
    """The cells of a column, and what the rules look at."""

    def __init__(self, table: Table, name: str) -> None:
        self.table, self.name = table, name
        self.values = table.frame[name].dropna()
        self.missing = len(table.frame) - len(self.values)
        self.are_numbers = pd.api.types.is_numeric_dtype(self.values)
        self.are_whole = self.are_numbers and bool((self.values % 1 == 0).all())
        self.unique = sorted(self.values.unique())
        self.distinct = len(self.unique)
        n_values = len(self.values)
        of_rows = max(_MANY_CATEGORIES, n_values // _ROWS_OF_MANY)
        self.most_categories = min(
            of_rows, _MOST_CATEGORIES, max(2, n_values // _ROWS_PER_CATEGORY)
        )

    def taken(self, kind: Kind, why: str, hint: str = "", written: str = "") -> Taken:
        """Take the column for something."""
        if written:
            why += f", written as {written}"
        seen = values_shown(self.values)
        return Taken(self.name, kind, seen, self.missing, why, hint, written)


def take_columns(table: Table, target: str | None = None) -> list[Taken]:
    """Decide what each column is taken for, except for the target."""
    names = [name for name in table.frame if name != target]
    return [_taken(_Cells(table, str(name))) for name in names]


def _taken(cells: _Cells) -> Taken:
    if of_no_use := _of_no_use(cells):
        return of_no_use
    return _as_number(cells) if cells.are_numbers else _as_text(cells)


def _of_no_use(cells: _Cells) -> Taken | None:
    """Take a column for a constant, row numbers or an id."""
    distinct = cells.distinct
    if not distinct:
        return cells.taken("not used", "empty")
    if distinct == 1 and not cells.missing:
        return cells.taken("not used", "constant")
    if why := _as_row_numbers(cells):
        return cells.taken("not used", why)
    may_be_id = cells.are_whole or not cells.are_numbers
    if distinct > 1 and may_be_id and _names_an_id(cells.name):
        why = f"an id, by its name: {distinct:,} values"
        return cells.taken("not used", why, _on_groups(cells))
    return None


def _as_row_numbers(cells: _Cells) -> str:
    """Say from where to where row numbers count; "" if a column has none."""
    values, distinct = cells.values, cells.distinct
    differ = distinct == len(cells.table.frame) >= 10
    if not differ or not cells.are_whole or values.min() < 0:
        return ""
    why = f"row numbers: they count from {values.min():g} to {values.max():g}"
    n_gone = int(values.max()) + (values.min() == 0) - distinct
    if not n_gone:
        return why
    # Where rows were removed, two thirds of the numbers are still there, in their order.
    if values.is_monotonic_increasing and distinct >= 2 * n_gone:
        return f"{why}, with gaps"
    return ""


def _names_an_id(name: str) -> bool:
    found = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+", name)
    words = [word.lower() for word in found]
    if not words:
        return False
    return words[-1] in _ID or words[0] == "id" or "".join(words) in _ID | _PERSON


def _as_number(cells: _Cells) -> Taken:
    if cells.distinct == 1:
        return cells.taken("category", "one value, or none")
    why = "whole numbers" if cells.are_whole else "numbers"
    written = cells.table.written.get(cells.name, "")
    if cells.are_whole and cells.distinct <= _MOST_CODES and not written:
        why += f", {cells.distinct} values; codes would be `type: category`"
    hint = _on_groups(cells) if _may_be_ids(cells) else ""
    return cells.taken("number", why, hint, written)


def _may_be_ids(cells: _Cells) -> bool:
    """Whether numbers may name persons or places: many, and those of each in one block, or without gaps from 0 or 1."""
    values, distinct = cells.values, cells.distinct
    if not cells.are_whole or distinct < _FEWEST_NUMBERED:
        return False
    first, last = cells.unique[0], cells.unique[-1]
    without_gap = first in {0, 1} and last - first == distinct - 1
    n_blocks = (values != values.shift()).sum()
    return bool(without_gap or n_blocks == distinct)


def _as_text(cells: _Cells) -> Taken:
    """Take a column of texts for dates in a form that its cells show, or for what words may be."""
    if cells.distinct > 1 and _are_dates(cells.unique):
        return _as_date(cells)
    forms = date_forms(cells.unique)
    if len(forms) == 1:
        return _as_date(cells, forms[0])
    taken = _as_words(cells)
    if not forms:
        return taken
    entries = " or ".join(f"{{type: date, written: {form!r}}}" for form in forms)
    hint = (
        f"{cells.name}: dates such as {cells.unique[0]} have their day and month in an order that no cell shows. Set "
        f"data.columns.{cells.name} to {entries}."
    )
    return replace(taken, hint=hint)


def _as_date(cells: _Cells, written: str = "") -> Taken:
    name = cells.name
    hint = (
        f"{name} may order the rows in time. To predict later rows from earlier ones, set cv.splitter: time, "
        f"cv.order: {name}, cv.n_repeats: 1 and cv.shuffle: false."
    )
    why = "dates: not a feature, but may order the rows"
    return cells.taken("date", why, "" if cells.missing else hint, written)


def _as_words(cells: _Cells) -> Taken:
    """Take a column for a boolean without missing cells, a category, or what a net can't use."""
    name, distinct = cells.name, cells.distinct
    if distinct == 2 and not cells.missing and set(booleans(cells.unique)) == {0, 1}:
        return cells.taken("boolean", "two values, a yes and a no")
    if distinct == 1:
        return cells.taken("category", "one value, or none")
    if distinct <= min(cells.most_categories, len(cells.values) - 1):
        return cells.taken("category", f"text of {distinct} values")
    if problem := _odd_numbers(cells):
        remedy = (
            "To use the column, fix its cells and adopt again; or, if such cells are missing, add them to "
            f"data.na_values, set data.columns.{name} to {{missing: allowed}} and prepare.impute to median."
        )
        hint = f"{name}: {problem}. {remedy}"
        return cells.taken("not used", f"text: {problem}", hint)
    if distinct == len(cells.values):
        return cells.taken("not used", "free text, or an id: every cell differs")
    why = f"text of {distinct:,} values, too many for a category: {cells.most_categories} at most"
    return cells.taken("not used", why, _on_groups(cells))


def _are_dates(texts: list[str]) -> bool:
    if not all(map(_LIKE_A_DATE.fullmatch, texts)):
        return False
    return not np.isnan(dates(texts)).any()


def _odd_numbers(cells: _Cells) -> str:
    """Say which cells of a column of numbers are mistakes; "" if it has none, or is no such column."""
    is_odd = np.isnan(numbers(cells.unique, cells.table.rows.decimal))
    odd = cells.values[cells.values.isin(np.asarray(cells.unique)[is_odd])]
    share = 1 - len(odd) / len(cells.values)
    few = share > 0.5 and odd.nunique() <= MOST_TOKENS
    if odd.empty or not (few or share >= _NEARLY_ALL):
        return ""
    first = odd.iloc[0]
    where = cells.table.place(cells.table.frame[cells.name] == first)
    count = counted(len(odd), "cell is not a number", "cells are not numbers")
    return f"{count}, such as {_short(first)!r} in {where}"


def _on_groups(cells: _Cells) -> str:
    """Say how to keep the rows of a value together, where values repeat as persons or places do."""
    if cells.distinct < _FEWEST_GROUPS or len(cells.values) < 2 * cells.distinct:
        return ""
    return (
        f"{cells.name} has {cells.distinct:,} values in {len(cells.values):,} rows. If the rows of a value belong "
        "together, as those of a person do, set cv.splitter: group (for classes: stratified_group) and cv.groups: "
        f"{cells.name}. Otherwise scores are too high for new ones."
    )


def values_shown(values: pd.Series) -> str:
    """Return the range of numbers, or the first values of a text."""
    if pd.api.types.is_numeric_dtype(values):
        if values.empty:
            return ""
        is_exact = (values % 1 == 0).all() and values.abs().max() < _EXACT
        form = ".0f" if is_exact else "g"
        return f"{values.min():{form}} to {values.max():{form}}"
    return first_of([_short(str(value)) for value in sorted(values.unique())], 4)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def print_taken(columns: list[Taken]) -> None:
    """Print one row per column: what it is taken for, what is in it, and why."""
    rows = []
    for column in columns:
        missing = f"{column.missing:,}" if column.missing else ""
        rows.append((column.name, column.kind, missing, column.seen, column.why))
    of_kinds = {"target": "target", "not used": "unused"}
    marks = {i: of_kinds.get(column.kind, "") for i, column in enumerate(columns)}
    headings = ["column", "taken as", "missing", "seen", "why"]
    left = {*headings} - {"missing"}
    TextTable(headings, rows, marks).show(left=left)
