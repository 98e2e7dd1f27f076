"""Writes the files under metrics/: a whole file or none, and the same content as the same bytes."""

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from gridstage.common.artifacts import significant, write_text
from gridstage.results.columns import COMPUTED, column_of
from gridstage.results.evaluation import ErrorsByModel
from gridstage.results.files import OF_EXPERIMENTS, File
from gridstage.results.record import Numbers, Record

if TYPE_CHECKING:
    import pandas as pd

    Content = pd.DataFrame | Record | Numbers | ErrorsByModel | Mapping[str, Any]


def write(file: File, content: "Content", name: str = "") -> None:
    """Write a file of the table of files, atomically.

    Parameters
    ----------
    file : File
        One of `files`.
    content : DataFrame, Record or mapping
        What is written: a table as CSV, all else as JSON with sorted keys. The same content gives the same bytes.
    name : str, optional
        The experiment, if each has such a file.

    Raises
    ------
    OSError
        If the machine refuses.

    Examples
    --------
    >>> write(files.DRAWN, {"leaderboard": "0a1b"})
    >>> print(open(files.DRAWN.path).read(), end="")
    {
      "leaderboard": "0a1b"
    }
    """
    write_text(file.at(name), as_text(content))


def write_folder(contents: "Mapping[File, Content]", name: str = "") -> None:
    """Write all files of a folder, which is a stage's output, and delete what else is in it.

    Parameters
    ----------
    contents : mapping of File to content
        What `write` takes, by file.
    name : str, optional
        The experiment, if each has such a folder.

    Raises
    ------
    OSError
        If the machine refuses.

    Examples
    --------
    >>> table, summary = results.table(files.FRESH, "neurons"), results.read(files.SUMMARY, "neurons")
    >>> write_folder({files.FRESH: table, files.SUMMARY: summary}, "neurons")
    >>> results.has(files.CANDIDATES, "neurons")
    False
    """
    for file, content in contents.items():
        write(file, content, name)
    paths = [Path(file.at(name)) for file in contents]
    remove_others(paths[0].parent, paths)


def written(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return a table with the digits that its file has, so that who computes with it gets what a reader gets."""
    # Beside missing ones, pandas makes floats of whole numbers, and objects of booleans.
    kinds = {int: "Int64", bool: "boolean"}
    table = table.copy()
    for name in map(str, table):
        column = column_of(name)
        if column.digits:
            table[name] = [significant(x, column.digits) for x in table[name]]
        elif column.type in kinds and table[name].isna().any():
            table = table.astype({name: kinds[column.type]})
    return table


def as_text(content: "Content") -> str:
    """Return the text of a file: of a table CSV, else JSON with sorted keys."""
    if isinstance(content, Mapping):
        return as_json(content)
    if isinstance(content, BaseModel):
        return as_json(content.content())
    return as_csv(content)


def as_csv(table: "pd.DataFrame") -> str:
    """Write a table as CSV: floats with the digits of their column, `true` and `false`, and `nan` if missing."""
    cells = written(table)
    for name in cells.select_dtypes(["bool", "boolean"]):
        cells[name] = cells[name].map({True: "true", False: "false"})
    return cells.to_csv(index=False, lineterminator="\n", na_rep="nan")


def as_json(content: Mapping[str, Any]) -> str:
    """Write JSON with sorted keys; numbers at the top level have 12 significant digits, settings are what they are."""
    values = dict(content)
    for key, value in content.items():
        if isinstance(value, float):
            values[key] = significant(value, COMPUTED)
    return json.dumps(values, indent=2, sort_keys=True, allow_nan=False) + "\n"


def remove_others(folder: str | Path, wanted: Iterable[str | Path]) -> None:
    """Delete every other file in a folder and below, and the folders that become empty.

    Parameters
    ----------
    folder : str or Path
        The folder.
    wanted : iterable of str or Path
        The files that stay.

    Examples
    --------
    >>> remove_others("metrics/curves", ["metrics/curves/neurons.csv"])
    >>> results.names(files.CURVES)
    ['neurons']
    """
    left = {Path(path) for path in wanted}
    # What is in a folder comes before it.
    for path in sorted(Path(folder).rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in left:
            path.unlink()


def remove_strays(experiments: Collection[str]) -> list[Path]:
    """Delete the results of all other experiments.

    Parameters
    ----------
    experiments : collection of str
        The names of those whose results stay.

    Returns
    -------
    list of Path
        What was deleted.

    Examples
    --------
    >>> removed = remove_strays(["neurons"])
    >>> results.names(files.SUMMARY)
    ['neurons']
    """
    strays = {path for file in OF_EXPERIMENTS for path in Path().glob(file.at("*"))}
    strays -= {Path(file.at(name)) for file in OF_EXPERIMENTS for name in experiments}
    for path in strays:
        path.unlink()
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    return sorted(strays)
