"""Reads a CSV, and checks every cell that is used against `data` in params.yaml."""

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from stages.lib.common import UserError
from stages.lib.config import Data
from stages.lib.data import cells
from stages.lib.data.csv_text import CsvText
from stages.lib.data.encoding import as_utf8
from stages.lib.data.faults import Fault, refuse_faults
from stages.lib.data.header import check_first_line, check_names, column_names
from stages.lib.data.target import as_target

_FILL_IN = "fill it in, or leave out the row, because"
_NOT_ALLOWED = f"{_FILL_IN} data.columns in params.yaml says that none is missing there"
_NEVER_MISSING = f"{_FILL_IN} the model was fitted without missing cells there, and has nothing to impute them with"


def read_csv(
    path: str | Path, spec: Data, classify: bool, name: str = "", groups: str | None = None, order: str | None = None
) -> pd.DataFrame:
    """Read the CSV and check its content.

    Parameters
    ----------
    path : path
        The file to read; `spec.path`, or a download that will replace it.
    spec : Data
        The expected content. With a header, columns may be in any order, and columns that are not listed contain
        numbers.
    classify : bool
        Whether the target is a class (a label, or 0, 1, …) or, for a regression, any number.
    name : str
        The name of the file in messages; `path` if empty.
    groups, order : str, optional
        The columns that `cv.groups` and `cv.order` name; they may have `use: false`.

    Returns
    -------
    DataFrame, shape (n_rows, n_columns)
        The columns in file order, without those that are not used. Numbers are float64, labels of the target 0, 1, …,
        booleans 0 and 1, and dates days, all as float64; categories and groups are `category`. NaN is a missing cell.

    Raises
    ------
    UserError
        It lists the first problems with column and line, where lines are counted from 1 as editors do.
    """
    if spec.labels and not classify:
        raise UserError(
            f"params.yaml: data.columns.{spec.target}.classes are labels, but a regressor predicts a number. "
            "Remove them, or set model.wrapper to NeuralNetClassifier."
        )
    name = name or str(path)
    try:
        csv = csv_text(Path(path).read_bytes(), spec, name)
    except FileNotFoundError:
        raise UserError(f"{name} is missing. Run `dvc repro fetch`, or set data.path in params.yaml.") from None
    except OSError as error:
        raise UserError(f"{name} can't be read: {error.strerror}. Set data.path in params.yaml.") from None
    check_first_line(csv, spec, spec.columns)
    names = column_names(csv, list(spec.columns))
    check_names(csv, names, spec.columns, "which data.columns in params.yaml lists")
    roles = {}
    for role, key in {"cv.order": order, "cv.groups": groups}.items():
        if key == spec.target:
            raise UserError(f"params.yaml: {role} is {key!r}, the target. Name another column.")
        if key:
            check_names(csv, names, [key], f"which {role} in params.yaml names")
            roles[key] = role
    used = [key for key in names if key == spec.target or key in roles or spec.column(key).use]
    if not any(is_feature(key, spec, groups) for key in used):
        only = "the header has only the target" if names == [spec.target] else "no column is used"
        csv.refuse(f"{only}; a net needs a column to predict {spec.target} from.")
    as_text = {key for key in names if key not in used or key == groups or spec.column(key).type != "number"}
    table = csv.table(names, as_text | ({spec.target} if classify else set()))
    columns: dict[str, np.ndarray | pd.Series] = {}
    faults: list[Fault] = []
    for key in used:
        if key == spec.target:
            columns[key], problems = as_target(table[key], classify, spec)
        elif key in roles:
            columns[key], problems = cells.as_role(table[key], roles[key], spec)
        else:
            columns[key], problems = cells.as_feature(table[key], spec.column(key).type, spec.column(key), spec)
            problems += cells.id_like(columns[key], spec)
        faults += problems
    refuse_faults(faults, csv, names)
    return pd.DataFrame(columns)


def read_features(
    content: bytes | str, types: Mapping[str, str], spec: Data, name: str, may_lack: Collection[str] = ()
) -> pd.DataFrame:
    """Read rows to predict, and check their cells as `read_csv` does.

    Parameters
    ----------
    content : bytes or str
        The CSV, with a header if `spec.header` is true; bytes are in `spec.encoding`. With a header, the features may
        be in any order, and other columns are ignored. Without one, all columns of `spec` are there, with the target
        or without it.
    types : mapping of str
        `number`, `boolean` or `category` by feature, in the order of the columns to return.
    spec : Data
        How the CSV is written, and the allowed values.
    name : str
        The name of the CSV in messages.
    may_lack : collection of str
        The features of which the model takes missing cells, where `spec` allows them.

    Returns
    -------
    DataFrame, shape (n_rows, n_features)
        As `Dataset.X`; the categories are those of these rows.

    Raises
    ------
    UserError
        It lists the first problems with column and line.
    """
    csv = csv_text(content, spec, name, is_new=True)
    check_first_line(csv, spec, types)
    names = column_names(csv, list(spec.columns), optional=spec.target)
    check_names(csv, names, types, "which the net predicts from")
    table = csv.table(names, {key for key in names if types.get(key) != "number"})
    columns: dict[str, np.ndarray | pd.Series] = {}
    faults: list[Fault] = []
    for key, kind in types.items():
        column, advice = spec.column(key), _NOT_ALLOWED
        if column.missing and key not in may_lack:
            column, advice = column.model_copy(update={"missing": None}), _NEVER_MISSING
        columns[key], problems = cells.as_feature(table[key], kind, column, spec, advice)
        faults += problems
    refuse_faults(faults, csv, names)
    return pd.DataFrame(columns)


def csv_text(content: bytes | str, spec: Data, name: str, is_new: bool = False) -> CsvText:
    """Return a CSV that is written as `spec` says."""
    encoding = spec.encoding
    if isinstance(content, str):
        content, encoding = content.encode(), "utf-8"
    text = as_utf8(content, encoding, name, is_new)
    form = (spec.separator, spec.decimal, spec.header, tuple(spec.na_values))
    return CsvText(name, text, encoding, *form, is_new)


def is_feature(key: str, spec: Data, groups: str | None) -> bool:
    """Whether a column of the CSV is one that nets predict from."""
    column = spec.column(key)
    return key not in {spec.target, groups} and column.use and column.type != "date"
