"""Decides what each column of a table is taken for, and says why."""

import re

import numpy as np

from stages.lib.adopt.table import Table
from stages.lib.adopt.taken import Cells, Taken, short
from stages.lib.common import counted
from stages.lib.data.texts import MOST_TOKENS, booleans, dates

# A text with more different values than this is not a category; nor is one with fewer rows per value than the second.
_MOST_CATEGORIES, _ROWS_PER_CATEGORY = 100, 5
# Whole numbers of at most so many values may be codes.
_MOST_CODES = 10
# A text of which this share are numbers is a column of them with mistakes.
_NEARLY_ALL = 0.9
# Values that repeat, from this many on, may each be a person or a place that several rows belong to.
_FEWEST_GROUPS = 5

_LIKE_A_DATE = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}([-/.][0-9]{1,4})?([T ][0-9:.]+(Z|[+-][0-9:]+)?)?")
_ID = {"id", "ids", "uuid", "guid", "identifier", "rowid", "rownum", "rownames"}
_PERSON = {"subject", "patient", "person", "participant", "user", "customer", "client", "respondent"}


def take_columns(table: Table, target: str | None = None) -> list[Taken]:
    """Decide what each column is taken for, except for the target."""
    columns = [Cells(table, str(name)) for name in table.frame if name != target]
    return [
        _of_no_use(cells) or _as_number(cells) or _as_date(cells) or _as_category(cells) or _as_text(cells)
        for cells in columns
    ]


def _of_no_use(cells: Cells) -> Taken | None:
    """Take a column for a constant, row numbers or an id."""
    values, distinct = cells.values, cells.distinct
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+", cells.name)]
    if distinct <= 1 and not (distinct and cells.missing):
        return cells.taken("not used", "constant" if distinct else "empty")
    each_once = distinct == len(cells.table.frame)
    has_no_gap = each_once and cells.are_whole and len(values) >= 10 and np.ptp(values) == distinct - 1
    if has_no_gap and values.min() in {0, 1}:
        return cells.taken("not used", f"row numbers: they count from {values.min():g} to {values.max():g}")
    by_name = words and (words[-1] in _ID or words[0] == "id" or {"".join(words)} & (_ID | _PERSON))
    if by_name and distinct > 1 and (cells.are_whole or not cells.are_numbers):
        return cells.taken("not used", f"an id, by its name: {distinct:,} values", _on_groups(cells))
    return None


def _as_number(cells: Cells) -> Taken | None:
    if not cells.are_numbers or cells.distinct == 1:
        return None
    why = "whole numbers" if cells.are_whole else "numbers"
    if cells.are_whole and cells.distinct <= _MOST_CODES:
        why = f"whole numbers, {cells.distinct} values; codes would be `type: category`"
    return cells.taken("number", why)


def _as_category(cells: Cells) -> Taken | None:
    """Take a column for a category, or for a boolean, which has no missing cells."""
    distinct = cells.distinct
    if distinct == 2 and not cells.missing and set(booleans(cells.unique)) == {0, 1}:
        return cells.taken("boolean", "two values, a yes and a no")
    if distinct > 1 and distinct > min(_most_categories(cells), len(cells.values) - 1):
        return None
    # With few numbers they are all codes.
    hint = _on_odd(cells)[1] if _are_few(cells) and distinct - cells.odd.nunique() > _MOST_CODES else ""
    return cells.taken("category", f"text of {distinct} values" if distinct > 1 else "one value, or none", hint)


def _as_date(cells: Cells) -> Taken | None:
    looks_so = cells.distinct > 1 and all(map(_LIKE_A_DATE.fullmatch, cells.unique))
    if not looks_so or np.isnan(dates(cells.unique)).any():
        return None
    hint = (
        f"{cells.name} may order the rows in time. To predict later rows from earlier ones, set cv.splitter: time, "
        f"cv.order: {cells.name}, cv.n_repeats: 1 and cv.shuffle: false."
    )
    return cells.taken("date", "dates: not a feature, but may order the rows", "" if cells.missing else hint)


def _as_text(cells: Cells) -> Taken:
    """Take a column for what a net can't use: numbers with mistakes, free text, or too many values."""
    if _are_few(cells):
        problem, hint = _on_odd(cells)
        return cells.taken("not used", f"text: {problem}", hint)
    if cells.distinct == len(cells.values):
        return cells.taken("not used", "free text, or an id: every cell differs")
    why = f"text of {cells.distinct:,} values, too many for a category: {_most_categories(cells)} at most"
    return cells.taken("not used", why, _on_groups(cells))


def _most_categories(cells: Cells) -> int:
    return min(_MOST_CATEGORIES, max(2, len(cells.values) // _ROWS_PER_CATEGORY))


def _are_few(cells: Cells) -> bool:
    """Whether some cells keep a column from being numbers: few ones, or few different ones."""
    share = 1 - len(cells.odd) / len(cells.values)
    return share >= _NEARLY_ALL or (share > 0.5 and cells.odd.nunique() <= MOST_TOKENS)


def _on_odd(cells: Cells) -> tuple[str, str]:
    """Describe the cells that keep a column from being numbers, and say what to do."""
    name, odd = cells.name, cells.odd
    line = cells.table.line(cells.table.frame[name] == odd.iloc[0])
    count = counted(len(odd), "cell is not a number", "cells are not numbers")
    problem = f"{count}, such as {short(odd.iloc[0])!r} in line {line}"
    remedy = (
        f"To use the column, fix its cells and adopt again; or, if such cells are missing, add them to data.na_values, "
        f"set data.columns.{name} to {{missing: allowed}} and prepare.impute to median."
    )
    return problem, f"{name}: {problem}. {remedy}"


def _on_groups(cells: Cells) -> str:
    """Say how to keep the rows of a value together, where values repeat as persons or places do."""
    if cells.distinct < _FEWEST_GROUPS or len(cells.values) < 2 * cells.distinct:
        return ""
    return (
        f"{cells.name} has {cells.distinct:,} values in {len(cells.values):,} rows. If the rows of a value belong "
        "together, as those of a person do, set cv.splitter: group (for classes: stratified_group) and cv.groups: "
        f"{cells.name}. Otherwise scores are too high for new ones."
    )
