"""Names that are not revisions, and clones that lack commits: the sentence says what to do, and doing so helps."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from stages import diff
from stages.lib.changes.revisions import merge_base
from stages.lib.common import UserError
from tests.changes.commits import UNCHANGED, Commits
from tests.conftest import Command


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("before..HEAD", "before HEAD"),
        ("before...main", "before main"),
        ("before..", "before HEAD"),
        ("..v1", "HEAD v1"),
    ],
)
@pytest.mark.usefixtures("commits")
def test_a_range_is_two_arguments(in_process: Command, given: str, names: str) -> None:
    done = in_process(diff, given)
    assert done.returncode == 1
    assert done.stderr == (
        f"error: {given!r} is a range, and a revision is one commit. Give two names as two arguments: `python -m "
        f"stages.diff {names}`.\n"
    )


@pytest.fixture
def shallow(commits: Commits, monkeypatch: pytest.MonkeyPatch) -> Commits:
    """The working directory is a shallow clone of the branch `topic` alone, as a workflow checks it out."""
    commits.git("switch", "--quiet", "--create", "topic")
    commits.commit("after")
    commits.git("switch", "--quiet", "main")
    commits.commit("later")
    source = f"file://{commits.project.folder}"
    commits.git("clone", "--quiet", "--depth=1", "--branch=topic", "--no-tags", source, "../shallow")
    monkeypatch.chdir(commits.project.folder.parent / "shallow")
    return commits


@pytest.mark.parametrize(
    ("revision", "what", "fetched"),
    [
        ("main", "main", " origin main:main"),
        ("origin/main", "origin/main", " origin main:refs/remotes/origin/main"),
        ("HEAD~1", "older commits", ""),
    ],
)
def test_a_shallow_clone_is_told_what_to_fetch(
    shallow: Commits, in_process: Command, said: Any, revision: str, what: str, fetched: str
) -> None:
    done = in_process(diff, revision)
    assert f"This clone is shallow. To get {what}, run `git fetch --unshallow{fetched}`." in done.stderr
    (command,) = re.findall(r"run `(git fetch[^`]*)`", done.stderr)
    shallow.project.run("bash", "-c", f"cd {shlex.quote(str(Path.cwd()))} && {command}")
    assert said(revision)[0].startswith(f"{UNCHANGED} Unchanged")


def test_a_shallow_clone_without_the_base_is_told_so(shallow: Commits) -> None:
    shallow.project.run("bash", "-c", "cd ../shallow && git fetch --depth=1 --quiet origin main:main")
    with pytest.raises(UserError, match=r"main and HEAD have no commit in common. This clone is shallow. To get older"):
        merge_base("main")


def test_a_branch_of_the_remote_is_proposed(commits: Commits, in_process: Command, monkeypatch: Any) -> None:
    commits.git("switch", "--quiet", "--create", "topic")
    commits.git("clone", "--quiet", ".", "../clone")
    monkeypatch.chdir(commits.project.folder.parent / "clone")
    assert (
        "no experiment of this name; did you mean 'origin/main'? `git branch --all`" in in_process(diff, "main").stderr
    )
