"""Writes the files under metrics/: a whole file or none, and the same content as the same bytes."""

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stages.lib.common.artifacts import significant, write_text
from stages.lib.results.columns import COMPUTED, column_of
from stages.lib.results.files import OF_EXPERIMENTS, File

if TYPE_CHECKING:
    import pandas as pd


def write(
    file: File, content: "pd.DataFrame | Mapping[str, Any]", name: str = ""
) -> None:
    """Write a file of the table of files, atomically; a `DataFrame` as CSV, a mapping as JSON with sorted keys."""
    text = as_json(content) if isinstance(content, Mapping) else as_csv(content)
    write_text(file.at(name), text)


def write_folder(
    contents: "Mapping[File, pd.DataFrame | Mapping[str, Any]]", name: str = ""
) -> None:
    """Write all files of a folder, which is a stage's output, and delete what else is in it."""
    for file, content in contents.items():
        write(file, content, name)
    paths = [Path(file.at(name)) for file in contents]
    remove_others(paths[0].parent, paths)


def written(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return a table with the digits that its file has, so that who computes with it gets what a reader gets."""
    columns = {str(name): column_of(str(name)) for name in table}
    # Beside missing ones, pandas makes floats of whole numbers, and objects of booleans.
    kinds = {int: "Int64", bool: "boolean"}
    lacking = [
        name
        for name, each in columns.items()
        if each.type in kinds and table[name].isna().any()
    ]
    table = table.astype({name: kinds[columns[name].type] for name in lacking})
    digits = {
        name: each.digits
        for name, each in columns.items()
        if each.type is float and each.digits
    }
    return table.assign(
        **{name: [significant(x, n) for x in table[name]] for name, n in digits.items()}
    )


def as_csv(table: "pd.DataFrame") -> str:
    """Write a table as CSV: floats with the digits of their column, `true` and `false`, and `nan` if missing."""
    cells = written(table)
    flags = {
        str(name): cells[name].map({True: "true", False: "false"})
        for name in cells.select_dtypes(["bool", "boolean"])
    }
    return cells.assign(**flags).to_csv(index=False, lineterminator="\n", na_rep="nan")


def as_json(content: Mapping[str, Any]) -> str:
    """Write JSON with sorted keys; numbers at the top level have 12 significant digits, settings are what they are."""
    values = {
        key: significant(x, COMPUTED) if isinstance(x, float) else x
        for key, x in content.items()
    }
    return json.dumps(values, indent=2, sort_keys=True, allow_nan=False) + "\n"


def remove_others(folder: str | Path, kept: Iterable[str | Path]) -> None:
    """Delete every file under `folder` that is not one of `kept`, and the folders that become empty."""
    keep = {Path(path) for path in kept}
    for path in sorted(
        Path(folder).rglob("*"), reverse=True
    ):  # what is in a folder comes before it
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in keep:
            path.unlink()


def remove_strays(experiments: Collection[str]) -> list[Path]:
    """Delete the results of experiments that are not among these; return their paths."""
    strays = {path for file in OF_EXPERIMENTS for path in Path().glob(file.at("*"))}
    strays -= {Path(file.at(name)) for file in OF_EXPERIMENTS for name in experiments}
    for path in strays:
        path.unlink()
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    return sorted(strays)
