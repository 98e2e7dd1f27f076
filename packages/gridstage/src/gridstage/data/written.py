"""Reads numbers and dates as `written` of a column says: `($1,234.5)` is -1234.5."""

import re
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from gridstage.config import Column
from gridstage.config.written import SAME, NumberForm, date_format
from gridstage.data.texts import MEANINGS, dates, numbers

Meaning = Callable[[Sequence[str]], np.ndarray]


def meaning_of(column: Column, decimal: str) -> Meaning:
    """Return what reads the texts of a column that is not a category: NaN where a text has no meaning."""
    if form := NumberForm.of(column.written):
        return partial(read_numbers, form)
    if column.written:
        return partial(dates, forms=[date_format(column.written)])
    return MEANINGS.get(column.type, partial(numbers, decimal=decimal))


def read_numbers(form: NumberForm, texts: Sequence[str]) -> np.ndarray:
    """Return texts as float64 numbers, with NaN for those in another form; affixes and group signs may be missing."""
    affixes = re.escape(form.prefix.strip()), re.escape(form.suffix.strip())
    whole = rf"{grouped(form)}|[0-9]+"
    cell = pattern(affixes[0], decimals(form, whole), affixes[1])
    return numbers([_plain(cell, form, text) for text in texts], ".")


def grouped(form: NumberForm) -> str:
    """Return the pattern of a whole number whose groups all stand there, of three digits each."""
    if not form.group:
        return "0|[1-9][0-9]*"
    return f"0|[1-9][0-9]{{0,2}}(?:{re.escape(form.group)}[0-9]{{3}})*"


def decimals(form: NumberForm, whole: str) -> str:
    """Return the pattern of a number without its sign, by that of a whole number."""
    sign = re.escape(form.decimal)
    return rf"(?:{whole})(?:{sign}[0-9]*)?|{sign}[0-9]+"


def pattern(prefix: str, number: str, suffix: str) -> re.Pattern[str]:
    """Return the pattern of a cell, by those of its parts; a sign or parenthesis is before or behind the prefix."""
    return re.compile(
        rf"(?P<before>[-+(]?)(?P<prefix>(?:(?:{prefix}) ?)?)(?P<after>[-+(]?)"
        rf"(?P<number>{number})(?P<suffix>(?: ?(?:{suffix}))?)(?P<close>\)?)"
    )


def sign_of(match: re.Match[str]) -> str | None:
    """Return the sign of a cell, of which a parenthesis is one; None if there are two, or half a parenthesis."""
    sign = match["before"] + match["after"]
    closes = bool(match["close"])
    return sign if len(sign) < 2 and closes == (sign == "(") else None


def _plain(cell: re.Pattern[str], form: NumberForm, text: str) -> str:
    """Return a number as Python writes it; "" if the text is none."""
    match = cell.fullmatch(text.translate(SAME))
    sign = sign_of(match) if match else None
    if match is None or sign is None:
        return ""
    number = match["number"]
    if form.group:
        number = number.replace(form.group, "")
    number = number.replace(form.decimal, ".")
    return f"-{number}" if sign in {"-", "("} else number
