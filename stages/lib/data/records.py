"""The records of a CSV with their line numbers, for messages about a file that pandas can't read or that has faults."""

import csv
import io
from collections.abc import Collection, Iterator
from typing import Protocol

from stages.lib.common import UserError


class Written(Protocol):
    """How a CSV is written: the section `data` of params.yaml, or what adopt found."""

    @property
    def separator(self) -> str:
        """The sign between cells."""

    @property
    def header(self) -> bool:
        """Whether the first line has the names of the columns."""


def records(text: bytes, separator: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record of UTF-8 text with the number of its first line, counted from 1."""
    lines = io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", newline="")
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error:  # the limit is the module's own, for a quotation mark that swallows the rest of a file
        raise UserError(
            f"{name}: line {line} has a cell of more than {csv.field_size_limit():,} characters; "
            "is a quotation mark missing, or is it the wrong file?"
        ) from None


def check_lengths(text: bytes, separator: str, name: str) -> None:
    """Raise `UserError` if a cell is longer than what the csv module takes for a cell."""
    most, start = csv.field_size_limit(), 0
    while start + most < len(text):
        end = text.rfind(b"\n", start, start + most + 1)
        if end < 0:  # a line this long may have many cells
            for _ in records(text, separator, name):
                pass
            return
        start = end + 1


def unreadable(error: Exception, text: bytes, form: Written, width: int, name: str) -> list[str]:
    """Return a sentence about what pandas can't read: an open quotation mark, or lines of more or fewer cells."""
    if "EOF inside string" in str(error):
        return [_unclosed(text, form, name)]
    return ragged(text, form, width, name) or [f"it is not a CSV: {error}"]


def ragged(text: bytes, form: Written, width: int, name: str) -> list[str]:
    """Return a sentence about the lines that have more or fewer cells than `width`."""
    found = [
        (line, len(cells))
        for number, (line, cells) in enumerate(records(text, form.separator, name))
        if len(cells) != width and (number > 0 or not form.header)
    ]
    if not found:
        return []
    line, count = found[0]
    advice = f"; a cell that contains {form.separator!r} needs quotation marks"
    if count < width:
        advice = "; is the line cut off?" if count else "; remove empty lines"
    more = f" ({len(found) - 1:,} more such line{'s' * (len(found) != 2)})" if len(found) > 1 else ""
    return [f"line {line} has {count} column{'s' * (count != 1)} instead of {width}{more}{advice}"]


def places(text: bytes, form: Written, rows: Collection[int], name: str) -> dict[int, tuple[int, list[str]]]:
    """Return the line and the cells of each of these rows; row 0 is the first one after the header."""
    wanted, found = set(rows), {}
    for number, record in enumerate(records(text, form.separator, name), start=-1 if form.header else 0):
        if number in wanted:
            found[number] = record
            if len(found) == len(wanted):
                break
    return found


def _unclosed(text: bytes, form: Written, name: str) -> str:
    """Return a sentence about text that ends within quotation marks."""
    line = 0
    for line, _ in records(text, form.separator, name):  # noqa: B007 (the last one is wanted)
        pass
    return f"line {line} opens a quotation mark that is never closed"
