"""Decides what each column of a table is taken for, and says why."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from stages.lib.adopt.table import Table
from stages.lib.config import Column
from stages.lib.data.alike import on_twins
from stages.lib.data.texts import MOST_TOKENS, NUMBER_WITH_SIGNS, booleans, dates, day_or_month, numbers

Kind = Literal["number", "category", "boolean", "date", "not used", "target"]

# A text with more different values than this is not a category; nor is one with fewer rows per value than the second.
_MOST_CATEGORIES, _ROWS_PER_CATEGORY = 100, 5
# Values that repeat, from this many on, may each be a person or a place that several rows belong to.
_FEWEST_GROUPS = 5
# Whole numbers of at most so many values may be codes.
_MOST_CODES = 10
# A text of which this share are numbers is a column of numbers with mistakes.
_NEARLY_ALL = 0.9
# Of numbers with points between thousands, so many have a last digit other than 0.
_MOST_HAVE = 0.7
# Whole numbers up to this one are shown with all digits.
_EXACT = 1e12

_ID = {"id", "ids", "uuid", "guid", "identifier", "rowid", "rownum", "rownames"}
_PERSON = {"subject", "patient", "person", "participant", "user", "customer", "client", "respondent"}
_LIKE_A_DAY = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}")
_LIKE_A_DATE = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}([-/.][0-9]{1,4})?([T ][0-9:.]+(Z|[+-][0-9:]+)?)?")


@dataclass(frozen=True)
class Taken:
    """What a column is taken for.

    Attributes
    ----------
    seen : str
        The range of its numbers, or some of its values.
    missing : int
        How many of its cells are missing.
    hint : str
        What only the user can decide; empty if there is nothing.
    may_group : bool
        Whether its values repeat as persons or places do that several rows belong to.
    """

    name: str
    kind: Kind
    seen: str
    missing: int
    why: str
    hint: str = ""
    may_group: bool = False

    @property
    def is_feature(self) -> bool:
        """Whether the target is predicted from it."""
        return self.kind in {"number", "category", "boolean"}

    @property
    def column(self) -> Column:
        """Its entry in `data.columns`."""
        if self.kind == "not used":
            return Column(use=False)
        if self.kind == "target":
            return Column()
        return Column(type=self.kind, missing="allowed" if self.missing else None)


def take_columns(table: Table, target: str | None = None) -> list[Taken]:
    """Decide what each column is taken for, except for the target."""
    columns = [_Cells(table, str(name)) for name in table.frame if name != target]
    return [
        _of_no_use(cells) or _as_number(cells) or _as_date(cells) or _as_category(cells) or _as_text(cells)
        for cells in columns
    ]


def on_thousands(table: Table, name: str) -> str:
    """Return a hint on numbers that are read with decimal signs and may have them between thousands, as 12.345 may.

    They are common where semicolons separate cells, and where other cells have two such signs, as 1.234.567 has.
    """
    values, sign = table.frame[name].dropna(), table.csv.decimal
    if not pd.api.types.is_numeric_dtype(values) or not len(values) or not 10 <= values.abs().max() < _EXACT:
        return ""
    thousandths = (values.abs() * 1000).round(6)
    if (thousandths % 1 != 0).any() or (thousandths % 10 != 0).mean() <= _MOST_HAVE:
        return ""
    texts = table.frame.select_dtypes(exclude="number")
    if not (sign == "." and table.csv.separator == ";") and not any(
        texts[other].dropna().map(lambda cell: _thousands(cell, sign)).any() for other in texts
    ):
        return ""
    signs, example = {".": "points", ",": "commas"}[sign], f"{table.frame[name].max():g}".replace(".", sign)
    return (
        f"{name} is read with decimal {signs}, as in {example}. If its {signs} separate thousands, remove them from "
        "the CSV and adopt again."
    )


def values_shown(values: pd.Series, most: int = 4) -> str:
    """Return the range of numbers, or the first values of a text."""
    if pd.api.types.is_numeric_dtype(values):
        form = ".0f" if (values % 1 == 0).all() and values.abs().max() < _EXACT else "g"
        return f"{values.min():{form}} to {values.max():{form}}" if len(values) else ""
    unique = [_short(str(value)) for value in sorted(values.unique())]
    return ", ".join(unique[:most]) + (f", … ({len(unique):,})" if len(unique) > most else "")


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

    @cached_property
    def odd(self) -> pd.Series:
        """The cells of a text that are not numbers."""
        is_odd = np.isnan(numbers(self.unique, self.table.csv.decimal))
        return self.values[self.values.isin([text for text, odd in zip(self.unique, is_odd, strict=True) if odd])]

    def share(self, pattern: re.Pattern[str]) -> float:
        """Return how many of the texts match."""
        return self.values.map(lambda cell: pattern.fullmatch(cell) is not None).mean()

    def taken(self, kind: Kind, why: str, hint: str = "", may_group: bool = False) -> Taken:
        return Taken(self.name, kind, values_shown(self.values), self.missing, why, hint, may_group)

    def not_used(self, why: str) -> Taken:
        """Take a column for one that a net can't use; its values may repeat as persons or places do."""
        if self.distinct < _FEWEST_GROUPS or len(self.values) < 2 * self.distinct:
            return self.taken("not used", why)
        hint = (
            f"{self.name} has {self.distinct:,} values in {len(self.values):,} rows. If the rows of a value belong "
            "together, as those of a person do, set cv.splitter: group (for classes: stratified_group) and cv.groups: "
            f"{self.name}."
        )
        return self.taken("not used", why, hint, may_group=True)


