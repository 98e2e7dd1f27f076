"""What git says of a file, and why it says nothing."""

import subprocess
from pathlib import Path

import pytest

from stages.lib.common import UserError
from stages.lib.common.git import NoGitError, git, state_of
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
    assert [state_of(path) for path in ("kept", "new", "/outside")] == ["", "??", "??"]
    Path("kept").write_text("3", encoding="utf-8")
    assert state_of("kept") == " M"


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
