"""Reads a CSV, and checks every cell that is used against `data` in params.yaml."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd

from stages.lib.common import Problem, UserError, in_params
from stages.lib.config import Data
from stages.lib.data.cells import as_feature, as_role
from stages.lib.data.csv_text import CsvText
from stages.lib.data.encoding import as_utf8
from stages.lib.data.faults import Fault, refuse_faults
from stages.lib.data.header import check_first_line, check_names, column_names
from stages.lib.data.target import as_target

# A column's values, and what is wrong with them.
Checked = tuple[Any, list[Fault]]

_FILL_IN = "fill it in, or leave out the row, because"
_NOT_ALLOWED = f"{_FILL_IN} data.columns in params.yaml says that none is missing there"
_NEVER_MISSING = f"{_FILL_IN} the model was fitted without missing cells there, and has nothing to impute them with"


def read_csv(
    file: Path | bytes, spec: Data, classify: bool, name: str = "", groups: str | None = None, order: str | None = None
) -> pd.DataFrame:
    """Read a CSV that is written as `spec` says, and check its content; messages call it `name`, or by its path.

    With a header, columns may be in any order, and columns that `spec` does not list contain numbers. The result has
    the columns in file order, without those that are not used. Numbers are float64, labels of the target 0, 1, …,
    booleans 0 and 1, and dates days, all as float64; categories and groups are `category`. NaN is a missing cell.
    Raises `UserError`, which lists the first problems with column and line, where lines are counted from 1 as editors
    do.

    Parameters
    ----------
    file : path or bytes
        `spec.path`, or the content of a download that will replace it.
    classify : bool
        Whether the target is a class (a label, or 0, 1, …) or, for a regression, any number.
    groups, order : str, optional
        The columns that `cv.groups` and `cv.order` name; they may have `use: false`.
    """
    if spec.labels and not classify:
        remedy = "Remove them, or set model.wrapper to NeuralNetClassifier."
        key = f"data.columns.{spec.target}.classes"
        raise UserError(in_params(key, "are labels, but a regressor predicts a number", remedy))
    name = name or str(file)
    try:
        csv = csv_text(file if isinstance(file, bytes) else file.read_bytes(), spec, name)
    except FileNotFoundError:
        remedy = "Run `dvc repro fetch`, or set data.path in params.yaml."
        raise UserError(Problem("is missing", remedy, name, see="data.path")) from None
    check_first_line(csv, spec, spec.columns)
    names = column_names(csv, list(spec.columns))
    check_names(csv, names, spec.columns, "which data.columns in params.yaml lists")
    roles = {key: role for role, key in {"cv.order": order, "cv.groups": groups}.items() if key}
    for key, role in roles.items():
        check_names(csv, names, [key], f"which {role} in params.yaml names")
    used = [key for key in names if key == spec.target or key in roles or spec.column(key).use]
    if not spec.features(used, groups):
        only = "the header has only the target" if names == [spec.target] else "no column is used"
        csv.refuse(only, f"a net needs a column to predict {spec.target} from")
    as_text = {key for key in names if key not in used or key == groups or spec.column(key).type != "number"}
    table = csv.table(names, as_text | ({spec.target} if classify else set()))

    def checked(key: str) -> Checked:
        if key == spec.target:
            return as_target(table[key], classify, spec)
        if key in roles:
            return as_role(table[key], roles[key], spec)
        return as_feature(table[key], spec, may_lack=spec.column(key).missing is not None)

    return _faultless({key: checked(key) for key in used}, csv, names)


def read_features(
    content: bytes, features: Collection[str], spec: Data, name: str, may_lack: Collection[str] = ()
) -> pd.DataFrame:
    """Read rows to predict, which messages call `name`, and check their cells as `read_csv` does.

    With a header, the features may be in any order, and other columns are ignored. Without one, all columns of `spec`
    are there, with the target or without it. The result has the features in their order, as `Dataset.X` has them; the
    categories are those of these rows. The model takes missing cells of features in `may_lack`, where `spec` allows
    them. Raises `UserError`, which lists the first problems with column and line.
    """
    csv = csv_text(content, spec, name, is_new=True)
    check_first_line(csv, spec, features)
    names = column_names(csv, list(spec.columns), optional=spec.target)
    check_names(csv, names, features, "which the net predicts from")
    table = csv.table(names, {key for key in names if key not in features or spec.column(key).type != "number"})

    def checked(key: str) -> Checked:
        allowed, takes = spec.column(key).missing is not None, key in may_lack
        advice = _NEVER_MISSING if allowed and not takes else _NOT_ALLOWED
        return as_feature(table[key], spec, allowed and takes, advice)

    return _faultless({key: checked(key) for key in features}, csv, names)


def _faultless(columns: dict[str, Checked], csv: CsvText, names: list[str]) -> pd.DataFrame:
    refuse_faults([fault for _, faults in columns.values() for fault in faults], csv, names)
    return pd.DataFrame({key: values for key, (values, _) in columns.items()})


def csv_text(content: bytes, spec: Data, name: str, is_new: bool = False) -> CsvText:
    """Return a CSV that is written as `spec` says."""
    text = as_utf8(content, spec.encoding, name, is_new)
    return CsvText(name, text, spec.encoding, spec.separator, spec.decimal, spec.header, tuple(spec.na_values), is_new)
