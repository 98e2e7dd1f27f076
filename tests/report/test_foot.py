"""What the foot of the report says: the commit, its date, and the versions of packages."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from stages.lib.report.foot import describe_head


def git(*arguments: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.invalid", *arguments], check=True)


def test_the_commit_and_its_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert describe_head() == ""
    git("init", "--quiet")
    assert describe_head() == ""
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2024-02-29T23:30:00 +0100")
    (tmp_path / "a").write_text("1", encoding="utf-8")
    git("add", "a")
    git("commit", "--quiet", "--message", "First")
    assert re.fullmatch(r"Commit [0-9a-f]{7} of 2024-02-29", describe_head())
    (tmp_path / "a").write_text("2", encoding="utf-8")
    assert re.fullmatch(r"Commit [0-9a-f]{7} of 2024-02-29, with uncommitted changes", describe_head())
    shutil.rmtree(tmp_path / ".git")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert describe_head() == ""
