"""Asks git, and says in a sentence why git has no answer."""

import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from gridstage.common.aside.errors import UserError

NO_REPOSITORY = "This folder is not a git repository, or has no commit yet. Run in a project that git has, or commit."


class NoGitError(UserError):
    """There is no git here: it is not installed, or this folder is not a repository."""


def git(*arguments: str) -> str:
    """Return what a git command prints, as UTF-8.

    Raises `NoGitError` if git is not installed or this is no repository, `UserError` if the repository belongs to
    another user, and `CalledProcessError` if the command fails otherwise.
    """
    # The messages, which are looked at below, are not translated; a question writes nothing, such as to a full disk.
    plain = os.environ | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, encoding="utf-8", env=plain
        )
    except FileNotFoundError:
        raise NoGitError(
            "git is not installed, or not in PATH. Install it, then run the command again."
        ) from None
    if "dubious ownership" in done.stderr:
        # git ends with the command, which names the top of the repository.
        command = done.stderr.splitlines()[-1].strip()
        raise UserError(
            "git reads nothing here, because the repository belongs to another user. If you trust it, run "
            f"`{command}`."
        )
    if done.returncode and "not a git repository" in done.stderr:
        raise NoGitError(NO_REPOSITORY)
    done.check_returncode()
    return done.stdout


class Place(NamedTuple):
    """Where the working directory is in the repository: the way to the top, such as `../../`, and the way back.

    A project may be in a folder of a larger repository. At the top, they are `./` and empty.
    """

    top: str
    folder: str


def place() -> Place:
    """Return where the working directory is in the repository; raises errors as `git` does."""
    top, folder, _ = git("rev-parse", "--show-cdup", "--show-prefix").split("\n")
    return Place(top or "./", folder)


def state_of(path: str | Path) -> str:
    """Return what `git status` says of a file, such as ` M` or `??`; empty if git has the file as it is."""
    return git(
        "status", "--porcelain", "--ignored", "--untracked-files=all", "--", str(path)
    )[:2]
