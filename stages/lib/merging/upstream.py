"""What `make upgrade` does with git: finds where a project began, merges upstream, and leaves alone what is yours."""

import subprocess
from contextlib import suppress

from stages.lib.common import UserError
from stages.lib.common.git import git
from stages.lib.config import PARAMS_FILE

UPSTREAM = "upstream"
# What every project has of its own; docs/your-project.md lists it. Files that upstream lacks are yours, too.
YOURS = ("CITATION.cff", "README.md", "data", "dvc.lock", "metrics", "models", PARAMS_FILE)
# A merge that changes no file.
_RECORD = "merge --strategy ours --allow-unrelated-histories"


def check_ready() -> None:
    """Raise `UserError` if there is nothing to merge from, or if a merge could lose what is not committed."""
    if UPSTREAM not in git("remote").split():
        raise UserError(
            f"git has no remote named {UPSTREAM}. Name the project that yours began from: `git remote add {UPSTREAM} "
            "URL`. docs/your-project.md says more."
        )
    if git("status", "--porcelain", "--untracked-files=no"):
        raise UserError(
            "There are changes that are not committed; `git status` lists them. Commit or stash them first."
        )


def fetch_upstream() -> str:
    """Return the commit of upstream's default branch, as it is now; raises `UserError` if git can't fetch it."""
    try:
        git("fetch", "--quiet", "--no-tags", UPSTREAM, "HEAD")
    except subprocess.CalledProcessError as error:
        raise UserError(f"git can't fetch {UPSTREAM}: {error.stderr.strip()}") from None
    return git("rev-parse", "FETCH_HEAD").strip()


def base_of(theirs: str) -> str:
    """Return the commit up to which this project has upstream's; record it if the histories have none in common."""
    with suppress(subprocess.CalledProcessError):
        return git("merge-base", "HEAD", theirs).strip()
    base = _begun_from(theirs)
    message = f"Record that this project began from {UPSTREAM}'s {named(base)}"
    try:
        git(*_RECORD.split(), "--quiet", "--message", message, base)
    except subprocess.CalledProcessError as error:  # such as one who does not say who commits
        raise UserError(f"git can't commit: {error.stderr.strip()}") from None
    print(f"Recorded that this project began from {UPSTREAM}'s {named(base)}.")
    return base


def _begun_from(theirs: str) -> str:
    """Return upstream's newest commit whose files, but for what is yours, are those of the first commit here."""
    firsts = [_files(commit) for commit in git("rev-list", "--max-parents=0", "HEAD").split()]
    for commit in git("rev-list", theirs).split():
        if any(_files(commit) <= first for first in firsts):
            return commit
    raise UserError(
        f"You and {UPSTREAM} have no commit in common, and no commit of {UPSTREAM} has all files as your first one has "
        f"them. Record where you began by `git {_RECORD} COMMIT`, and run `make upgrade` again. In a shallow clone, "
        "run `git fetch --unshallow` first."
    )


def _files(commit: str) -> set[str]:
    """Return upstream's part of a commit's files, each with its mode, its hash and its path."""
    entries = git("ls-tree", "-r", "-z", commit).split("\0")
    return {entry for entry in entries if entry and entry.partition("\t")[2].partition("/")[0] not in YOURS}


def merge_upstream(theirs: str) -> list[str]:
    """Merge without a commit, and take back what is yours; return the files with conflicts.

    Git calls a merge driver, as in `merge=ours`, only where both sides have changed a file.
    """
    try:
        message = f"Take over {UPSTREAM}'s {named(theirs)}"
        git("merge", "--quiet", "--no-ff", "--no-commit", "--message", message, theirs)
    except subprocess.CalledProcessError as error:
        if not git("ls-files", "--unmerged"):
            raise UserError(f"git can't merge {UPSTREAM}: {error.stderr.strip()}") from None
    # Files that were deleted here and changed there are in conflict; `git restore` would leave them.
    git("rm", "-r", "--force", "--quiet", "--ignore-unmatch", "--", *YOURS)
    git("checkout", "HEAD", "--", *git("ls-tree", "--name-only", "HEAD", "--", *YOURS).splitlines())
    return sorted({path for path in git("diff", "--name-only", "--diff-filter=U", "-z").split("\0") if path})


def named(commit: str) -> str:
    return git("show", "--no-patch", "--format=%h of %cs", commit).strip()
