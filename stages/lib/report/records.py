"""Reads committed tables as rows of text."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from stages.lib.common import read_text, reading

AGAIN = "Run `dvc repro`."
Record = dict[str, str]

Made = TypeVar("Made")


def read_records(path: str | Path, expected: str, make: Callable[[list[Record]], Made]) -> Made:
    """Return what `make` makes of the rows of a committed CSV.

    Parameters
    ----------
    path : path
    expected : str
        What the file is, for the sentence "metrics/x.csv is not …".
    make : callable
        It may assume that every column and number is there.

    Raises
    ------
    UserError
        If the file is missing, or `make` does not find what it looks for.
    """
    text = read_text(path, AGAIN)
    with reading(path, f"not {expected}", AGAIN):
        return make(list(csv.DictReader(text.splitlines(), strict=True)))


def number(text: str) -> float:
    """Return a number of a table; NaN for an empty cell."""
    return float("nan" if text == "" else text)
