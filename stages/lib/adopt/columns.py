"""Decides what each column of a table is taken for, and says why."""

import re

import numpy as np

from stages.lib.adopt.hints import LIKE_A_DATE, NEARLY_ALL, on_dates, on_odd
from stages.lib.adopt.table import Table
from stages.lib.adopt.taken import Cells, Taken, short
from stages.lib.data.texts import MOST_TOKENS, NUMBER_WITH_SIGNS, booleans, dates, day_or_month

# A text with more different values than this is not a category; nor is one with fewer rows per value than the second.
_MOST_CATEGORIES, _ROWS_PER_CATEGORY = 100, 5
# Whole numbers of at most so many values may be codes.
_MOST_CODES = 10

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
    """Take a column for a constant, row names, row numbers or an id."""
    values, distinct = cells.values, cells.distinct
    each_once = distinct == len(cells.table.frame)
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+", cells.name)]
    if distinct <= 1 and not (distinct and cells.missing):
        return cells.taken("not used", "constant" if distinct else "empty")
    if each_once and cells.name == "Unnamed: 0":
        return cells.taken("not used", "row names: without a name, and every cell differs")
    has_no_gap = each_once and cells.are_whole and len(values) >= 10 and np.ptp(values) == distinct - 1
    if has_no_gap and values.min() in {0, 1}:
        return cells.taken("not used", f"row numbers: they count from {values.min():g} to {values.max():g}")
    by_name = words and (words[-1] in _ID or words[0] == "id" or {"".join(words)} & (_ID | _PERSON))
    if by_name and distinct > 1 and (cells.are_whole or not cells.are_numbers):
        return cells.not_used(f"an id, by its name: {distinct:,} values")
    return None


def _as_number(cells: Cells) -> Taken | None:
    if not cells.are_numbers or cells.distinct == 1:
        return None
    why = "whole numbers" if cells.are_whole else "numbers"
    if cells.are_whole and cells.distinct == 2:
        why = "numbers of two values"
    elif cells.are_whole and cells.distinct <= _MOST_CODES:
        why = f"whole numbers, {cells.distinct} values; codes would be `type: category`"
    return cells.taken("number", why)


def _as_category(cells: Cells) -> Taken | None:
    """Take a column for a category, or for a boolean, which has no missing cells."""
    distinct, hint = cells.distinct, ""
    if distinct == 1:
        return cells.taken("category", "one value, or none")
    if distinct == 2 and not cells.missing and set(booleans(cells.unique)) == {0, 1}:
        return cells.taken("boolean", "two values, a yes and a no")
    if distinct > min(_most_categories(cells), len(cells.values) - 1):
        return None
    if _are_few(cells) and distinct - cells.odd.nunique() > _MOST_CODES:  # with few numbers they are all codes
        hint = on_odd(cells)[1]
    return cells.taken("category", f"text of {distinct} values", hint)


def _as_date(cells: Cells) -> Taken | None:
    looks_so = cells.distinct > 1 and all(map(LIKE_A_DATE.fullmatch, cells.unique))
    if not looks_so or np.isnan(dates(cells.unique)).any():
        return None
    if cells.missing:
        return cells.taken("date", "dates: not a feature")
    note = day_or_month(cells.unique)
    hint = (
        f"{cells.name} may order the rows in time. To predict later rows from earlier ones, set cv.splitter: time, "
        f"cv.order: {cells.name}, cv.n_repeats: 1 and cv.shuffle: false." + (f" {note}." if note else "")
    )
    return cells.taken("date", "dates: not a feature, but may order the rows", hint)


def _as_text(cells: Cells) -> Taken:
    """Take a column for what a net can't use: numbers or dates with mistakes, free text, or too many values."""
    if _are_few(cells):
        problem, hint = on_odd(cells)
        return cells.taken("not used", f"text: {problem}", hint)
    if hint := on_dates(cells):
        return cells.taken("not used", "text: dates, but not all cells", hint)
    if cells.share(NUMBER_WITH_SIGNS) >= NEARLY_ALL:
        example = f"1234{cells.table.csv.decimal}5"
        hint = f"{cells.name}: to use the column, write its numbers in digits alone, as in {example}, and adopt again."
        return cells.taken("not used", f"text: numbers among other signs, such as {short(cells.odd.iloc[0])!r}", hint)
    if cells.distinct == len(cells.values):
        is_prose = cells.values.str.count(" ").mean() >= 2
        return cells.taken("not used", "free text: every cell differs" if is_prose else "an id: every cell differs")
    most = _most_categories(cells)
    return cells.not_used(f"text of {cells.distinct:,} values, too many for a category: {most} at most")


def _most_categories(cells: Cells) -> int:
    return min(_MOST_CATEGORIES, max(2, len(cells.values) // _ROWS_PER_CATEGORY))


def _are_few(cells: Cells) -> bool:
    """Whether some cells keep a column from being numbers: few ones, or few different ones."""
    share = 1 - len(cells.odd) / len(cells.values)
    return share >= NEARLY_ALL or (share > 0.5 and cells.odd.nunique() <= MOST_TOKENS)
