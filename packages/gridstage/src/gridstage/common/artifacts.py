"""Reads and writes the files of the stages. Writes are atomic, and the same content gives the same bytes."""

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gridstage.common.aside.errors import UserError

DIGITS = 6

# What is raised while a broken file is read, by Python itself and by pandas.
BROKEN = (ValueError, LookupError, TypeError, AttributeError, RecursionError, csv.Error)


def significant(value: float, digits: int = DIGITS) -> float:
    """Round a number to significant digits, which keep as much of a small number as of a large one."""
    return float(f"{value:.{digits}g}")


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write `content` atomically: a reader of `path` finds all of it or the previous content.

    Raises `OSError` if the machine refuses; its `filename` is `path`.
    """
    new = Path(f"{path}.tmp")  # which git and DVC ignore
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(content)
        os.replace(new, path)
    except BaseException as error:
        with suppress(OSError):
            new.unlink()
        if isinstance(error, OSError):
            error.filename, error.filename2 = str(path), None
        raise


def write_text(path: str | Path, text: str) -> None:
    """Write a file atomically, as UTF-8 with Unix line endings; its folder is made if it is missing.

    Parameters
    ----------
    path : str or Path
        The file. Who reads it meanwhile finds all of the text, or what was there before.
    text : str
        What is written.

    Raises
    ------
    OSError
        If the machine refuses; its `filename` is `path`.

    Examples
    --------
    >>> write_text("notes/first.txt", "Use the net.")
    >>> open("notes/first.txt").read()
    'Use the net.'
    """
    write_bytes(path, text.encode())


@contextmanager
def reading(
    path: str | Path, expected: str, remedy: str, *broken: type[Exception]
) -> Iterator[None]:
    """Turn errors that occur while the block reads an artifact into a `UserError`.

    `expected` ends the sentence "metrics/data.json is …", as "not JSON" does, and `remedy` is the one that says what to
    do. `broken` are exceptions that a library raises for a broken file, besides Python's own.
    """
    try:
        yield
    except FileNotFoundError:
        raise UserError(f"{path} is missing. {remedy}") from None
    except BROKEN + broken:
        raise UserError(f"{path} is {expected}. {remedy}") from None
