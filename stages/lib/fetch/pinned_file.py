"""Downloads the data file that params.yaml pins if it is missing, checks it, and counts its rows."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd

from stages.lib.common import UserError, temporary
from stages.lib.common.git import NoGitError, state_of
from stages.lib.config import Data, Params
from stages.lib.data import class_labels, read_csv
from stages.lib.data.formats import refuse_other_formats
from stages.lib.fetch.download import download

_IN_GIT = "a queued experiment has only the files that git tracks."


def ensure_file(params: Params) -> pd.DataFrame:
    """Return the checked table at `data.path`, downloaded from `data.url` if it is missing or not the pinned one.

    An existing file is replaced only by one whose hash and content are right.
    """
    path = Path(params.data.path)
    in_place = is_in_place(params.data)
    with _usable(path):
        return _checked(path, params) if in_place else _downloaded(params, path)


def _downloaded(params: Params, path: Path) -> pd.DataFrame:
    url = params.data.url
    assert url  # `is_in_place` has looked
    path.parent.mkdir(parents=True, exist_ok=True)
    new = temporary(path)
    try:
        download(url, new)
        name = f"the file at {url}"
        if params.data.sha256 is not None:
            _check_hash(new, params.data, name)
        table = _checked(new, params, name)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)
    return table


def is_in_place(spec: Data) -> bool:
    """Whether the pinned file is at `data.path`; raises `UserError` if it is not, and there is no `data.url`."""
    path = Path(spec.path)
    with _usable(path):
        if path.exists() and (spec.sha256 is None or _sha256(path) == spec.sha256):
            return True
        if spec.url is None:
            raise UserError(_not_there(path, spec))
        if path.exists() and _is_edited(path):
            raise UserError(
                f"{path} was edited since it was committed: it has the sha256 {_sha256(path)}, not the {spec.sha256} "
                "of data.sha256, and a download would replace your edit. To use the file as it is, set data.sha256 and "
                f"data.url to null; to drop the edit, run `git checkout -- {path}`."
            )
    return False


def _is_edited(path: Path) -> bool:
    """Whether git has another version of a file, so that what stands there now is nowhere else."""
    with suppress(NoGitError):
        return "M" in state_of(path)
    return False


def _not_there(path: Path, spec: Data) -> str:
    found, remedy = "is missing", "Set data.url, or put the file there"
    if path.exists():
        found = f"has the sha256 {_sha256(path)}, not the {spec.sha256} of data.sha256"
        remedy = (
            "If the file is the right one, set data.sha256 to its own; else put the right one there, or set data.url"
        )
    return f"{path} {found}, and data.url in params.yaml is null. {remedy}; {_IN_GIT}"


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename or path
        raise UserError(
            f"{where} can't be used: {error.strerror}. Remove the cause, or set data.path in params.yaml."
        ) from None


def describe(table: pd.DataFrame, spec: Data, classify: bool) -> dict[str, object]:
    """Count all rows, the rows of each class (`positives` for class 1 of two), and missing values.

    Missing cells are counted by column, where there are some, and zeros that mean a missing value apart from them.
    """
    zeros = {
        name: int((table[name] == 0).sum())
        for name, column in spec.columns.items()
        if column.zero_is_missing and name in table
    }
    summary: dict[str, object] = {"rows": len(table), "zeros_for_missing": zeros}
    if missing := {str(name): int(count) for name, count in table.isna().sum().items() if count}:
        summary["missing"] = missing
    if classify:
        y = table[spec.target].to_numpy()
        counts = {label: int((y == number).sum()) for number, label in enumerate(class_labels(y, spec))}
        summary |= {"classes": counts} if len(counts) > 2 else {"positives": list(counts.values())[1]}
    return summary


def _checked(path: Path, params: Params, name: str = "") -> pd.DataFrame:
    spec, classify = params.data, params.model.classifies
    table = read_csv(path, spec, classify, name, params.cv.groups, params.cv.order)
    y = table[spec.target]
    if not classify and y.nunique() == 1:
        raise UserError(
            f"{name or path}: the target {spec.target} is {y[0]:g} in every row, so there is nothing to predict. "
            "Name another data.target in params.yaml."
        )
    return table


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check_hash(new: Path, spec: Data, name: str) -> None:
    refuse_other_formats(new.read_bytes(), name)  # a page says more than its hash
    if _sha256(new) != spec.sha256:
        raise UserError(
            f"The file at {spec.url} has the sha256 {_sha256(new)}, not the {spec.sha256} of data.sha256 "
            "in params.yaml. Either the source has changed or the answer is not a data file; "
            f"{spec.path} was left unchanged."
        )
