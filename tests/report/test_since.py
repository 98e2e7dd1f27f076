"""What the report and the comment compare with: the commit at which HEAD left a branch."""

from pathlib import Path

import pytest

from stages.lib.changes.headline import headline
from stages.lib.report.changes import Since
from tests.changes.commits import Commits


def test_what_the_base_lacks_is_not_said_of_the_branch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = Commits(tmp_path / "repository")
    commits.write()
    (commits.project.folder / "metrics/evaluation.json").unlink()
    commits.git("add", "--all")
    commits.git("commit", "--quiet", "--message", "No answer yet")
    commits.git("checkout", "--quiet", "-b", "mine")
    commits.commit("answered")
    commits.git("checkout", "--quiet", "main")
    commits.commit("answered-on-main")
    commits.git("checkout", "--quiet", "mine")
    monkeypatch.chdir(commits.project.folder)
    base = commits.git("rev-parse", "--short=7", "main~1").strip()
    first = headline(Since("main", "mine").comparison)
    assert first.startswith(f"There is no answer to what to use in main at {base}.")
