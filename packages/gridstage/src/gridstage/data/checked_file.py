"""Reads a CSV or a Parquet file, and checks every cell that is used against `data` in params.yaml."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridstage.common import Problem, UserError, did_you_mean, first_of, in_params
from gridstage.config import Data, is_parquet
from gridstage.data.aside.faults import Fault, plain, refuse_faults
from gridstage.data.cells import as_feature, as_role, as_target, lacks_target
from gridstage.data.csv_text import CsvText
from gridstage.data.encoding import PARQUET_BEGINS, utf8_text

# The most names in a message.
_MOST_NAMES = 20

# A column's values, and what is wrong with them.
Checked = tuple[Any, list[Fault]]

_FILL_IN = "fill it in, or leave out the row, because the model was fitted without missing cells there"


def read_data(
    file: Path | bytes,
    spec: Data,
    classify: bool,
    name: str = "",
    groups: str | None = None,
    order: str | None = None,
) -> tuple[pd.DataFrame, int]:
    """Read a table, a file or its content, as `spec` says, and check it; messages call it `name`, or by its path.

    Returns the table, and how many rows without a target are left out of it, if `spec` says so. The table has the
    columns that are used, in file order, with those that only `groups` and `order`, of `cv`, name. Numbers are float64,
    labels of the target 0, 1, …, booleans 0 and 1, and dates days, all as float64; categories and groups are
    `category`. NaN is a missing cell. Raises `UserError`, which lists the first problems with column and line or row.
    """
    if spec.labels and not classify:
        remedy = "Remove them, or set model.wrapper to NeuralNetClassifier."
        key = f"data.columns.{spec.target}.classes"
        raise UserError(
            in_params(key, "are labels, but a regressor predicts a number", remedy)
        )
    name = name or str(file)
    try:
        content = file if isinstance(file, bytes) else file.read_bytes()
    except FileNotFoundError:
        remedy = "Run `python -m stages.fetch`, or set data.path in params.yaml."
        raise UserError(Problem("is missing", remedy, name)) from None
    rows = file_rows(content, spec, name, is_parquet(spec.path))
    names, target = rows.names(list(spec.columns)), spec.target
    check_names(rows, names, spec.columns, "which data.columns in params.yaml lists")
    roles: dict[str, str] = {}
    for role, named in {"cv.order": order, "cv.groups": groups}.items():
        if named:
            check_names(rows, names, [named], f"which {role} in params.yaml names")
            roles[named] = role
    used = [
        key for key in names if key == target or key in roles or spec.column(key).use
    ]
    if not spec.features(used, groups):
        only = "no column is used"
        if names == [target]:
            only = f"{rows.names_in} has only the target"
        rows.refuse(only, f"a net needs a column to predict {target} from")
    numbers = {key for key in used if key != groups and _is_number(key, spec)}
    if classify:
        numbers -= {target}
    table = rows.table(names, {*names} - numbers, used)
    n_rows = len(table)
    if spec.columns[target].missing:
        # The index still counts the rows of the file.
        table = table[~lacks_target(table[target], spec)]
        if table.empty:
            remedy = "name another data.target in params.yaml"
            rows.refuse(f"no row has the target {target}", remedy)

    def checked(key: str) -> Checked:
        if key == target:
            return as_target(table[key], classify, spec)
        if key in roles:
            return as_role(table[key], roles[key], spec)
        return as_feature(table[key], spec, spec.column(key).missing is not None)

    columns = {key: checked(key) for key in used}
    return _faultless(columns, rows, names, table.index), n_rows - len(table)


def _is_number(key: str, spec: Data) -> bool:
    column = spec.column(key)
    return column.type == "number" and not column.written


def read_features(
    content: bytes,
    features: Collection[str],
    spec: Data,
    name: str,
    may_lack: Collection[str] = (),
) -> tuple[CsvText, pd.DataFrame]:
    """Read rows to predict, which messages call `name`, and check their cells as `read_data` does.

    Returns the rows as they are in the file, and as they were checked, with the features in their order, as `Dataset.X`
    has them. The model takes missing cells of those in `may_lack`. Without a header, all columns of `spec` are there,
    with the target or without it.
    """
    in_parquet = is_parquet(name) or content.startswith(PARQUET_BEGINS)
    rows = file_rows(content, spec, name, in_parquet)
    names = rows.names(list(spec.columns), optional=spec.target)
    check_names(rows, names, features, "which the model predicts from")
    numbers = {key for key in features if _is_number(key, spec)}
    table = rows.table(names, {*names} - numbers, features)
    columns = {}
    for key in features:
        may_be = spec.column(key).missing is not None and key in may_lack
        columns[key] = as_feature(table[key], spec, may_be, _FILL_IN)
    return rows, _faultless(columns, rows, names, table.index)


def _faultless(
    columns: dict[str, Checked], rows: CsvText, names: list[str], numbers: pd.Index
) -> pd.DataFrame:
    """Return checked columns as a table; `numbers` are those of its rows in the file, for messages."""
    faults = []
    for _, of_column in columns.values():
        for fault in of_column:
            in_file = numbers[np.asarray(fault.rows, int)].to_numpy()
            faults.append(replace(fault, rows=in_file))
    refuse_faults(faults, rows, names)
    return pd.DataFrame({key: values for key, (values, _) in columns.items()})


def file_rows(content: bytes, spec: Data, name: str, in_parquet: bool) -> CsvText:
    """Return the rows of a CSV, written as `spec` says, or of a Parquet file."""
    if in_parquet:
        return parquet_rows(content, name, ("", *spec.na_values))
    return CsvText(
        name,
        utf8_text(content, spec.encoding, name),
        spec.encoding,
        spec.separator,
        spec.decimal,
        spec.header,
        tuple(spec.na_values),
    )


def parquet_rows(content: bytes, name: str, na_values: Iterable[str] = ()) -> CsvText:
    """Return a Parquet file as `parquet_file` does; raises `UserError` if the package is not installed."""
    try:
        from gridstage.data import parquet_file
    except ImportError:
        remedy = "Run `pip install pyarrow`, and add it to requirements.txt, with its version."
        finding = "is a Parquet file, and pyarrow, which reads those, is not installed"
        raise UserError(Problem(finding, remedy, name)) from None
    return parquet_file.parquet_rows(content, name, tuple(na_values))


def check_names(
    rows: CsvText, names: Sequence[str], wanted: Collection[str], why: str
) -> None:
    """Raise `UserError` with the names in `wanted` that the file does not have."""
    if missing := [name for name in wanted if name not in names]:
        others = [name for name in names if name not in wanted]
        it_has = f"; it has {first_of(list(map(plain, names)), _MOST_NAMES)}"
        hint = did_you_mean(missing[0], others) or it_has
        those = first_of(list(map(repr, missing)), _MOST_NAMES)
        what = rows.names_in if rows.header else "data.columns"
        rows.refuse(f"{what} has no {those}, {why}{hint}")
