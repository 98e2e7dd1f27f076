"""A folder in which DVC runs nothing, or git compares nothing, is told. Oracle: what DVC does there."""

import shutil
import subprocess
from pathlib import Path

import pytest

from stages import check
from stages.lib.check.repository import on_repository
from tests.check.conftest import Write
from tests.conftest import Command
from tests.project import ROOT, environment

INIT = "Make it one: `git init && git add --all && git commit --message Start`."


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a project of DVC without a repository, as after the download of an archive."""
    folder = tmp_path / "outer/here"
    (folder / ".dvc").mkdir(parents=True)
    shutil.copy(ROOT / ".dvc/config", folder / ".dvc")
    (folder / "dvc.yaml").write_text("stages: {}\n", encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


def dvc_refuses() -> str:
    done = subprocess.run(["dvc", "stage", "list"], env=environment(), capture_output=True, text=True)
    return done.stderr if done.returncode else ""


def init(folder: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)


def test_a_folder_without_a_repository(here: Path) -> None:
    why = "This folder is not a git repository, as after the download of an archive, so DVC runs no stage."
    assert on_repository() == (f"{why} {INIT}", None)
    assert "is not a git repository" in dvc_refuses()
    init(here)
    assert on_repository() == (None, None)
    assert dvc_refuses() == ""


def test_a_folder_that_needs_no_repository(here: Path) -> None:
    with Path(".dvc/config").open("a", encoding="utf-8") as config:
        config.write("    no_scm = true\n")
    assert on_repository() == (None, None)
    assert dvc_refuses() == ""


def test_a_folder_that_the_repository_around_it_ignores(here: Path) -> None:
    init(here.parent)
    assert on_repository() == (None, None)
    (here.parent / ".gitignore").write_text("here/\n", encoding="utf-8")
    problem, note = on_repository()
    assert (problem or "").startswith(
        "git ignores dvc.yaml, so DVC runs no stage. `git check-ignore --verbose dvc.yaml`"
    )
    assert note is None
    assert "dvc.yaml' is git-ignored" in dvc_refuses()


def test_git_that_has_no_answer_is_a_note(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    init(here)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # as git's own tests do it
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    other = on_repository()
    monkeypatch.setenv("PATH", "")
    for (problem, note), begins in {other: "git reads nothing here", on_repository(): "git is not installed"}.items():
        assert problem is None
        assert (note or "").startswith(begins)
        assert (note or "").endswith("`make repro` can't compare its results with the committed ones")


def test_all_else_is_checked_where_git_has_no_answer(
    write: Write, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"cv.n_splits": 1})
    shutil.copytree(ROOT / ".dvc", ".dvc", ignore=shutil.ignore_patterns("tmp", "cache"))
    init(Path())
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    note, problem = in_process(check).stderr.splitlines()
    assert note.startswith("note: git reads nothing here, because the repository belongs to another user.")
    assert problem.startswith("error: params.yaml: cv.n_splits is 1")


def test_another_folder_is_not_a_project_of_dvc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert on_repository() == (None, None)
