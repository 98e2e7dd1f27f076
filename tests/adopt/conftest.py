"""A git repository to adopt a table in."""

import subprocess
from pathlib import Path

import pytest

from tests.adopt.csvs import as_text, passengers
from tests.read_sample import SAMPLE


def git(*arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.invalid")
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a git repository with the real params.yaml and a CSV."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    Path("params.yaml").write_bytes((SAMPLE / "params.yaml").read_bytes())
    Path("data").mkdir()
    Path("data/passengers.csv").write_text(as_text(passengers()), encoding="utf-8")
    git("init", "--quiet")
    git("add", "params.yaml")
    git("commit", "--quiet", "--message", "Start")
    return tmp_path
