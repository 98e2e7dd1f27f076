"""Names that are not revisions, and clones that lack commits: the sentence says what to do, and doing so helps."""

from typing import Any

import pytest

from stages import diff
from tests.conftest import Command
from tests.diff.commits import UNCHANGED, Commits


def test_a_shallow_clone_is_told_how_to_get_what_it_lacks(
    commits: Commits, in_process: Command, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a workflow checks out a branch."""
    commits.git("switch", "--quiet", "--create", "topic")
    commits.commit("after")
    source = f"file://{commits.project.folder}"
    commits.git("clone", "--quiet", "--depth=1", "--branch=topic", "--no-tags", source, "../shallow")
    monkeypatch.chdir(commits.project.folder.parent / "shallow")
    assert "In a shallow clone, `git fetch --unshallow origin NAME:NAME` gets" in in_process(diff, "main").stderr
    commits.project.run("bash", "-c", "cd ../shallow && git fetch --quiet --unshallow origin main:main")
    assert said("main")[0].startswith(f"{UNCHANGED} Unchanged")


def test_a_branch_of_the_remote_needs_no_other_name(commits: Commits, said: Any, monkeypatch: Any) -> None:
    commits.git("switch", "--quiet", "--create", "topic")
    commits.git("clone", "--quiet", ".", "../clone")
    monkeypatch.chdir(commits.project.folder.parent / "clone")
    assert said("main")[0].startswith(f"{UNCHANGED} Unchanged")
