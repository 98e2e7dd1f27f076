"""Downloads the data file that params.yaml pins if it is missing, checks it, and counts its rows."""

import hashlib
from pathlib import Path

import pandas as pd

from stages.lib.common import Problem, UserError, did_you_mean, in_params, write_bytes
from stages.lib.common.git import state_of
from stages.lib.config import Data, Params
from stages.lib.data import read_csv
from stages.lib.data.encoding import refuse_other_formats
from stages.lib.fetch.download import download


def ensure_file(params: Params) -> pd.DataFrame:
    """Return the checked table at `data.path`; a missing or wrong file is replaced by a right one from `data.url`."""
    spec, path = params.data, Path(params.data.path)
    if not what_is_wrong(spec):
        return _checked(path, params, str(path))
    assert spec.url  # `what_is_wrong` has looked
    content, name = download(spec.url), f"the file at {spec.url}"
    refuse_other_formats(content, name)  # a page says more than its hash
    if difference := _difference(content, spec):
        remedy = f"Either the source has changed or the answer is not a data file; {path} was left unchanged."
        raise UserError(Problem(f"The file at {spec.url} {difference} in params.yaml", remedy, see="data.sha256"))
    table = _checked(content, params, name)
    write_bytes(path, content)
    return table


def what_is_wrong(spec: Data) -> str:
    """Say of the file at `data.path`, which a download is to replace, that it is missing or not the pinned one.

    Empty if it is the pinned one. Raises `UserError` if it has no URL, or if a file would be lost.
    """
    path = Path(spec.path)
    exists = path.exists()
    finding = _difference(path.read_bytes(), spec) if exists else "is missing"
    if not finding:
        return ""
    if spec.url is None:
        remedy = "Set data.url, or put the file there"
        if exists:
            remedy = "If the file is the right one, set data.sha256 to its own; otherwise put the right one there"
        elif near := did_you_mean(path.name, (each.name for each in path.parent.glob("*"))):
            raise UserError(in_params("data.path", f"is {path}, which is missing{near}"))
        remedy = f"{remedy}; `git checkout -- {path}` restores one that git has, and a queued experiment has no other"
        finding = f"{finding}, and data.url in params.yaml is null"
        raise UserError(Problem(finding, remedy, str(path), see="data.url"))
    if exists:
        _refuse_to_lose(path, finding)
    return finding


def _refuse_to_lose(path: Path, finding: str) -> None:
    """Raise `UserError` if git could not bring a file back; one that git is to ignore may be replaced."""
    try:
        state = state_of(path)
        why = "it was edited since it was committed" if "M" in state else "git does not have the file"
    except UserError as error:
        state, why = "??", f"git can't bring the file back ({str(error).rstrip('.')})"
    if state not in ("", "!!"):
        drop = f"git checkout HEAD -- {path}" if "M" in state else f"rm {path}"
        remedy = f"To use the file as it is, set data.sha256 and data.url to null; to drop it, run `{drop}`."
        finding = f"{finding}, and {why}, so a download would replace the only copy"
        raise UserError(Problem(finding, remedy, str(path), see="data.sha256"))


def _difference(content: bytes, spec: Data) -> str:
    """Say that a file is not the pinned one; empty if it is, or if none is pinned."""
    own = hashlib.sha256(content).hexdigest()
    return "" if spec.sha256 in (None, own) else f"has the sha256 {own}, not the {spec.sha256} of data.sha256"


def _checked(file: Path | bytes, params: Params, name: str) -> pd.DataFrame:
    spec, classify = params.data, params.model.classifies
    table = read_csv(file, spec, classify, name, params.cv.groups, params.cv.order)
    y = table[spec.target]
    if not classify and y.nunique() == 1:
        finding = f": the target {spec.target} is {y[0]:g} in every row, so there is nothing to predict"
        raise UserError(Problem(finding, "Name another data.target in params.yaml.", name, see="data.target"))
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
