"""The hashes of a commit's files. Oracle: what the real DVC has written into dvc.lock for the same files."""

from pathlib import Path

import pytest
import yaml

from stages.lib.repository import CommitTree, FolderTree
from tests.project import Project
from tests.repository.conftest import Small


def recorded(folder: Path) -> dict[str, str]:
    """Return the hash of each file and folder that dvc.lock names."""
    stages = yaml.safe_load((folder / "dvc.lock").read_bytes())["stages"].values()
    return {each["path"]: each["md5"] for stage in stages for each in (*stage["deps"], *stage["outs"])}


def test_hashes_are_those_that_dvc_records(reproduced: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(reproduced.folder)
    hashes = recorded(reproduced.folder)
    assert len([path for path in hashes if hashes[path].endswith(".dir")]) > 15
    for tree in (CommitTree("HEAD"), FolderTree()):
        assert tree.hashes(hashes) == hashes


def test_the_bytes_are_those_of_a_checkout(small: Small) -> None:
    """Whatever ends the lines of the working tree."""
    (small.folder / ".gitattributes").write_text("* text eol=crlf\n", encoding="utf-8")
    small.commit_all("Start")
    small.run("bash", "-c", "rm -r source && git checkout --quiet -- source")
    assert small.read("source/a.txt") == b"a.txt\r\n"
    commit, folder = CommitTree("HEAD"), FolderTree()
    assert commit.hashes(["source"]) == folder.hashes(["source"])


def test_what_is_missing_is_left_out_and_what_git_does_not_have_is_not_known(small: Small) -> None:
    (small.folder / "source/link.csv").symlink_to("a.txt")
    small.commit_all("Start")
    commit, folder = CommitTree("HEAD"), FolderTree()
    asked = ["gone", "gone/a", "source/link.csv", "source", "source/a.txt", "out"]
    hashes = commit.hashes(asked)
    assert set(hashes) == {"source/link.csv", "source", "source/a.txt"}
    assert (hashes["source/link.csv"], hashes["source"]) == (None, None)
    assert hashes["source/a.txt"] == folder.hashes(asked)["source/a.txt"]
