"""Reads and writes the files of the stages. Writes are atomic, and the same content gives the same bytes."""

import csv
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from stages.lib.common.errors import UserError

DIGITS = 6

# What is raised while a broken file is read, by Python itself.
_BROKEN = (ValueError, LookupError, TypeError, AttributeError, RecursionError, csv.Error)


def significant(value: float, digits: int = DIGITS) -> float:
    """Round a number to significant digits, which keep as much of a small number as of a large one."""
    return float(f"{value:.{digits}g}")


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write `content` atomically: a reader of `path` finds all of it or the previous content.

    Raises `OSError` if the machine refuses; its `filename` is `path`, or the file that stands where a folder belongs.
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
    """Write JSON with sorted keys. Metrics, the numbers at the top level, are rounded to 6 significant digits.

    Nested values are written unchanged: a setting is what it is.
    """
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


class Output(NamedTuple):
    """A file that a stage writes, for those who read it.

    `what` the file is ends the sentence "metrics/search/lr.json is not …", as "the result of a search" does. `stage`,
    such as `search@lr`, is what to run again if the file is missing or broken; "" stands for all stages.
    """

    path: str | Path
    what: str
    stage: str = ""

    @property
    def again(self) -> str:
        """The sentence that says what to run."""
        return f"Run `{f'dvc repro {self.stage}'.rstrip()}`."

    def refused(self, *problems: str) -> UserError:
        """Return the error that says why the file can't be used; a problem is what follows the path in a sentence."""
        sentences = (problem if problem.endswith((".", "?")) else f"{problem}." for problem in problems)
        return UserError(*(f"{self.path}{sentence} {self.again}" for sentence in sentences))

    @contextmanager
    def as_text(self) -> Iterator[str]:
        """Yield the text; the block may assume that all is there that the stage writes.

        Raises `UserError` if the file is missing, if it is not text, or if the block does not find what it looks for.
        """
        with reading(self.path, "not text", self.again):
            text = Path(self.path).read_text(encoding="utf-8")
        with reading(self.path, f"not {self.what}", self.again):
            yield text

    @contextmanager
    def as_json(self) -> Iterator[Any]:
        """Yield the content of a JSON file, as `as_text` does the text; another file is not JSON."""
        with self.as_text() as text:
            with reading(self.path, "not JSON", self.again):
                content = json.loads(text)
            yield content
