"""Gets the data file that params.yaml pins if it is missing, by DVC or by pooch, checks it, and counts its rows."""

import hashlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pandas as pd

from gridstage.common import Problem, UserError, write_bytes
from gridstage.config import Data, Params, is_parquet
from gridstage.data import read_data
from gridstage.data.encoding import refuse_other_formats
from gridstage.repository.dvc_file import dvc_file_of, pull, refuse_other_version
from gridstage.repository.git import state_of

_CHECK = "Check data.url in params.yaml"
# How often a download that has failed is tried again.
_RETRIES = 2


def ensure_file(params: Params) -> tuple[pd.DataFrame, int]:
    """Get the table at `data.path` if it is missing, and check all of it.

    A missing file that DVC tracks is pulled; another one that is missing or wrong is replaced by a right one from
    `data.url`.

    Parameters
    ----------
    params : Params
        What params.yaml says.

    Returns
    -------
    table : DataFrame
        The rows that have a target.
    n_left_out : int
        How many have none.

    Raises
    ------
    UserError
        If there is no such file, or a cell is not what params.yaml says of its column.

    Examples
    --------
    >>> table, n_left_out = ensure_file(params)
    >>> table.shape, n_left_out
    ((768, 9), 0)
    """
    spec, path = params.data, Path(params.data.path)
    if not path.exists() and dvc_file_of(path):
        pull(str(path))
    if not what_is_wrong(spec):
        return _checked(path, params, str(path))
    assert spec.url  # `what_is_wrong` has looked
    content, name = download(spec.url), f"the file at {spec.url}"
    refuse_other_formats(
        content, name, is_parquet(spec.path)
    )  # a page says more than its hash
    if difference := _difference(content, spec):
        remedy = f"Either the source has changed or the answer is not a data file; {path} was left unchanged."
        raise UserError(
            Problem(f"The file at {spec.url} {difference} in params.yaml", remedy)
        )
    checked = _checked(content, params, name)
    write_bytes(path, content)
    return checked


def what_is_wrong(spec: Data) -> str:
    """Say of the file at `data.path`, which a download is to replace, that it is missing or not the pinned one.

    Empty if it is the pinned one. Raises `UserError` if it has no URL, or if a file would be lost, as one would that
    DVC tracks.
    """
    path = Path(spec.path)
    refuse_other_version(path)
    exists, in_dvc = path.exists(), dvc_file_of(path)
    finding = _difference(path.read_bytes(), spec) if exists else "is missing"
    if not finding:
        return ""
    if in_dvc:
        remedy = (
            f"Set data.sha256 to its own, or to null, because {in_dvc} has a hash, too."
        )
        raise UserError(Problem(finding, remedy, str(path)))
    if spec.url is None:
        remedy = (
            f"Set data.url, put the file there, or restore it: `git checkout -- {path}`"
        )
        if exists:
            remedy = f"If the file is the right one, set data.sha256 to its own; if not: `git checkout -- {path}`"
        raise UserError(
            Problem(
                f"{finding}, and data.url in params.yaml is null", remedy, str(path)
            )
        )
    if exists:
        _refuse_to_lose(path, finding)
    return finding


def _refuse_to_lose(path: Path, finding: str) -> None:
    """Raise `UserError` if git could not bring a file back; one that git is to ignore may be replaced."""
    try:
        is_safe = state_of(path) in ("", "!!")
    except UserError:  # without git
        is_safe = False
    if not is_safe:
        remedy = "To use the file as it is, set data.sha256 and data.url to null; otherwise move or delete it."
        finding = f"{finding}, and git does not have this version, so a download would replace the only copy"
        raise UserError(Problem(finding, remedy, str(path)))


def _difference(content: bytes, spec: Data) -> str:
    """Say that a file is not the pinned one; empty if it is, or if none is pinned."""
    own = hashlib.sha256(content).hexdigest()
    return (
        ""
        if spec.sha256 in (None, own)
        else f"has the sha256 {own}, not the {spec.sha256} of data.sha256"
    )


