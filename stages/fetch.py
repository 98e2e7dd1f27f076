"""Stage `fetch`: have the data file that params.yaml pins, check its content, and count what it holds."""

import hashlib
import os
from pathlib import Path

import pandas as pd

from stages.lib.dataset import check_folds, class_labels
from stages.lib.download import download
from stages.lib.errors import UserError, run
from stages.lib.outputs import temporary, write_json
from stages.lib.params import Data, Params, load_params
from stages.lib.table import read_csv


def ensure_file(params: Params) -> pd.DataFrame:
    """Return the checked table at `data.path`, downloaded from `data.url` where it is missing or not the pinned one.

    The file that stood there is replaced only by one whose hash and content are right.
    """
    spec, path = params.data, Path(params.data.path)
    if path.exists() and (spec.sha256 is None or _sha256(path) == spec.sha256):
        return _checked(path, params)
    if spec.url is None:
        found = f"has the sha256 {_sha256(path)}, not data.sha256" if path.exists() else "is missing"
        raise UserError(
            f"{path} {found}, and data.url in params.yaml is null. Set data.url, or put the file there; "
            "a queued experiment has only the files that git knows."
        )

    path.parent.mkdir(parents=True, exist_ok=True)
    new = temporary(path)
    try:
        download(spec.url, new)
        _check_hash(new, spec)
        table = _checked(new, params, f"what {spec.url} serves")
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)
    return table


def describe(table: pd.DataFrame, spec: Data, classify: bool) -> dict[str, object]:
    """Count rows, those of each class (`positives`: of class 1 of two), and zeros that stand for missing values."""
    zeros = {name: int((table[name] == 0).sum()) for name, column in spec.columns.items() if column.zero_is_missing}
    summary: dict[str, object] = {"rows": len(table), "zeros_for_missing": zeros}
    if classify:
        y = table[spec.target].to_numpy()
        counts = {label: int((y == number).sum()) for number, label in enumerate(class_labels(y, spec))}
        summary |= {"classes": counts} if len(counts) > 2 else {"positives": list(counts.values())[1]}
    return summary


def main() -> None:
    params = load_params()
    table = ensure_file(params)
    summary = describe(table, params.data, params.model.classifies)
    write_json("metrics/data.json", summary)
    print(f"{params.data.path}: {len(table)} rows, {len(table.columns)} columns, all as they should be")


def _checked(path: Path, params: Params, name: str = "") -> pd.DataFrame:
    classify = params.model.classifies
    table = read_csv(path, params.data, classify, name)
    y = table[params.data.target].to_numpy()
    check_folds(y, params.cv.n_splits, class_labels(y, params.data) if classify else ())
    return table


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check_hash(new: Path, spec: Data) -> None:
    if spec.sha256 not in {None, _sha256(new)}:
        raise UserError(
            f"What {spec.url} serves has the sha256 {_sha256(new)}, not the {spec.sha256} of data.sha256 "
            "in params.yaml. Either the source has changed or the answer is no data file; "
            f"{spec.path} was left as it was."
        )


if __name__ == "__main__":
    run(main)
