"""Decides what each column of a table is taken for, and says why."""

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from stages.lib.adopt.file_form import Form, is_number
from stages.lib.adopt.table import Table
from stages.lib.config import Column
from stages.lib.data.alike import on_twins
from stages.lib.data.texts import NUMBER_WITH_SIGNS, booleans, dates, day_or_month

Kind = Literal["number", "category", "boolean", "date", "not used", "target"]

# A text with more different values than this is no category; nor is one with fewer rows per value than the second.
_MOST_CATEGORIES = 100
_ROWS_PER_CATEGORY = 5
# Values that repeat, from this many on, may each be a person or a place that several rows belong to.
_FEWEST_GROUPS = 5
# Whole numbers of at most so many values may be codes.
_MOST_CODES = 10
# A text of which this share are numbers is a column of numbers with mistakes.
_NEARLY_ALL = 0.9
# So is one of which most are numbers and the others these few texts, each of which may mean a missing cell.
_MOST_TOKENS = 3

# Of numbers with points between thousands, so many have a last digit other than 0.
_MOST_HAVE = 0.7
# Whole numbers up to this one are shown with all digits.
_EXACT = 1e12

_ID = {"id", "ids", "uuid", "guid", "identifier", "rowid", "rownum", "rownames"}
_PERSON = {"subject", "patient", "person", "participant", "user", "customer", "client", "respondent"}
_LIKE_A_DATE = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}([-/.][0-9]{1,4})?([T ][0-9:.]+(Z|[+-][0-9:]+)?)?")


