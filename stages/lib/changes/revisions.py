"""Asks git and DVC for commits, their files, and what is not up to date."""

import errno
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from stages.lib.common import UserError, did_you_mean
from stages.lib.common.git import NO_REPOSITORY, git
from stages.lib.pipeline import PIPELINE

# What is a revision, but no name of a branch or tag: `HEAD`, `main~2`, a hash.
_EXPRESSION = re.compile(r"^HEAD\b|[~^@:]|^[0-9a-f]{7,40}$")

# What git has in its folder while a merge waits, its name for the other side, and the command that goes on.
_WAITING = (
    ("MERGE_HEAD", "MERGE_HEAD", "git commit --no-edit"),
    ("rebase-merge", "REBASE_HEAD", "git rebase --continue"),
    ("rebase-apply", "REBASE_HEAD", "git rebase --continue"),
    ("CHERRY_PICK_HEAD", "CHERRY_PICK_HEAD", "git cherry-pick --continue"),
    ("REVERT_HEAD", "REVERT_HEAD^", "git revert --continue"),
)


def commit_of(revision: str) -> str:
    """Return the hash of a branch, tag, commit or DVC experiment; raises `UserError` if there is none of this name."""
    old, dots, new = revision.partition("..")
    if dots:
        names = f"{old or 'HEAD'} {new.removeprefix('.') or 'HEAD'}"
        raise UserError(
            f"{revision!r} is a range, and a revision is one commit. Give two names as two arguments: "
            f"`python -m stages.diff {names}`."
        )
    try:
        return git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").strip()
    except subprocess.CalledProcessError:
        return _experiment(revision)


def _experiment(name: str) -> str:
    """Return the commit of a DVC experiment, of which git keeps a reference `refs/exps/…/NAME` for each baseline."""
    try:
        references = git("for-each-ref", "--format=%(objectname) %(refname)", "refs/exps").splitlines()
    except subprocess.CalledProcessError:
        raise UserError(NO_REPOSITORY) from None
    experiments = [(commit, reference.rpartition("/")[2]) for commit, reference in map(str.split, references)]
    commits = sorted({commit for commit, experiment in experiments if experiment == name})
    if len(commits) == 1:
        return commits[0]
    if commits:
        hashes = ", ".join(commit[:7] for commit in commits)
        raise UserError(f"There are {len(commits)} experiments named {name!r}. Name one by its commit: {hashes}.")
    if name == "HEAD":
        raise UserError(NO_REPOSITORY)
    names = {experiment for _, experiment in experiments if experiment != "stash"}
    remote = git("for-each-ref", "--format=%(refname:short)", f"refs/remotes/*/{name}").split()
    hint = f"; did you mean {remote[0]!r}?" if remote else did_you_mean(name, names) or "."
    problem = f"git has no revision {name!r}, and DVC no experiment of this name{hint}"
    raise UserError(f"{problem}{how_to_fetch(name)} `git branch --all`, `git tag` and `dvc exp list` list names.")


def how_to_fetch(revision: str) -> str:
    """Return a blank and how a shallow clone gets a revision, or all that came before it; "" in another clone."""
    if not Path(git("rev-parse", "--git-path", "shallow").strip()).exists():
        return ""
    remotes = git("remote").split() or ["origin"]
    remote, _, branch = revision.partition("/")
    what, fetched = revision, f" {remotes[0]} {revision}:{revision}"
    if remote in remotes:
        fetched = f" {remote} {branch}:refs/remotes/{revision}"
    elif _EXPRESSION.search(revision):
        what, fetched = "older commits", ""
    return f" This clone is shallow. To get {what}, run `git fetch --unshallow{fetched}`."


def merge_base(revision: str) -> str:
    """Return the commit at which HEAD left `revision`; later commits to `revision` are not changes of HEAD."""
    commit = commit_of(revision)
    try:
        return git("merge-base", commit, "HEAD").strip()
    except subprocess.CalledProcessError:
        raise UserError(f"{revision} and HEAD have no commit in common.{how_to_fetch('HEAD')}") from None


def stale_stages(*stages: str, folder: str | Path = ".") -> list[str]:
    """Return which of some stages, or of all, DVC would rerun in a checkout, sorted.

    Raises `UserError` if `dvc status` fails.
    """
    # Without a name, DVC finds no stage where git ignores dvc.yaml, and so nothing that is stale.
    arguments = ["status", "--json", *(stages or [PIPELINE])]
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8")
    if "No space left on device" in done.stderr:
        raise OSError(errno.ENOSPC, "No space left on device", str(folder))
    if done.returncode or not done.stdout:
        raise UserError(f"`dvc {' '.join(arguments)}` failed: {done.stderr.strip() or 'it printed nothing'}")
    return sorted(json.loads(done.stdout))


def differing_results(folder: str | Path = ".") -> list[str]:
    """Return the results in a checkout, sorted, whose bytes are not those of HEAD, or that HEAD does not have.

    Raises `UserError` if git can't say, because no answer is not the answer that none differs.
    """
    # What git ignores is not committed, but for what an interrupted write leaves.
    what = ("--ignored", "--untracked-files=all", "--no-renames", "-z", "--", "metrics", "models", ":!*.tmp")
    try:
        changed = git("-C", str(folder), "status", "--porcelain", *what)
    except subprocess.CalledProcessError as error:
        raise UserError(f"`git status` failed: {' '.join(error.stderr.split())}") from None
    return sorted(entry[3:] for entry in changed.split("\0") if entry)


def is_committed() -> bool:
    """Whether the working tree has no uncommitted changes; files that git ignores don't count."""
    return not git("status", "--porcelain", "--untracked-files=normal")  # whatever the user's configuration says


class Stopped(NamedTuple):
    """A merge, rebase or cherry-pick that waits: the commit of the other side, its name, and how to go on."""

    commit: str
    name: str
    go_on: str


def stopped() -> Stopped | None:
    """Return the merge that waits for its commit, whether it has conflicts or not; None if there is none.

    Raises `UserError` if it has more than two sides.
    """
    for place, reference, go_on in _WAITING:
        path = Path(git("rev-parse", "--git-path", place).strip())
        if path.is_file() and len(path.read_text(encoding="utf-8").splitlines()) > 1:
            raise UserError(
                "This merge has more than two sides. Take it back by `git merge --abort`, and merge one branch after "
                "the other, each with `make merge`."
            )
        if path.exists():
            try:
                commit = git("rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}").strip()
            except subprocess.CalledProcessError:  # `git rebase` waits at a `break`, or `git am` for a patch
                continue
            name = git("name-rev", "--name-only", "--always", commit).strip().removeprefix("remotes/")
            return Stopped(commit, name, go_on)
    return None


def unmerged() -> list[str]:
    """Return the files that both sides of a merge have changed and that are not added yet; none if git can't say."""
    try:
        entries = git("ls-files", "--unmerged", "-z", "--full-name", ":/").split("\0")[:-1]
    except UserError:
        return []
    return sorted({entry.partition("\t")[2] for entry in entries})
