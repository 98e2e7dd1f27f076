"""Finds how the numbers or dates of a column are written, if all cells are in one form, and words that mean missing."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from gridstage.common import counted, first_of
from gridstage.config.written import SAME, NumberForm, date_format
from gridstage.data.texts import dates, numbers, read
from gridstage.data.written import (
    Meaning,
    decimals,
    grouped,
    pattern,
    read_numbers,
    sign_of,
)

# Words that mean "missing" where all other cells of a column are numbers, in small letters.
_MISSING = {"nil", "none", "null", "n.a.", "n/a", "#n/a", "-", "--", "?", "."}
# What may stand before a number, because `A12` is an id: a currency. Behind it, any word may be a unit.
_SYMBOL = "[$¢£¤¥֏؋৳฿\u20a0-\u20cf\uffe0-\uffe6]"
_CODES = (
    "AED|ARS|AUD|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EUR|GBP|HKD|HUF|IDR|ILS|INR|JPY|KRW|MXN|MYR|NOK|NZD|PEN|PHP|PLN|RON|"
    r"RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR|Fr\.?|Kč|Kr\.?|kr\.?|Lt|RM|Rp|Rs\.?|zł"
)
_CURRENCY = rf"[A-Z]{{0,3}}{_SYMBOL}|{_CODES}|%"
_UNIT = rf"(?:[%‰°]|{_SYMBOL}|[^\W\d_])[^\s\d(),.+-]*[.23]?"
_CELL = pattern(_CURRENCY, r"[0-9](?:[0-9.,' ]*[0-9.,])?|[.,][0-9]+", _UNIT)
_OTHER = {".": ",", ",": "."}

# What a cell may be for which dates are tried, and how they are written in each form, without a time or with one.
_LIKE_A_DATE = re.compile(
    r"([0-9]{1,2}|[A-Z][a-z]{2,8})[-/. ]([0-9]{1,2}|[A-Z][a-z]{2,8})(, |[-/. ])([0-9]{2}){1,2}( [0-9:]+( [AP]M)?)?"
)
_DATES = (
    "31/12/2020 12/31/2020 31/12/20 12/31/20 20/12/31 31-12-2020 12-31-2020 31-12-20 12-31-20 20-12-31 31.12.2020 "
    "31.12.20 31-Dec-2020 31-Dec-20 31/Dec/2020"
).split()
_DATES += "31 Dec 2020", "31 December 2020", "Dec 31, 2020", "December 31, 2020"
_TIMES = "", " 23:59", " 23:59:58", " 11:59 PM", " 11:59:58 PM"
_FIRST = 50
_MOST_NAMES = 5


@dataclass(frozen=True)
class NumbersFound:
    """The numbers of a column, NaN where a cell is missing; how they are written, "" if plainly; words among them."""

    values: np.ndarray
    written: str
    words: list[str]


def find_numbers(cells: pd.Series, decimal: str, is_text: bool) -> NumbersFound | None:
    """Return the numbers of a `category` column of texts; None if some cells are neither numbers nor missing.

    If the file says that the column is text, plain numbers are none.
    """
    texts = cells.cat.categories.tolist()
    words = [text for text in texts if text.lower() in _MISSING]
    others = [text for text in texts if text not in words]
    if len(others) < (2 if words else 1):
        return None
    meaning: Meaning = partial(numbers, decimal=decimal)
    written = ""
    if np.isnan(meaning(others)).any():
        form = number_form(others, decimal)
        if form is None:
            return None
        meaning, written = partial(read_numbers, form), form.example
    elif is_text:
        return None
    values = read(cells, words, meaning).values
    return NumbersFound(values, written, words)


def number_form(texts: Sequence[str], decimal: str) -> NumberForm | None:
    """Return the form that all of these different texts have; None if there is none, or if only one text shows it.

    The decimal sign is that of the file, unless a text has a form only with the other one, as `1.234,5` has.
    """
    plain = [text.translate(SAME) for text in texts]
    cells = [cell for cell in map(_CELL.fullmatch, plain) if cell]
    signs = {sign_of(cell) for cell in cells}
    if len(cells) < max(2, len(texts)) or None in signs or {"-", "("} <= signs:
        return None
    prefix = _only({cell["prefix"] for cell in cells})
    suffix = _only({cell["suffix"] for cell in cells})
    if prefix is None or suffix is None or (prefix and suffix):
        return None
    bodies = {cell["number"] for cell in cells}
    form = _with_sign(decimal, bodies)
    if form is None:
        form = _with_sign(_OTHER[decimal], bodies)
        if all(_with_sign(decimal, [body]) for body in bodies):
            return None
    return replace(form, prefix=prefix, suffix=suffix) if form else None


def _only(affixes: set[str]) -> str | None:
    """Return the one affix of all cells, with a blank where each has one; None if they have several."""
    if len({affix.strip() for affix in affixes}) > 1:
        return None
    return min(affixes, key=len)


def _with_sign(decimal: str, bodies: Collection[str]) -> NumberForm | None:
    """Return the form, without affixes, that all of these numbers have with a decimal sign."""
    for group in ("", _OTHER[decimal], " ", "'"):
        form = NumberForm(group=group, decimal=decimal)
        number = re.compile(decimals(form, grouped(form)))
        if all(map(number.fullmatch, bodies)):
            return form
    return None


def missing_words(
    texts: Mapping[str, pd.Series], found: Mapping[str, NumbersFound]
) -> tuple[set[str], tuple[str, ...]]:
    """Return the words that are missing cells of the columns of numbers in `found`, and a sentence for each word.

    A word that is in a column of text, too, is only named, because it would be missing there.
    """
    columns_of: dict[str, list[str]] = {}
    for name, numbers_in in found.items():
        for word in numbers_in.words:
            columns_of.setdefault(word, []).append(name)
    words, hints = set(), []
    for word, names in columns_of.items():
        n_cells = sum(int((texts[name] == word).sum()) for name in names)
        others = [name for name in texts if name not in found]
        also = [name for name in others if word in texts[name].cat.categories]
        where = f"{counted(n_cells, 'cell')} of {first_of(names, _MOST_NAMES)}"
        if also:
            hints.append(
                f"{word!r}, in {where}, may mean missing, but {first_of(also, _MOST_NAMES)}, which is text, has it, "
                "too. If it means so in all of them, add it to data.na_values and set `missing: allowed`."
            )
            continue
        words.add(word)
        hints.append(
            f"{word!r} is taken for missing: {where}, where all others are numbers."
        )
    return words, tuple(hints)


def date_forms(texts: Sequence[str]) -> list[str]:
    """Return the forms, told by 31 December 2020, in which all texts are dates; several if their order is open."""
    first = texts[:_FIRST]
    if not all(map(_LIKE_A_DATE.fullmatch, first)):
        return []
    forms = ["".join(parts) for parts in product(_DATES, _TIMES)]
    return [form for form in forms if _fits(form, first) and _fits(form, texts)]


def _fits(form: str, texts: Sequence[str]) -> bool:
    return not np.isnan(dates(texts, [date_format(form)])).any()
