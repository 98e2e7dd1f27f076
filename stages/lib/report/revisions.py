"""Finds differences between two commits, or a commit and the working tree, by git and DVC."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from stages.lib.common import UserError


@dataclass(frozen=True)
class Change:
    """One value that differs; `old` or `new` is None if missing, `difference` is None unless both are numbers."""

    file: str
    key: str
    old: Any
    new: Any
    difference: float | None


def commit_of(revision: str) -> str:
    """Return the hash of a branch, tag or commit; raises `UserError` if git does not know it."""
    try:
        return _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").strip()
    except subprocess.CalledProcessError:
        raise UserError(f"git has no revision {revision!r}. `git branch --all` and `git tag` list names.") from None


def merge_base(revision: str) -> str:
    """Return the commit at which HEAD left `revision`; later commits to `revision` are not changes of HEAD."""
    commit = commit_of(revision)
    try:
        return _git("merge-base", commit, "HEAD").strip()
    except subprocess.CalledProcessError:
        raise UserError(
            f"{revision} and HEAD have no commit in common. In a shallow clone, run `git fetch --unshallow`."
        ) from None


def changes(
    kind: Literal["params", "metrics"], old: str, new: str | None = None, unchanged: bool = False
) -> list[Change]:
    """Return the params or metrics that differ, sorted by file and key.

    Parameters
    ----------
    kind : 'params' or 'metrics'
    old : str
        A commit.
    new : str, optional
        Another commit; the working tree if None.
    unchanged : bool
        Whether to return those that don't differ as well.
    """
    found = _dvc(kind, "diff", "--json", *["--all"] * unchanged, old, *([new] if new else []))
    # The order of DVC's rows varies.
    return [
        Change(file, key, values.get("old"), values.get("new"), _difference(**values))
        for file, keys in sorted(found.items())
        for key, values in sorted(keys.items())
    ]


def _difference(old: Any = None, new: Any = None, diff: float | None = None) -> float | None:
    # DVC subtracts true and false as if they were 1 and 0.
    return None if isinstance(old, bool) or isinstance(new, bool) else diff


def stale_stages(*stages: str, folder: str | Path = ".") -> list[str]:
    """Return the stages that DVC would rerun in a checkout, sorted; looks at all stages if none are given.

    Raises
    ------
    UserError
        If `dvc status` fails.
    """
    return sorted(_dvc("status", "--json", *stages, folder=folder))


def files(revision: str, folder: str) -> dict[str, str]:
    """Return the text of each file in a folder at a commit, by path."""
    paths = _git("ls-tree", "-r", "--name-only", "-z", revision, "--", f"{folder}/").split("\0")
    return {path: _git("show", f"{revision}:{path}") for path in paths if path}


def differing(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return the paths, sorted, whose text differs or exists on one side only."""
    return [path for path in sorted({*before, *after}) if before.get(path) != after.get(path)]


def is_committed() -> bool:
    """Whether the working tree has no uncommitted changes; files that git ignores don't count."""
    return not _git("status", "--porcelain")


def describe_head() -> str:
    """Return HEAD's short hash, and whether the working tree differs from it."""
    try:
        head = _git("rev-parse", "--short", "HEAD").strip()
    except subprocess.CalledProcessError:
        raise UserError(
            "This folder is not a git repository or has no commit. Run in a clone of the project."
        ) from None
    return f"commit {head}{'' if is_committed() else ', with uncommitted changes'}"


def _dvc(*arguments: str, folder: str | Path = ".") -> dict[str, Any]:
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise UserError(f"`dvc {' '.join(arguments)}` failed: {done.stderr.strip()}")
    found: dict[str, Any] = json.loads(done.stdout or "{}")
    return found


def _git(*arguments: str) -> str:
    # Files are UTF-8, regardless of the locale.
    return subprocess.run(["git", *arguments], check=True, capture_output=True, encoding="utf-8").stdout
