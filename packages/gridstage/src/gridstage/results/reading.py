"""Reads the files under metrics/, of the working tree or of a commit, as tables and objects with types."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from itertools import repeat
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from gridstage.common import UserError
from gridstage.common.artifacts import BROKEN
from gridstage.results.columns import column_of
from gridstage.results.files import Csv, File, Json, R

if TYPE_CHECKING:
    import pandas as pd


class Source(Protocol):
    """Files: those on disk, or those of a commit."""

    def text(self, path: str) -> str | None:
        """Return the text of a file; None if it is not there. Raises `UserError` if it is not UTF-8."""

    def files(self, folder: str, suffix: str) -> dict[str, str]:
        """Return the paths of the files with a suffix in a folder and below, by names such as `curves/lr`, sorted."""

    def refused(self, path: str, problem: str, again: str) -> UserError:
        """Return the error that says what is wrong with a file, such as "is not JSON", and what to do."""


class WorkingTree:
    """The files on disk, in the working directory or below another folder."""

    def __init__(self, folder: str | Path = ".") -> None:
        self._folder = Path(folder)

    def text(self, path: str) -> str | None:
        """Return the text of a file, as `Source` does."""
        try:
            return (self._folder / path).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (UnicodeDecodeError, OSError) as error:
            raise UserError(f"{path} can't be read: {error}.") from None

    def files(self, folder: str, suffix: str) -> dict[str, str]:
        """Return the paths of files by name, as `Source` does."""
        found = filter(Path.is_file, (self._folder / folder).rglob("*"))
        paths = [str(path.relative_to(self._folder)) for path in found]
        return by_name(folder, suffix, paths)

    def refused(self, path: str, problem: str, again: str) -> UserError:
        """Return the error that says what is wrong with a file, as `Source` does."""
        return UserError(f"{path} {problem}. {again}")


def by_name(folder: str, suffix: str, paths: Iterable[str]) -> dict[str, str]:
    """Return the paths with a suffix that are in a folder or below, by names such as `curves/lr`, sorted."""
    named = {}
    for path in map(PurePosixPath, paths):
        if path.suffix == suffix and path.is_relative_to(folder):
            name = path.relative_to(folder).with_suffix("")
            named[str(name)] = str(path)
    return dict(sorted(named.items()))


class Results:
    """The results of the working tree, or of a commit.

    Parameters
    ----------
    source : Source, optional
        Where files are read, by default below the working directory.

    Examples
    --------
    >>> results = Results()
    >>> results.names(files.SUMMARY)
    ['dropout', 'neurons']
    >>> results.read(files.SUMMARY, "neurons").n_candidates
    2
    >>> results.table(files.CANDIDATES, "neurons").shape[0]
    2
    """

    def __init__(self, source: Source | None = None) -> None:
        self.source = WorkingTree() if source is None else source

    def names(self, file: File) -> list[str]:
        """Return the experiments that have a file of this kind, sorted."""
        folder, _, end = file.path.partition("/{name}")
        below, dot, suffix = end.rpartition(".")
        paths = self.source.files(folder, dot + suffix)
        names = {name.removesuffix(below) for name in paths}
        return sorted(name for name in names if file.at(name) in paths.values())

    def table(self, file: Csv, name: str = "") -> "pd.DataFrame":
        """Return a CSV with the types of its columns; raises `UserError` if it is missing or broken."""
        with self.reading(file, name) as text:
            return typed(text, file.needed)

    def read(self, file: Json[R], name: str = "") -> R:
        """Return the object of a JSON file; raises `UserError` if it is missing or broken."""
        with self.reading(file, name) as text:
            return file.kind.model_validate(json.loads(text))

    def has(self, file: File, name: str = "") -> bool:
        """Whether there is such a file."""
        return self.source.text(file.at(name)) is not None

    @contextmanager
    def reading(self, file: File, name: str = "") -> Iterator[str]:
        """Yield the text of a file; raises `UserError` if it is missing, or the block finds it to be broken."""
        text = self.source.text(file.at(name))
        if text is None:
            raise self.refused(file, "is missing", name)
        with self.expecting(file, name):
            yield text

    @contextmanager
    def expecting(self, file: File, name: str = "") -> Iterator[None]:
        """Let the block assume that all is there that the stage writes; raises `UserError` if it is not."""
        try:
            yield
        except BROKEN:
            raise self.refused(file, f"is not {file.what}", name) from None

    def refused(self, file: File, problem: str, name: str = "") -> UserError:
        """Return the error that says why a file can't be used; the problem follows its path in the sentence."""
        return self.source.refused(file.at(name), problem, file.again(name))


def typed(text: str, needed: Iterable[str] = ()) -> "pd.DataFrame":
    """Return a CSV that a stage has written, with types; raises `ValueError` or `LookupError` if it is broken."""
    header, *rows = csv.reader(StringIO(text), strict=True)
    if not text.endswith("\n"):
        raise ValueError("the text is cut off")
    import pandas as pd  # not at the top: stages that read no table, such as the charts, would wait for it

    cells = zip(*rows, strict=True) if rows else repeat((), len(header))
    columns = zip(header, cells, strict=True)
    table = pd.DataFrame({name: _typed(name, each) for name, each in columns})
    _ = table[list(needed)]
    return table


_UNKNOWN = {"nan": None, "": None}
_YES_NO = {"true": True, "false": False, **_UNKNOWN}


def _typed(name: str, column: Sequence[str]) -> Any:
    kind = column_of(name).type
    if kind is float:
        return np.array([float(cell or "nan") for cell in column], dtype=float)
    import pandas as pd

    if kind is str:
        return pd.Series(column, dtype=str)
    read: Callable[[str], Any] = _YES_NO.__getitem__ if kind is bool else _whole
    values = list(map(read, column))
    if None in values:
        return pd.Series(values, dtype="boolean" if kind is bool else "Int64")
    return np.array(values, dtype=kind)


def _whole(cell: str) -> int | None:
    return None if cell in _UNKNOWN else int(cell)
