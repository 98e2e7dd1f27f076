"""Reads committed tables as rows of text."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stages.lib.common import Output

Record = dict[str, str]


@contextmanager
def records(path: str | Path, expected: str) -> Iterator[list[Record]]:
    """Read the rows of a committed CSV; the block may assume that every column and number is there.

    Raises `UserError` if the file is missing, or if the block does not find what it looks for: "metrics/x.csv is not",
    and what is expected, such as "a table of scores".
    """
    with Output(path, expected).as_text() as text:
        yield list(csv.DictReader(text.splitlines(), strict=True))


def number(text: str) -> float:
    """Return a number of a table; NaN for an empty cell."""
    return float("nan" if text == "" else text)