@dataclass(frozen=True)
class Taken:
    """What a column is taken for.

    Parameters
    ----------
    name : str
    kind : Kind
    seen : str
        The range of its numbers, or some of its values.
    missing : int
        How many of its cells are missing.
    why : str
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


class _Verdict(NamedTuple):
    kind: Kind
    why: str
    hint: str = ""
    may_group: bool = False


def take_columns(table: Table, target: str | None = None) -> list[Taken]:
    """Decide what each column is taken for, except for the target."""
    taken = []
    for name in table.frame.columns:
        if name != target:
            values = table.frame[name].dropna()
            missing = len(table.frame) - len(values)
            kind, why, hint, may_group = _verdict(table, name, values, missing)
            taken.append(Taken(name, kind, values_shown(values), missing, why, hint, may_group))
    return taken


def may_be_thousands(table: Table, form: Form) -> list[str]:
    """Return the columns whose numbers may have points between thousands, as 12.345 has where semicolons separate."""
    if form.separator != ";" or form.decimal != ".":
        return []
    found = []
    for name, values in table.frame.items():
        if pd.api.types.is_numeric_dtype(values) and len(known := values.dropna().abs()):
            thousandths = (known * 1000).round(6)
            has_three_places = (thousandths % 1 == 0).all() and (thousandths % 10 != 0).mean() > _MOST_HAVE
            if has_three_places and known.max() >= 10:
                found.append(str(name))
    return found


def values_shown(values: pd.Series, most: int = 4) -> str:
    """Return the range of numbers, or the first values of a text."""
    if pd.api.types.is_numeric_dtype(values):
        form = ".0f" if (values % 1 == 0).all() and values.abs().max() < _EXACT else "g"
        return f"{values.min():{form}} to {values.max():{form}}" if len(values) else ""
    unique = [_short(str(value)) for value in sorted(values.unique())]
    return ", ".join(unique[:most]) + (f", … ({len(unique):,})" if len(unique) > most else "")


def _verdict(table: Table, name: str, values: pd.Series, missing: int) -> _Verdict:
    distinct = values.nunique()
    if not distinct:
        return _Verdict("not used", "empty")
    if distinct == 1:
        return _Verdict("category", "one value, or none") if missing else _Verdict("not used", "constant")
    if name == "Unnamed: 0" and distinct == len(table.frame):
        return _Verdict("not used", "row names: without a name, and every cell differs")
    numbers = pd.api.types.is_numeric_dtype(values)
    whole = numbers and bool((values % 1 == 0).all())
    if whole and not missing and _counts_on(values):
        return _Verdict("not used", f"row numbers: they count from {values.min():g} to {values.max():g}")
    if _is_id(name) and (whole or not numbers):
        return _of_groups(name, values, f"an id, by its name: {distinct:,} values")
    return _of_numbers(values, whole) if numbers else _of_texts(table, name, values, missing)


def _of_numbers(values: pd.Series, whole: bool) -> _Verdict:
    distinct = values.nunique()
    if whole and distinct == 2:
        return _Verdict("number", "numbers of two values")
    if whole and distinct <= _MOST_CODES:
        return _Verdict("number", f"whole numbers, {distinct} values; codes would be `type: category`")
    return _Verdict("number", "whole numbers" if whole else "numbers")


def _of_texts(table: Table, name: str, values: pd.Series, missing: int) -> _Verdict:
    distinct = values.nunique()
    # A boolean with missing cells is a category: so "missing" is a value of its own.
    if distinct == 2 and not missing and set(booleans(list(values.unique()))) == {0, 1}:
        return _Verdict("boolean", "two values, a yes and a no")
    if _are_dates(values):
        hint = (
            f"{name} may order the rows in time. To predict later rows from earlier ones, set cv.splitter: time, "
            f"cv.order: {name}, cv.n_repeats: 1 and cv.shuffle: false."
        )
        if missing:
            return _Verdict("date", "dates: no feature")
        if told := day_or_month(sorted(values.unique())):
            hint += f" {told}."
        return _Verdict("date", "dates: no feature, but may order the rows", hint)
    numbers = values.map(lambda cell: is_number(cell, table.decimal))
    odd = values[~numbers]
    told, advice = _of_odd(table, name, odd) if _are_odd(values[numbers], odd) else ("", "")
    most = min(_MOST_CATEGORIES, max(2, len(values) // _ROWS_PER_CATEGORY))
    if distinct <= most and distinct < len(values):
        # With few numbers they are codes, and the others too.
        hint = advice * (distinct - odd.nunique() > _MOST_CODES)
        if twice := on_twins(sorted(values.unique()), "value"):
            hint = hint or f"{name}: {twice}"
        return _Verdict("category", f"text of {distinct} values", hint)
    if told:
        return _Verdict("not used", f"text: {told}", advice)
    if values.map(lambda cell: NUMBER_WITH_SIGNS.fullmatch(cell) is not None).mean() >= _NEARLY_ALL:
        if values.map(lambda cell: _LIKE_A_DATE.fullmatch(cell) is not None).mean() >= _NEARLY_ALL:
            return _Verdict("not used", "text: dates, not all of them in one form", _of_dates(name, values))
        digits = f"1234{table.decimal}5"
        hint = f"{name}: to use the column, write its numbers in digits alone, as in {digits}, and adopt again."
        return _Verdict("not used", f"text: numbers among other signs, such as {_short(odd.iloc[0])!r}", hint)
    if distinct == len(values):
        words = values.str.count(" ").mean() + 1
        return _Verdict("not used", "free text: every cell differs" if words >= 3 else "an id: every cell differs")
    return _of_groups(name, values, f"text of {distinct:,} values, too many for a category: {most} at most")


def _are_odd(numbers: pd.Series, odd: pd.Series) -> bool:
    """Whether some cells keep a column from being numbers: few ones, or few different ones."""
    share = len(numbers) / (len(numbers) + len(odd))
    return share >= _NEARLY_ALL or (share > 0.5 and odd.nunique() <= _MOST_TOKENS)


def _of_odd(table: Table, name: str, odd: pd.Series) -> tuple[str, str]:
    """Describe the cells that keep a column from being numbers, and say what to do."""
    line = int(odd.index[0]) + table.first_line
    count = "1 cell is no number" if len(odd) == 1 else f"{len(odd):,} cells are no numbers"
    told = f"{count}, such as {_short(odd.iloc[0])!r} in line {line}"
    mend = "mend its cells and adopt again"
    tokens = [cell for cell in odd.unique() if not re.search("[0-9]", cell)]
    if not tokens or odd.nunique() > _MOST_TOKENS:
        return told, f"{name}: {told}. To use the column, {mend}."
    listed = " or ".join(map(repr, tokens))
    return told, (
        f"{name}: {told}. If {listed} means a missing cell, add it to data.na_values, set data.columns.{name} to "
        f"{{missing: allowed}} and prepare.impute to median. Or {mend}."
    )


def _of_dates(name: str, values: pd.Series) -> str:
    """Say what keeps cells that look like dates from being dates."""
    unique = sorted(values.unique())
    wrong = [cell for cell in unique if np.isnan(dates([cell])).any()]
    ways = {re.sub("[0-9]+", "9", cell): cell for cell in reversed(unique)}
    told = f"{wrong[0]!r} is no date" if wrong else f"{' and '.join(map(repr, list(ways.values())[:2]))} differ in form"
    return f"{name}: {told}. To order the rows by it, write all dates as in 2020-01-31, and adopt again."


def _of_groups(name: str, values: pd.Series, why: str) -> _Verdict:
    """Take a column for none that a net can use; its values may repeat as persons or places do."""
    distinct = values.nunique()
    if distinct < _FEWEST_GROUPS or len(values) < 2 * distinct:
        return _Verdict("not used", why)
    hint = (
        f"{name} has {distinct:,} values in {len(values):,} rows. If the rows of a value belong together, as "
        f"those of a person do, set cv.splitter: group (for classes: stratified_group) and cv.groups: {name}."
    )
    return _Verdict("not used", why, hint, may_group=True)


def _is_id(name: str) -> bool:
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+", name)]
    joined = "".join(words)
    return bool(words) and (words[-1] in _ID or words[0] == "id" or joined in _ID or joined in _PERSON)


def _counts_on(values: pd.Series) -> bool:
    """Whether numbers are 0, 1, … or 1, 2, … in any order, each of them once."""
    if len(values) < 10 or values.nunique() < len(values) or values.min() not in {0, 1}:
        return False
    return bool(values.max() - values.min() == len(values) - 1)


def _are_dates(values: pd.Series) -> bool:
    unique = list(values.unique())
    return all(_LIKE_A_DATE.fullmatch(cell) for cell in unique) and not np.isnan(dates(unique)).any()


def _short(text: str, most: int = 20) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
