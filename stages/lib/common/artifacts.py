"""Reads and writes the files of the stages. Writes are atomic, and the same content gives the same bytes."""

import csv
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from stages.lib.common.errors import UserError

DIGITS = 6

# What is raised while a broken file is read, by Python itself.
_BROKEN = (ValueError, LookupError, TypeError, AttributeError, RecursionError, csv.Error)


def significant(value: float, digits: int = DIGITS) -> float:
    """Round a number to significant digits, which keep as much of a small number as of a large one."""
    return float(f"{value:.{digits}g}")


def temporary(path: str | Path) -> Path:
    """Return the path beside `path` to which its content is written first; git and DVC ignore it."""
    return Path(f"{path}.tmp")


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write `content` atomically: a reader of `path` finds all of it or the previous content.

    Raises `OSError` if the machine refuses; its `filename` is `path`, or the file that stands where a folder belongs.
    """
    new = temporary(path)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(content)
        os.replace(new, path)
    except BaseException as error:
        with suppress(OSError):
            new.unlink()
        if isinstance(error, OSError):
            in_the_way = next((str(folder) for folder in Path(path).parents if folder.is_file()), str(path))
            error.filename, error.filename2 = in_the_way, None
        raise


def write_text(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8 with Unix line endings, atomically."""
    write_bytes(path, text.encode())


def remove_others(folder: str | Path, kept: Iterable[str | Path]) -> None:
    """Delete every file under `folder` that is not one of `kept`, and the folders that become empty."""
    keep = {Path(path) for path in kept}
    for path in sorted(Path(folder).rglob("*"), reverse=True):  # what is in a folder comes before it
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in keep:
            path.unlink()


def write_json(path: str | Path, content: dict[str, Any]) -> None:
    """Write JSON with sorted keys. Metrics, the numbers at the top level, are rounded to 6 significant digits."""
    rounded = {key: significant(value) if isinstance(value, float) else value for key, value in content.items()}
    write_text(path, json.dumps(rounded, indent=2, sort_keys=True, allow_nan=False) + "\n")


@contextmanager
def reading(path: str | Path, expected: str, remedy: str, *broken: type[Exception]) -> Iterator[None]:
    """Turn errors that occur while the block reads an artifact into a `UserError`.

    `expected` ends the sentence "metrics/data.json is …", as "not JSON" does, and `remedy` is the one that says what to
    do. `broken` are exceptions that a library raises for a broken file, besides Python's own.
    """
    try:
        yield
    except FileNotFoundError:
        raise UserError(f"{path} is missing. {remedy}") from None
    except _BROKEN + broken:
        raise UserError(f"{path} is {expected}. {remedy}") from None


def read_text(path: str | Path, remedy: str) -> str:
    """Return the text of an artifact; raises `UserError`, with the remedy, if there is none."""
    with reading(path, "not text", remedy):
        return Path(path).read_text(encoding="utf-8")


def read_json(path: str | Path, remedy: str) -> Any:
    """Return the content of an artifact that is JSON; raises `UserError`, with the remedy, if it is not."""
    text = read_text(path, remedy)
    with reading(path, "not JSON", remedy):
        return json.loads(text)
