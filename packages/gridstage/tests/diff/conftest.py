"""A repository with hand-written results, and what `gridstage diff` says in it."""

from pathlib import Path
from typing import Any

import pytest

from gridstage.commands import diff
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.diff.commits import Commits


@pytest.fixture
def commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Commits:
    """A repository with one commit, `before`, in which commands run; a param is the folder of the project there."""
    made = Commits(tmp_path / "repository", getattr(request, "param", ""))
    made.commit("before")
    monkeypatch.chdir(made.project.folder)
    return made


@pytest.fixture
def said(in_process: Command) -> Any:
    """Return a function that returns the lines that the command prints."""

    def call(*arguments: str) -> list[str]:
        return in_process(diff, *arguments).succeeded().splitlines()

    return call