def _of_no_use(cells: _Cells) -> Taken | None:
    """Take a column for a constant, row names, row numbers or an id."""
    values, distinct = cells.values, cells.distinct
    each_once = distinct == len(cells.table.frame)
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+", cells.name)]
    if distinct <= 1 and not (distinct and cells.missing):
        return cells.taken("not used", "constant" if distinct else "empty")
    if each_once and cells.name == "Unnamed: 0":
        return cells.taken("not used", "row names: without a name, and every cell differs")
    if (
        each_once
        and cells.are_whole
        and len(values) >= 10
        and values.min() in {0, 1}
        and np.ptp(values) == distinct - 1
    ):
        return cells.taken("not used", f"row numbers: they count from {values.min():g} to {values.max():g}")
    by_name = words and (words[-1] in _ID or words[0] == "id" or {"".join(words)} & (_ID | _PERSON))
    if by_name and distinct > 1 and (cells.are_whole or not cells.are_numbers):
        return cells.not_used(f"an id, by its name: {distinct:,} values")
    return None


def _as_number(cells: _Cells) -> Taken | None:
    if not cells.are_numbers or cells.distinct == 1:
        return None
    why = "whole numbers" if cells.are_whole else "numbers"
    if cells.are_whole and cells.distinct == 2:
        why = "numbers of two values"
    elif cells.are_whole and cells.distinct <= _MOST_CODES:
        why = f"whole numbers, {cells.distinct} values; codes would be `type: category`"
    return cells.taken("number", why, on_thousands(cells.table, cells.name))


def _as_category(cells: _Cells) -> Taken | None:
    """Take a column for a category, or for a boolean, which has no missing cells."""
    name, distinct = cells.name, cells.distinct
    if distinct == 1:
        return cells.taken("category", "one value, or none")
    if distinct == 2 and not cells.missing and set(booleans(cells.unique)) == {0, 1}:
        return cells.taken("boolean", "two values, a yes and a no")
    if distinct > min(_most_categories(cells), len(cells.values) - 1):
        return None
    if _are_few(cells) and distinct - cells.odd.nunique() > _MOST_CODES:  # with few numbers they are all codes
        hint = _on_odd(cells)[1]
    elif twins := on_twins(cells.unique, "value"):
        are_booleans = not np.isnan(booleans(cells.unique)).any()
        hint = f"{name}: {twins}" + f" Or set data.columns.{name}.type to boolean." * are_booleans
    else:
        hint = _on_dates(cells, _LIKE_A_DAY)
    return cells.taken("category", f"text of {distinct} values", hint)


