"""Downloads the data file that params.yaml pins if it is missing, checks it, and counts its rows."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd

from stages.lib.common import UserError, did_you_mean, write_bytes
from stages.lib.common.git import NoGitError, state_of
from stages.lib.config import Data, Params
from stages.lib.data import read_csv
from stages.lib.data.formats import refuse_other_formats
from stages.lib.fetch.download import download


def ensure_file(params: Params) -> pd.DataFrame:
    """Return the checked table at `data.path`; a missing or wrong file is replaced by a right one from `data.url`."""
    path = Path(params.data.path)
    in_place = is_in_place(params.data)
    with _usable(path):
        return _checked(path, params, str(path)) if in_place else _downloaded(params, path)


def _downloaded(params: Params, path: Path) -> pd.DataFrame:
    spec = params.data
    assert spec.url  # `is_in_place` has looked
    content, name = download(spec.url), f"the file at {spec.url}"
    refuse_other_formats(content, name)  # a page says more than its hash
    if problem := _difference(content, spec):
        raise UserError(
            f"The file at {spec.url} {problem} in params.yaml. Either the source has changed or the answer is not a "
            f"data file; {path} was left unchanged."
        )
    table = _checked(content, params, name)
    write_bytes(path, content)
    return table


def is_in_place(spec: Data) -> bool:
    """Whether the pinned file is at `data.path`; raises `UserError` if it has no URL, or if an edit would be lost."""
    path = Path(spec.path)
    with _usable(path):
        exists = path.exists()
        problem = _difference(path.read_bytes(), spec) if exists else "is missing"
        if not problem:
            return True
        if spec.url is None:
            remedy = "Set data.url, or put the file there"
            if exists:
                right = "If the file is the right one, set data.sha256 to its own"
                remedy = f"{right}; otherwise put the right one there, or set data.url"
            elif _git_says("D", path):
                remedy = f"Restore it: `git checkout -- {path}`, or set data.url"
            elif near := did_you_mean(path.name, (each.name for each in path.parent.glob("*"))):
                raise UserError(f"params.yaml: data.path is {path}, which is missing{near}")
            raise UserError(
                f"{path} {problem}, and data.url in params.yaml is null. {remedy}; a queued experiment has only the "
                "files that git tracks."
            )
        if exists and _git_says("M", path):  # what stands there now is nowhere else
            raise UserError(
                f"{path} was edited since it was committed: it {problem}, and a download would replace "
                "your edit. To use the file as it is, set data.sha256 and data.url to null; to drop the edit, run "
                f"`git checkout -- {path}`."
            )
    return False


def _difference(content: bytes, spec: Data) -> str:
    """Say that a file is not the pinned one; empty if it is, or if none is pinned."""
    own = hashlib.sha256(content).hexdigest()
    return "" if spec.sha256 in (None, own) else f"has the sha256 {own}, not the {spec.sha256} of data.sha256"


def _git_says(state: str, path: Path) -> bool:
    """Whether git calls a file modified, `M`, or deleted, `D`; neither where there is no git."""
    with suppress(NoGitError):
        return state in state_of(path)
    return False


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        problem = f"{error.filename or path} can't be used: {error.strerror}"
        raise UserError(f"{problem}. Remove the cause, or set data.path in params.yaml.") from None


def _checked(file: Path | bytes, params: Params, name: str) -> pd.DataFrame:
    spec, classify = params.data, params.model.classifies
    table = read_csv(file, spec, classify, name, params.cv.groups, params.cv.order)
    y = table[spec.target]
    if not classify and y.nunique() == 1:
        raise UserError(
            f"{name}: the target {spec.target} is {y[0]:g} in every row, so there is nothing to predict. "
            "Name another data.target in params.yaml."
        )
    return table


def describe(table: pd.DataFrame, spec: Data, classify: bool) -> dict[str, object]:
    """Count all rows, the rows of each class (`positives` for class 1 of two), and missing values.

    Missing cells are counted by column, where there are some, and zeros that mean a missing value apart from them.
    """
    zeros = [name for name, column in spec.columns.items() if column.zero_is_missing and name in table]
    missing = table.isna().sum()
    summary: dict[str, object] = {"rows": len(table), "zeros_for_missing": (table[zeros] == 0).sum().to_dict()}
    if missing.any():
        summary["missing"] = missing[missing > 0].to_dict()
    if classify:
        y = table[spec.target]
        counts = {label: int((y == number).sum()) for number, label in enumerate(spec.labels_of(int(y.max()) + 1))}
        summary |= {"classes": counts} if len(counts) > 2 else {"positives": list(counts.values())[1]}
    return summary
