"""What git says of a file, and why it says nothing."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from stages.lib.common import UserError
from stages.lib.common.command import sentences_on
from stages.lib.repository.git import NoGitError, git, state_of
from tests.project import IDENTITY


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with one commit of the file `kept`, in which commands run."""
    monkeypatch.chdir(tmp_path)
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)
    Path("kept").write_text("1", encoding="utf-8")
    for command in (["init", "--quiet"], ["add", "kept"], ["commit", "--quiet", "--message", "one"]):
        subprocess.run(["git", *command], check=True)
    return tmp_path


def test_the_state_of_a_file(repository: Path) -> None:
    Path("new").write_text("2", encoding="utf-8")
    assert [state_of(path) for path in ("kept", "new")] == ["", "??"]
    git("config", "status.showUntrackedFiles", "no")
    assert state_of("new") == "??"
    Path("kept").write_text("3", encoding="utf-8")
    assert state_of("kept") == " M"


def test_a_failure_is_no_answer(repository: Path) -> None:
    Path(".git/index").write_text("broken", encoding="utf-8")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        state_of("kept")
    (sentence,) = sentences_on(caught.value)
    assert re.match("error: `git status .* kept` failed: .*index", sentence)


def test_a_question_writes_nothing(repository: Path) -> None:
    os.utime("kept", (1, 1))  # git would note it in the index, which it can't on a full disk
    before = Path(".git/index").read_bytes()
    assert state_of("kept") == ""
    assert Path(".git/index").read_bytes() == before


def test_why_git_has_no_answer(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        git("rev-parse", "--verify", "none")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # as git's own tests do it
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    with pytest.raises(UserError, match=f"belongs to another user. .* safe.directory {repository}`"):
        state_of("kept")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", "/")
    monkeypatch.chdir("/")
    with pytest.raises(NoGitError, match="This folder is not a git repository"):
        state_of("kept")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoGitError, match="git is not installed"):
        state_of("kept")
