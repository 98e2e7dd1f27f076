"""A table that DVC tracks by a .dvc file, such as data/flights.csv.dvc: which one it is, and how DVC brings it."""

import hashlib
from pathlib import Path
from typing import Any

from gridstage.common import Problem, UserError
from gridstage.config import yaml12
from gridstage.repository.dvc import dvc


def dvc_file_of(path: str | Path) -> Path | None:
    """Return the .dvc file that tracks a file, or a folder above it; None if there is none."""
    path = Path(path)
    for each in (path, *path.parents):
        file = Path(f"{each}.dvc")
        if file.is_file():
            return file
    return None


def refuse_missing(path: str | Path) -> None:
    """Raise `UserError` if a file is not here that DVC tracks; it says how to get the file."""
    if not Path(path).exists() and (file := dvc_file_of(path)):
        finding = f"is not here, but DVC tracks it, by {file}"
        raise UserError(Problem(finding, f"Run `dvc pull {path}`.", str(path)))


def refuse_other_version(path: str | Path) -> None:
    """Raise `UserError` if DVC tracks a file that is missing, or has other bytes than its .dvc file says.

    Nothing is said of a file in a folder that DVC tracks as a whole, and of hashes that DVC has made in another way.
    """
    refuse_missing(path)
    file = dvc_file_of(path)
    if file and differs(path, file):
        remedy = f"To take it as the new version, run `dvc add {path}`; to get the other one, `dvc pull {path}`."
        raise UserError(
            Problem(f"is not the version that {file} names", remedy, str(path))
        )


def differs(path: str | Path, file: Path) -> bool:
    """Whether a file has other bytes than its .dvc file says; raises `UserError` if DVC has not written that."""
    content = yaml12.load(file.read_text(encoding="utf-8"), str(file))
    name = Path(path).name
    outputs: list[dict[str, Any]] = content["outs"]
    recorded = next((out for out in outputs if out.get("path") == name), {})
    # Before version 3, DVC changed ends of lines first.
    if recorded.get("hash") != "md5":
        return False
    with Path(path).open("rb") as table:
        return hashlib.file_digest(table, "md5").hexdigest() != str(recorded["md5"])


def track(path: str | Path) -> None:
    """Let DVC take a file as it is now, once no other process holds DVC's lock; raises `UserError` if it can't.

    A stage may do so, because DVC releases its lock while a stage runs, for files that are no outputs.
    """
    done = dvc("--wait-for-lock", "add", str(path), shown=True)
    if done.returncode:
        raise UserError(f"`dvc add {path}` failed; what DVC says is above.")


def pull(target: str) -> None:
    """Let DVC bring a file, from its cache or its remote, and print what it says.

    Raises `UserError` if it can't.
    """
    if dvc("pull", target, shown=True).returncode == 0:
        return
    raise UserError(
        f"`dvc pull {target}` failed; what DVC says is above. `dvc remote list` says where it looks. Where the version "
        "was made, `dvc push` sends it there."
    )


def remote() -> str:
    """Return the name of DVC's default remote; empty if none is set."""
    return dvc("config", "core.remote").stdout.strip()
