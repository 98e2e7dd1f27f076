"""What `make upgrade` does with git: finds where a project began, merges upstream, and leaves alone what is yours."""

import subprocess

from stages.lib.common import UserError
from stages.lib.config import PARAMS_FILE
from stages.lib.repository.git import git

UPSTREAM = "upstream"
# What every project has of its own; docs/your-project.md lists it. Files that upstream lacks are yours, too.
YOURS = (
    "CITATION.cff",
    "README.md",
    "data",
    "dvc.lock",
    "metrics",
    "models",
    PARAMS_FILE,
)


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
    """Return the commit of upstream's default branch, as it is now."""
    git("fetch", "--quiet", "--no-tags", UPSTREAM, "HEAD")
    return git("rev-parse", "FETCH_HEAD").strip()


def base_of(theirs: str) -> str:
    """Return the commit up to which this project has upstream's; raises `UserError` if they have none in common."""
    try:
        return git("merge-base", "HEAD", theirs).strip()
    except subprocess.CalledProcessError:
        raise UserError(
            f"You and {UPSTREAM} have no commit in common. Record the commit that you began from, by `git "
            "merge --strategy ours --allow-unrelated-histories COMMIT`, which changes no file, and run `make upgrade` "
            "again. In a shallow clone, run `git fetch --unshallow` first."
        ) from None


def merge_upstream(theirs: str) -> list[str]:
    """Merge without a commit, and take back what is yours; return the files with conflicts.

    Git calls a merge driver, as in `merge=ours`, only where both sides have changed a file.
    """
    try:
        message = f"Take over {UPSTREAM}'s {named(theirs)}"
        git("merge", "--quiet", "--no-ff", "--no-commit", "--message", message, theirs)
    except subprocess.CalledProcessError:
        if not git("ls-files", "--unmerged"):
            raise
    # Files that were deleted here and changed there are in conflict; `git restore` would leave them.
    git("rm", "-r", "--force", "--quiet", "--ignore-unmatch", "--", *YOURS)
    git(
        "checkout",
        "HEAD",
        "--",
        *git("ls-tree", "--name-only", "HEAD", "--", *YOURS).splitlines(),
    )
    return sorted(
        {
            path
            for path in git("diff", "--name-only", "--diff-filter=U", "-z").split("\0")
            if path
        }
    )


def named(commit: str) -> str:
    return git("show", "--no-patch", "--format=%h of %cs", commit).strip()
