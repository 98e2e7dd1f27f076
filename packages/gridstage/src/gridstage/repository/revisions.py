"""Asks git and DVC for commits, and for files that are not committed."""

import posixpath
import subprocess
from contextlib import suppress

from gridstage.common import UserError
from gridstage.repository.git import NO_REPOSITORY, git, place

HOW_TO_FETCH = " In a shallow clone, `git fetch --unshallow origin NAME:NAME` gets a branch with all of its commits."


def commit_of(revision: str) -> str:
    """Return the hash of a branch, tag, commit or DVC experiment; raises `UserError` if there is none of this name."""
    with suppress(subprocess.CalledProcessError):
        return git(
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            f"{revision}^{{commit}}",
        ).strip()
    from dvc.scm import Git, RevError, resolve_rev  # which take half a second to import

    if revision == "HEAD":
        raise UserError(NO_REPOSITORY)
    try:
        return str(resolve_rev(Git(), revision))
    except RevError as error:
        problem = f"git has no revision {revision!r}, and DVC no experiment: {error}."
    raise UserError(
        f"{problem} `git branch --all`, `git tag` and `dvc exp list` list names.{HOW_TO_FETCH}"
    )


def merge_base(revision: str) -> str:
    """Return the commit at which HEAD left `revision`; later commits to `revision` are not changes of HEAD."""
    commit = commit_of(revision)
    try:
        return git("merge-base", commit, "HEAD").strip()
    except subprocess.CalledProcessError:
        raise UserError(
            f"{revision} and HEAD have no commit in common.{HOW_TO_FETCH}"
        ) from None


def differing_results() -> list[str]:
    """Return the results, sorted, whose bytes are not those of HEAD, or that HEAD does not have."""
    # An interrupted write leaves the others.
    return uncommitted("metrics", "models", "large/*.dvc", ":!*.tmp")


def uncommitted(*paths: str) -> list[str]:
    """Return the files that are not as HEAD has them, sorted, and from the working directory on; ignored ones count.

    `paths` are git's pathspecs.
    """
    flags = "--ignored", "--untracked-files=all", "--no-renames", "-z"
    changed = git("status", "--porcelain", *flags, "--", *paths).split("\0")[:-1]
    # git names files from the top of the repository on, behind a state of three characters.
    folder = place().folder or "."
    return sorted(posixpath.relpath(state[3:], folder) for state in changed)


def is_committed() -> bool:
    """Whether the working directory has no uncommitted changes; files that git ignores don't count."""
    return not git(
        "status", "--porcelain", "--untracked-files=normal", "--", "."
    )  # whatever the user's configuration says


def unmerged() -> list[str]:
    """Return the files that both sides of a merge have changed and that are not added yet; none if git can't say."""
    try:
        entries = git("ls-files", "--unmerged", "-z").split("\0")[:-1]
    except UserError:
        return []
    return sorted({entry.partition("\t")[2] for entry in entries})
