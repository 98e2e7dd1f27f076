"""How requirements.txt names what is installed: real clones, and what pip writes of an installation."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gridstage.project.installed import requirement_of
from packages.gridstage.tests.project import IDENTITY, environment
from packages.gridstage.tests.refusals import refused_with

COMMIT = "0123456789" * 4


def install(folder: Path, said: dict[str, Any] | None) -> None:
    """Write what pip writes of an installed package; `said` is its direct_url.json."""
    info = folder / "skorch_lockstep-9.8.7.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: skorch-lockstep\nVersion: 9.8.7\n")
    if said is not None:
        (info / "direct_url.json").write_text(json.dumps(said))


@pytest.mark.parametrize(
    "said",
    [
        None,
        {"url": "file:///somewhere/x.whl", "archive_info": {}},
        {"url": "file:///not/here", "dir_info": {"editable": True}},
    ],
)
def test_a_package_of_an_index_has_a_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, Any] | None
) -> None:
    """So has one whose folder is no clone, or is gone: there is no better name."""
    install(tmp_path, said)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert requirement_of("lockstep") == "skorch-lockstep==9.8.7"


def test_a_package_of_a_repository_has_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {
        "url": "https://example.invalid/a.git",
        "vcs_info": {"vcs": "git", "commit_id": COMMIT},
        "subdirectory": "packages/lockstep",
    }
    install(tmp_path, said)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert requirement_of("lockstep") == (
        f"skorch-lockstep @ git+https://example.invalid/a.git@{COMMIT}#subdirectory=packages/lockstep"
    )


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://example.invalid/a.git", "https://example.invalid/a.git"),
        ("https://me:secret@example.invalid/a.git", "https://example.invalid/a.git"),
        ("ssh://git@example.invalid/a.git", "ssh://git@example.invalid/a.git"),
        ("git@example.invalid:me/a.git", "ssh://git@example.invalid/me/a.git"),
        ("../ä b", "file://{}/%C3%A4%20b"),
        (None, None),
    ],
)
def test_a_package_of_a_clone_has_what_was_cloned_and_the_commit(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    remote: str | None,
    address: str | None,
) -> None:
    clone = tmp_path / "my clone"
    folder = clone / "packages/lockstep"
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").touch()

    def git(*arguments: str) -> str:
        command, env = ("git", *arguments), environment() | IDENTITY
        return subprocess.check_output(command, cwd=clone, env=env, text=True).strip()

    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "Start")
    if remote:
        git("remote", "add", "origin", remote)
    install(tmp_path, {"url": folder.as_uri(), "dir_info": {"editable": True}})
    monkeypatch.syspath_prepend(str(tmp_path))
    expected = "skorch-lockstep==9.8.7"
    if address:
        commit = git("rev-parse", "HEAD")
        place = address.format(tmp_path.resolve())
        expected = (
            f"skorch-lockstep @ git+{place}@{commit}#subdirectory=packages/lockstep"
        )
    assert requirement_of("lockstep") == expected


def test_what_is_not_installed_has_no_name() -> None:
    with refused_with("The package not-there is not installed"):
        requirement_of("not-there")