def _as_date(cells: _Cells) -> Taken | None:
    looks_so = cells.distinct > 1 and all(map(_LIKE_A_DATE.fullmatch, cells.unique))
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


def _as_text(cells: _Cells) -> Taken:
    """Take a column for what a net can't use: numbers or dates with mistakes, free text, or too many values."""
    if _are_few(cells):
        problem, hint = _on_odd(cells)
        return cells.taken("not used", f"text: {problem}", hint)
    if hint := _on_dates(cells):
        return cells.taken("not used", "text: dates, not all of them in one form", hint)
    if cells.share(NUMBER_WITH_SIGNS) >= _NEARLY_ALL:
        example = f"1234{cells.table.csv.decimal}5"
        hint = f"{cells.name}: to use the column, write its numbers in digits alone, as in {example}, and adopt again."
        return cells.taken("not used", f"text: numbers among other signs, such as {_short(cells.odd.iloc[0])!r}", hint)
    if cells.distinct == len(cells.values):
        is_prose = cells.values.str.count(" ").mean() >= 2
        return cells.taken("not used", "free text: every cell differs" if is_prose else "an id: every cell differs")
    most = _most_categories(cells)
    return cells.not_used(f"text of {cells.distinct:,} values, too many for a category: {most} at most")


def _most_categories(cells: _Cells) -> int:
    return min(_MOST_CATEGORIES, max(2, len(cells.values) // _ROWS_PER_CATEGORY))


def _are_few(cells: _Cells) -> bool:
    """Whether some cells keep a column from being numbers: few ones, or few different ones."""
    share = 1 - len(cells.odd) / len(cells.values)
    return share >= _NEARLY_ALL or (share > 0.5 and cells.odd.nunique() <= MOST_TOKENS)


def _on_odd(cells: _Cells) -> tuple[str, str]:
    """Describe the cells that keep a column from being numbers, and say what to do."""
    name, odd, sign = cells.name, cells.odd, cells.table.csv.decimal
    line = cells.table.line(cells.table.frame[name] == odd.iloc[0])
    count = "1 cell is not a number" if len(odd) == 1 else f"{len(odd):,} cells are not numbers"
    problem = f"{count}, such as {_short(odd.iloc[0])!r} in line {line}"
    if odd.map(lambda cell: _thousands(cell, sign)).all():
        return problem, f"{name}: {problem}. If {sign!r} separates thousands, remove it from all cells and adopt again."
    tokens = [cell for cell in odd.unique() if not re.search("[0-9]", cell)]
    if not tokens or odd.nunique() > MOST_TOKENS:
        return problem, f"{name}: {problem}. To use the column, fix its cells and adopt again."
    return problem, (
        f"{name}: {problem}. If {' or '.join(map(repr, tokens))} means a missing cell, add it to data.na_values, set "
        f"data.columns.{name} to {{missing: allowed}} and prepare.impute to median. Or fix its cells and adopt again."
    )


def _on_dates(cells: _Cells, pattern: re.Pattern[str] = _LIKE_A_DATE) -> str:
    """Say what keeps cells that look like dates from being dates; "" if they do not look so."""
    if cells.share(pattern) < _NEARLY_ALL:
        return ""
    wrong = [text for text in cells.unique if np.isnan(dates([text])).any()]
    forms = {re.sub("[0-9]+", "9", text): text for text in reversed(cells.unique)}
    problem = f"{' and '.join(map(repr, list(forms.values())[:2]))} differ in form"
    if wrong:
        problem = f"{wrong[0]!r} is not a date"
    return f"{cells.name}: {problem}. To order the rows by it, write all dates as in 2020-01-31, and adopt again."


def _thousands(cell: str, sign: str) -> bool:
    """Whether a cell has two signs or more between thousands, as 1.234.567 has."""
    return re.fullmatch(rf"[-+]?[0-9]{{1,3}}({re.escape(sign)}[0-9]{{3}}){{2,}}", cell) is not None


def _short(text: str, most: int = 20) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