def _checked(file: Path | bytes, params: Params, name: str) -> tuple[pd.DataFrame, int]:
    spec, classify = params.data, params.model.classifies
    table, n_left_out = read_data(
        file, spec, classify, name, params.cv.groups, params.cv.order
    )
    y = table[spec.target]
    if not classify and y.nunique() == 1:
        finding = f": the target {spec.target} is {y[0]:g} in every row, so there is nothing to predict"
        raise UserError(
            Problem(finding, "Name another data.target in params.yaml.", name)
        )
    return table, n_left_out


def describe(
    table: pd.DataFrame, n_left_out: int, spec: Data, classify: bool
) -> dict[str, object]:
    """Count all rows, the rows of each class, missing values, and rows left out.

    Parameters
    ----------
    table : DataFrame
        As `ensure_file` returns it.
    n_left_out : int
        How many rows have no target.
    spec : Data
        The section `data` of params.yaml.
    classify : bool
        Whether the target is a class.

    Returns
    -------
    dict of str to object
        Missing cells are by column, where there are some, and zeros that mean a missing value apart from them.

    Examples
    --------
    >>> table, n_left_out = ensure_file(params)
    >>> describe(table, n_left_out, params.data, classify=True)["classes"]
    {'0': 500, '1': 268}
    """
    zeros = [
        name
        for name, column in spec.columns.items()
        if column.zero_is_missing and name in table
    ]
    missing = table.isna().sum()
    summary: dict[str, object] = {
        "rows": len(table),
        "zeros_for_missing": (table[zeros] == 0).sum().to_dict(),
    }
    if missing.any():
        summary["missing"] = missing[missing > 0].to_dict()
    if n_left_out:
        summary["rows_without_target"] = n_left_out
    if classify:
        y = table[spec.target]
        labels = spec.labels_of(int(y.max()) + 1)
        summary["classes"] = {
            label: int((y == number).sum()) for number, label in enumerate(labels)
        }
    return summary


def read_as(spec: Data) -> str:
    """Return a hash of the settings that say what is read, and how.

    Stages that depend on metrics/data.json, where it stands, become stale by it, without these settings in dvc.lock.

    Parameters
    ----------
    spec : Data
        The section `data` of params.yaml.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> other = params.data.model_copy(update={"decimal": ","})
    >>> read_as(other) == read_as(params.data)
    False
    """
    settings = spec.model_dump(exclude={"sample", "sha256", "url"})
    return hashlib.sha256(
        json.dumps(settings).encode()
    ).hexdigest()  # in their order, because that of columns counts


def download(url: str, *, silence: float = 10.0) -> bytes:
    """Return the content of the file at `url`, `http://…`, `https://…`, `file://…` or a local path.

    `silence` is how many seconds may pass without a byte; if each attempt fails, `UserError` says why.
    """
    if not url.startswith(("http://", "https://")):
        return _local(url)
    import pooch  # not at the top: the checks import this room, and seldom download

    pooch.get_logger().setLevel(
        "ERROR"
    )  # a note on each attempt would name a temporary file
    # Only plain text shows whether a body is complete: an archive that is cut off is unpacked as far as it goes.
    get = pooch.HTTPDownloader(timeout=silence, headers={"Accept-Encoding": "identity"})
    # The hash is looked at later, because a page in place of the file has a better sentence.
    with TemporaryDirectory() as folder:
        once = pooch.create(
            folder,
            "",
            registry={"file": None},
            urls={"file": url},
            retry_if_failed=_RETRIES,
        )
        try:
            return Path(once.fetch("file", downloader=get)).read_bytes()
        except (OSError, ValueError) as error:  # those of requests are an OSError
            finding = f"could not be downloaded in {1 + _RETRIES} attempts: {str(error).rstrip('.')}"
            remedy = f"{_CHECK} and the network, or set data.url to a copy."
            raise UserError(Problem(finding, remedy, url)) from None


def _local(url: str) -> bytes:
    parts = urlsplit(url)
    try:
        return Path(
            url2pathname(parts.path) if parts.scheme == "file" else url
        ).read_bytes()
    except OSError as error:
        remedy = f"{_CHECK}. A web address begins with https://."
        raise UserError(
            Problem(f"can't be read: {error.strerror}", remedy, url)
        ) from None
