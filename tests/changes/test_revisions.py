"""Names that are not revisions, and clones that lack commits: the sentence says what to do, and doing so helps."""

from typing import Any

import pytest

from stages import diff
from stages.lib.changes.revisions import merge_base
from stages.lib.common import UserError
from tests.changes.commits import UNCHANGED, Commits
from tests.conftest import Command


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


def test_a_shallow_clone_is_told_how_to_get_what_it_lacks(shallow: Commits, in_process: Command, said: Any) -> None:
    for revision in ("main", "HEAD~1"):
        assert (
            "This clone is shallow: `git fetch --unshallow` gets older commits, and "
            in in_process(diff, revision).stderr
        )
    shallow.project.run("bash", "-c", "cd ../shallow && git fetch --depth=1 --quiet origin main:main")
    with pytest.raises(UserError, match=r"main and HEAD have no commit in common. This clone is shallow"):
        merge_base("main")
    shallow.project.run("bash", "-c", "cd ../shallow && git fetch --quiet --unshallow origin main:main")
    for revision in ("main", "HEAD~1"):
        assert said(revision)[0].startswith(f"{UNCHANGED} Unchanged")


def test_a_branch_of_the_remote_needs_no_other_name(commits: Commits, said: Any, monkeypatch: Any) -> None:
    commits.git("switch", "--quiet", "--create", "topic")
    commits.git("clone", "--quiet", ".", "../clone")
    monkeypatch.chdir(commits.project.folder.parent / "clone")
    assert said("main")[0].startswith(f"{UNCHANGED} Unchanged")
