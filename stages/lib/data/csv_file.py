"""Reads a CSV, and checks every cell that is used against `data` in params.yaml."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from stages.lib.common import Problem, UserError, did_you_mean, first_of, in_params
from stages.lib.config import Data
from stages.lib.data.cells import as_feature, as_role, as_target
from stages.lib.data.csv_text import CsvText
from stages.lib.data.encoding import as_utf8, utf8_blocks
from stages.lib.data.faults import Fault, plain, refuse_faults
from stages.lib.data.pieces import pieces

# The most names in a message.
_MOST_NAMES = 20

# A column's values, and what is wrong with them.
Checked = tuple[Any, list[Fault]]

_FILL_IN = "fill it in, or leave out the row, because the model was fitted without missing cells there"


def read_csv(
    file: Path | bytes, spec: Data, classify: bool, name: str = "", groups: str | None = None, order: str | None = None
) -> pd.DataFrame:
    """Read a CSV, a file or its content, as `spec` says, and check it; messages call it `name`, or by its path.

    The result has the columns in file order, without those that are not used; those that only `groups` and `order`, of
    `cv`, name are there. Numbers are float64, labels of the target 0, 1, …, booleans 0 and 1, and dates days, all as
    float64; categories and groups are `category`. NaN is a missing cell. Raises `UserError`, which lists the first
    problems with column and line, where lines are counted from 1 as editors do.
    """
    if spec.labels and not classify:
        remedy = "Remove them, or set model.wrapper to NeuralNetClassifier."
        key = f"data.columns.{spec.target}.classes"
        raise UserError(in_params(key, "are labels, but a regressor predicts a number", remedy))
    name = name or str(file)
    try:
        csv = csv_text(file if isinstance(file, bytes) else file.read_bytes(), spec, name)
    except FileNotFoundError:
        remedy = "Run `python -m stages.fetch`, or set data.path in params.yaml."
        raise UserError(Problem("is missing", remedy, name, see="data.path")) from None
    check_first_line(csv, spec)
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
    file: BinaryIO,
    features: Collection[str],
    spec: Data,
    name: str,
    may_lack: Collection[str] = (),
    n_bytes: int = -1,
) -> Iterator[tuple[CsvText, pd.DataFrame]]:
    """Read rows to predict, which messages call `name`, and check their cells as `read_csv` does.

    Yields pieces of about `n_bytes` of the file, or one piece: its text, and its rows. Without a header, all columns of
    `spec` are there, with the target or without it. The rows have the features in their order, as `Dataset.X` has them;
    the model takes missing cells of those in `may_lack`. `UserError` lists the first problems of a piece.
    """
    names: list[str] = []
    for csv in pieces(_written_as(spec, name), utf8_blocks(file, spec.encoding, name, n_bytes)):
        if not names:
            check_first_line(csv, spec)
            names = column_names(csv, list(spec.columns), optional=spec.target)
            check_names(csv, names, features, "which the net predicts from")
        table = csv.table(names, {key for key in names if key not in features or spec.column(key).type != "number"})
        may = {key: spec.column(key).missing is not None and key in may_lack for key in features}
        columns = {key: as_feature(table[key], spec, may[key], _FILL_IN) for key in features}
        yield csv, _faultless(columns, csv, names)


def _faultless(columns: dict[str, Checked], csv: CsvText, names: list[str]) -> pd.DataFrame:
    refuse_faults([fault for _, faults in columns.values() for fault in faults], csv, names)
    return pd.DataFrame({key: values for key, (values, _) in columns.items()})


def csv_text(content: bytes, spec: Data, name: str) -> CsvText:
    """Return a CSV that is written as `spec` says."""
    return replace(_written_as(spec, name), text=as_utf8(content, spec.encoding, name))


def _written_as(spec: Data, name: str) -> CsvText:
    return CsvText(name, b"", spec.encoding, spec.separator, spec.decimal, spec.header, tuple(spec.na_values))


def column_names(csv: CsvText, columns: Sequence[str], optional: str = "") -> list[str]:
    """Return the names of the columns: those in the header or, without one, `columns`, if need be without `optional`.

    A column without a name is called `Unnamed: 0` by its place, as pandas calls it. Raises `UserError` if there is no
    row, a name occurs twice, or the first row, of which pandas would cut off the end, has another number of cells.
    """
    (line, row), *others = islice(csv.records(), 2)
    names, note = list(columns), ""
    if csv.header:
        names, last = [cell.strip() or f"Unnamed: {place}" for place, cell in enumerate(row)], row[-1].strip()
        name, count = Counter(names).most_common(1)[0]
        if count > 1:
            csv.refuse(f"the header has {name!r} {count} times", "rename all but one")
        if not others:
            csv.refuse("has no row after its header", "Is it the right file?", line)
        line, row = others[0]
        if len(row) == len(names) - 1 and not last:
            names.pop()  # some exports end the header, and no other line, with a separator
    elif optional and len(row) != len(names):
        note = f", or {len(names)} with {optional}"
        names.remove(optional)
    if len(row) != len(names):
        csv.check_widths(len(names), note)
    return names


def check_names(csv: CsvText, names: Sequence[str], wanted: Collection[str], why: str) -> None:
    """Raise `UserError` with the names in `wanted` that the header does not have."""
    if missing := [name for name in wanted if name not in names]:
        others = [name for name in names if name not in wanted]
        hint = did_you_mean(missing[0], others) or f"; it has {first_of(list(map(plain, names)), _MOST_NAMES)}"
        what = "the header" if csv.header else "data.columns"
        csv.refuse(f"{what} has no {first_of(list(map(repr, missing)), _MOST_NAMES)}, {why}{hint}")


def check_first_line(csv: CsvText, spec: Data) -> None:
    """Raise `UserError` if the first line is a header where there should be none."""
    _, first = next(csv.records())
    if not csv.header and [cell.strip() for cell in first] == list(spec.columns)[: len(first)]:
        csv.refuse("is a header, but data.header in params.yaml is false", "Remove the line, or set it to true.", 1)
