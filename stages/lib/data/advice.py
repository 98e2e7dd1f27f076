"""What to do about cells that are not numbers where numbers should be."""

import re
from collections.abc import Sequence

import numpy as np

from stages.lib.config import Data
from stages.lib.data import texts as text
from stages.lib.data.csv_text import short
from stages.lib.data.faults import line_to_add

_OTHER = {".": ",", ",": "."}


def for_new(cell: object, spec: Data, if_missing: str) -> str:
    """Advise on the first wrong cell of a column in rows to predict: they are written as the training table is."""
    if not isinstance(cell, str):
        return ""
    if cell.strip() in text.MISSING:
        return f"; if it is missing, {if_missing}"
    return f"; write {spec.decimal!r} before decimals" * _have_other_sign([cell.strip()], spec)


def if_empty(name: str, spec: Data) -> str:
    """Advise on a column without a value."""
    return f"; the column has no value at all, so {line_to_add(name, 'use: false', spec)}"


def if_missing(cells: Sequence[str], name: str, spec: Data) -> str:
    """Say what to do if cells of a column mean a missing value."""
    allowed = "" if spec.column(name).missing else f", and {line_to_add(name, 'missing: allowed', spec)}"
    return f"add {', '.join(map(short, cells))} to data.na_values{allowed}"


def on_words(words: Sequence[str], n_numbers: int, lacks: bool, name: str, spec: Data) -> str:
    """Advise on the different cells of a column that are not numbers and do not look missing either.

    `n_numbers` different cells are numbers; `lacks` says that others are missing, which the column does not allow yet.
    """
    types = {} if n_numbers else text.MEANINGS
    kind = next((kind for kind, meaning in types.items() if not np.isnan(meaning(words)).any()), "category")
    entry = f"type: {kind}" + ", missing: allowed" * lacks
    as_type = f"; if the column is not a number, {line_to_add(name, entry, spec)}"
    if kind != "category":
        return as_type
    if _have_other_sign(words, spec):
        return _decimal_sign(_OTHER[spec.decimal], spec)
    if _all(text.NUMBER_WITH_SIGNS, words):
        return f"; if it is a number, write it in digits alone, as in 1234{spec.decimal}5{as_type}"
    if n_numbers > len(words) and len(words) <= text.MOST_TOKENS:
        return f"{as_type}; if it means a missing cell, {if_missing(words, name, spec)}"
    return as_type


def _all(pattern: str | re.Pattern[str], words: Sequence[str]) -> bool:
    return all(re.fullmatch(pattern, word) for word in words)


def _have_other_sign(words: Sequence[str], spec: Data) -> bool:
    return _all(rf"[-+]?\d*[{_OTHER[spec.decimal]}]\d+", words)


def _decimal_sign(sign: str, spec: Data) -> str:
    if sign == spec.separator:
        return f"; if {sign!r} is its decimal sign, write a point instead, because {sign!r} separates the cells too"
    return f"; if {sign!r} is its decimal sign, set data.decimal in params.yaml to {sign!r}"
