"""What only the user can decide about a column: what odd cells among numbers or dates mean."""

import re

import numpy as np

from stages.lib.adopt.taken import Cells, short
from stages.lib.common import counted
from stages.lib.data.texts import MOST_TOKENS, dates

# A text of which this share are numbers, or dates, is a column of them with mistakes.
NEARLY_ALL = 0.9

LIKE_A_DATE = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}([-/.][0-9]{1,4})?([T ][0-9:.]+(Z|[+-][0-9:]+)?)?")


def on_odd(cells: Cells) -> tuple[str, str]:
    """Describe the cells that keep a column from being numbers, and say what to do."""
    name, odd = cells.name, cells.odd
    line = cells.table.line(cells.table.frame[name] == odd.iloc[0])
    count = counted(len(odd), "cell is not a number", "cells are not numbers")
    problem = f"{count}, such as {short(odd.iloc[0])!r} in line {line}"
    tokens = [cell for cell in odd.unique() if not re.search("[0-9]", cell)]
    remedy = (
        f"If {' or '.join(map(repr, tokens))} means a missing cell, add it to data.na_values, set data.columns.{name} "
        "to {missing: allowed} and prepare.impute to median. Or fix its cells and adopt again."
    )
    if not tokens or odd.nunique() > MOST_TOKENS:
        remedy = "To use the column, fix its cells and adopt again."
    return problem, f"{name}: {problem}. {remedy}"


def on_dates(cells: Cells) -> str:
    """Name a cell that keeps cells that look like dates from being dates; "" if they do not look so."""
    if cells.share(LIKE_A_DATE) < NEARLY_ALL:
        return ""
    days = zip(cells.unique, dates(cells.unique), strict=True)
    odd = next(text for text, day in days if np.isnan(day) or not LIKE_A_DATE.fullmatch(text))
    return (
        f"{cells.name}: {odd!r} is not a date in the form of the others. To order the rows by it, write all dates as "
        "in 2020-01-31, and adopt again."
    )
