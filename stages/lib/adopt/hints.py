"""What only the user can decide about a column: signs between thousands, odd cells among numbers, forms of dates."""

import re

import numpy as np
import pandas as pd

from stages.lib.adopt.table import Table
from stages.lib.adopt.taken import EXACT, Cells, short
from stages.lib.common import counted
from stages.lib.data.texts import MOST_TOKENS, dates

# A text of which this share are numbers, or dates, is a column of them with mistakes.
NEARLY_ALL = 0.9
# Of numbers with points between thousands, so many have a last digit other than 0.
_MOST_HAVE = 0.7

LIKE_A_DAY = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}")
LIKE_A_DATE = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}([-/.][0-9]{1,4})?([T ][0-9:.]+(Z|[+-][0-9:]+)?)?")


def on_thousands(table: Table, name: str) -> str:
    """Return a hint on numbers that are read with decimal signs and may have them between thousands, as 12.345 may.

    They are common where semicolons separate cells, and where other cells have two such signs, as 1.234.567 has.
    """
    values, sign = table.frame[name].dropna(), table.csv.decimal
    if not pd.api.types.is_numeric_dtype(values) or not len(values) or not 10 <= values.abs().max() < EXACT:
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


def on_odd(cells: Cells) -> tuple[str, str]:
    """Describe the cells that keep a column from being numbers, and say what to do."""
    name, odd, sign = cells.name, cells.odd, cells.table.csv.decimal
    line = cells.table.line(cells.table.frame[name] == odd.iloc[0])
    count = counted(len(odd), "cell is not a number", "cells are not numbers")
    problem = f"{count}, such as {short(odd.iloc[0])!r} in line {line}"
    tokens = [cell for cell in odd.unique() if not re.search("[0-9]", cell)]
    remedy = (
        f"If {' or '.join(map(repr, tokens))} means a missing cell, add it to data.na_values, set data.columns.{name} "
        "to {missing: allowed} and prepare.impute to median. Or fix its cells and adopt again."
    )
    if odd.map(lambda cell: _thousands(cell, sign)).all():
        remedy = f"If {sign!r} separates thousands, remove it from all cells and adopt again."
    elif not tokens or odd.nunique() > MOST_TOKENS:
        remedy = "To use the column, fix its cells and adopt again."
    return problem, f"{name}: {problem}. {remedy}"


def on_dates(cells: Cells, pattern: re.Pattern[str] = LIKE_A_DATE) -> str:
    """Say what keeps cells that look like dates from being dates; "" if they do not look so."""
    if cells.share(pattern) < NEARLY_ALL:
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
