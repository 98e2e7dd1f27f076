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
    is_wrong = what_is_wrong(params.data)
    with _usable(path):
        return _downloaded(params, path) if is_wrong else _checked(path, params, str(path))


def _downloaded(params: Params, path: Path) -> pd.DataFrame:
    spec = params.data
    assert spec.url  # `what_is_wrong` has looked
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


def what_is_wrong(spec: Data) -> str:
    """Say of the file at `data.path`, which a download is to replace, that it is missing or not the pinned one.

    Empty if it is the pinned one. Raises `UserError` if it has no URL, or if a file would be lost.
    """
    path = Path(spec.path)
    with _usable(path):
        exists = path.exists()
        problem = _difference(path.read_bytes(), spec) if exists else "is missing"
        if not problem:
            return ""
        if spec.url is None:
            remedy = "Set data.url, or put the file there"
            if exists:
                right = "If the file is the right one, set data.sha256 to its own"
                remedy = f"{right}; otherwise put the right one there, or set data.url"
            elif _is_deleted(path):
                remedy = f"Restore it: `git checkout -- {path}`, or set data.url"
            elif near := did_you_mean(path.name, (each.name for each in path.parent.glob("*"))):
                raise UserError(f"params.yaml: data.path is {path}, which is missing{near}")
            raise UserError(
                f"{path} {problem}, and data.url in params.yaml is null. {remedy}; a queued experiment has only the "
                "files that git tracks."
            )
        if exists:
            _refuse_to_lose(path, problem)
    return problem


def _refuse_to_lose(path: Path, problem: str) -> None:
    """Raise `UserError` if git could not bring a file back; one that git is to ignore may be replaced."""
    try:
        state = state_of(path)
        why = "it was edited since it was committed" if "M" in state else "git does not have the file"
    except UserError as error:
        state, why = "??", f"git can't bring the file back ({str(error).rstrip('.')})"
    if state not in ("", "!!"):
        drop = f"git checkout HEAD -- {path}" if "M" in state else f"rm {path}"
        raise UserError(
            f"{path} {problem}, and {why}, so a download would replace the only copy. To use the file as it is, set "
            f"data.sha256 and data.url to null; to drop it, run `{drop}`."
        )


def _difference(content: bytes, spec: Data) -> str:
    """Say that a file is not the pinned one; empty if it is, or if none is pinned."""
    own = hashlib.sha256(content).hexdigest()
    return "" if spec.sha256 in (None, own) else f"has the sha256 {own}, not the {spec.sha256} of data.sha256"


def _is_deleted(path: Path) -> bool:
    """Whether git calls a file deleted, and so could bring it back."""
    with suppress(NoGitError):
        return "D" in state_of(path)
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
