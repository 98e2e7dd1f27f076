"""What git says of a file, of a commit's files, and which stages dvc.yaml has. Oracle: the real DVC."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from gridstage.common import write_text
from gridstage.common.aside.command import sentences_on
from gridstage.repository import CommitTree, FolderTree, pipeline_of
from gridstage.repository.git import NoGitError, git, place, state_of
from gridstage.repository.snapshot import Snapshot
from packages.gridstage.tests.project import (
    IDENTITY,
    PLACES,
    SUBFOLDER,
    Project,
    text_of,
)
from packages.gridstage.tests.refusals import refused

# Each experiment has a stage, as in the real dvc.yaml; `last` depends on all.
COPY = {
    "cmd": "cat source/a.txt > out/${key}.txt",
    "deps": ["source"],
    "params": ["experiments.${key}"],
    "outs": [{"out/${key}.txt": {"cache": False, "persist": True}}],
}
STAGES: dict[str, dict[str, Any]] = {
    "copy": {"foreach": "${experiments}", "do": COPY},
    "last": {
        "cmd": "cat out/* > out.txt",
        "deps": ["params.yaml", "out"],
        "outs": [{"out.txt": {"cache": False}}],
    },
}


class Small(Project):
    """A project of DVC with a stage for each experiment, and one behind them."""

    def experiments(self, *names: str) -> None:
        """Write a params.yaml with these experiments."""
        self.write_params({"experiments": {name: {"lr": 0.1} for name in names}})

    def dvc(self, *arguments: str) -> str:
        return self.run("dvc", *arguments).stdout


@pytest.fixture
def small(
    here: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Small:
    """A `Small` with the experiments `a` and `b`, in which nothing has run yet; it is the working directory.

    A param is its folder in the repository.
    """
    folder = here / getattr(request, "param", "")
    folder.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(folder)
    made = Small(folder)
    made.run("git", "init", "--quiet", "--initial-branch=main", str(here))
    made.dvc("init", "--quiet", "--subdir")
    write_text(folder / "dvc.yaml", yaml.safe_dump({"stages": STAGES}))
    (folder / "source").mkdir()
    (folder / "out").mkdir()
    for name in ("a.txt", "ü b.txt", "left_out.md"):
        write_text(folder / "source" / name, f"{name}\n")
    write_text(folder / ".dvcignore", "*.md\n")
    made.experiments("a", "b")
    return made


@pytest.fixture
def repository(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with one commit of the file `kept`, in which commands run."""
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)
    write_text("kept", "1")
    for command in (
        ["init", "--quiet"],
        ["add", "kept"],
        ["commit", "--quiet", "--message", "one"],
    ):
        subprocess.run(["git", *command], check=True)
    return here


def test_the_state_of_a_file(repository: Path) -> None:
    write_text("new", "2")
    assert [state_of(path) for path in ("kept", "new")] == ["", "??"]
    git("config", "status.showUntrackedFiles", "no")
    assert state_of("new") == "??"
    write_text("kept", "3")
    assert state_of("kept") == " M"


def test_the_place_in_the_repository(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place() == ("./", "")
    Path(" Teil ü/é").mkdir(parents=True)
    monkeypatch.chdir(" Teil ü/é")
    assert place() == ("../../", " Teil ü/é/")


def test_a_failure_is_no_answer(repository: Path) -> None:
    write_text(".git/index", "broken")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        state_of("kept")
    (sentence,) = sentences_on(caught.value)
    assert re.match("error: `git status .* kept` failed: .*index", sentence)


def test_a_question_writes_nothing(repository: Path) -> None:
    os.utime(
        "kept", (1, 1)
    )  # git would note it in the index, which it can't on a full disk
    before = Path(".git/index").read_bytes()
    assert state_of("kept") == ""
    assert Path(".git/index").read_bytes() == before


def test_why_git_has_no_answer(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        git("rev-parse", "--verify", "none")
    monkeypatch.setenv(
        "GIT_TEST_ASSUME_DIFFERENT_OWNER", "1"
    )  # as git's own tests do it
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    Path("folder").mkdir()
    for folder in ("folder", ".."):
        monkeypatch.chdir(folder)
        with refused(f"belongs to another user. .* safe.directory {repository}`"):
            state_of("kept")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", "/")
    monkeypatch.chdir("/")
    with pytest.raises(NoGitError, match="This folder is not a git repository"):
        state_of("kept")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoGitError, match="git is not installed"):
        state_of("kept")


ITEM = {"cmd": "true"}


def test_the_stages_are_those_that_dvc_lists(small: Small) -> None:
    text = text_of(small.folder / "dvc.yaml")
    params = yaml.safe_load(small.read("params.yaml"))
    found = pipeline_of(text, params)
    assert found.names == {*small.dvc("stage", "list", "--name-only").split()}
    assert not found.groups


def test_of_a_group_that_is_not_known_every_stage_may_be_one() -> None:
    text = yaml.safe_dump(
        {
            "stages": {
                "one": ITEM,
                "each": {"foreach": "${x}", "do": ITEM},
                "grid": {"matrix": {}},
            }
        }
    )
    unknown: list[Any] = [None, [], {"y": 1}, {"x": 7}]
    for params in unknown:
        pipeline = pipeline_of(text, params)
        assert ({*pipeline.names}, {*pipeline.groups}) == ({"one"}, {"each", "grid"})
        assert all(map(pipeline.has, ("one", "each@a", "grid@1-2")))
        assert not any(map(pipeline.has, ("two", "two@each", "one@a")))


def recorded(folder: Path) -> dict[str, str]:
    """Return the hash of each file and folder that dvc.lock names."""
    stages = yaml.safe_load((folder / "dvc.lock").read_bytes())["stages"].values()
    return {
        each["path"]: each["md5"]
        for stage in stages
        for each in (*stage["deps"], *stage["outs"])
    }


def test_hashes_are_those_that_dvc_records(
    reproduced: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(reproduced.folder)
    hashes = recorded(reproduced.folder)
    assert len([path for path in hashes if hashes[path].endswith(".dir")]) > 15
    for tree in (CommitTree("HEAD"), FolderTree()):
        assert tree.hashes(hashes) == hashes


@pytest.mark.parametrize("small", PLACES, indirect=True)
def test_the_bytes_are_those_of_a_checkout(small: Small, tmp_path: Path) -> None:
    """Whatever ends the lines of the working tree."""
    write_text(tmp_path / ".gitattributes", "* text eol=crlf\n")
    small.commit_all("Start")
    small.run("bash", "-c", "rm -r source && git checkout --quiet -- source")
    assert small.read("source/a.txt") == b"a.txt\r\n"
    commit, folder = CommitTree("HEAD"), FolderTree()
    assert commit.hashes(["source"]) == folder.hashes(["source"])


@pytest.mark.parametrize("small", [SUBFOLDER], indirect=True)
def test_in_a_larger_repository_a_stage_may_read_another_folder(
    small: Small, tmp_path: Path
) -> None:
    """And an experiment has the project's files."""
    write_text(tmp_path / "shared/code.py", "code\n")
    write_text(tmp_path / "out/a.txt", "of another project\n")
    copy = COPY | {"deps": ["source", "../../shared", "../../shared/code.py"]}
    stages = STAGES | {"copy": STAGES["copy"] | {"do": copy}}
    write_text(small.folder / "dvc.yaml", yaml.safe_dump({"stages": stages}))
    small.dvc("repro", "--quiet")
    small.commit_all("Run")
    hashes = recorded(small.folder)
    assert {"../../shared", "out", "out/a.txt"} < {*hashes}
    for tree in (CommitTree("HEAD"), FolderTree()):
        assert tree.hashes(hashes) == hashes

    setting = "experiments.a.lr=0.5"
    small.dvc("exp", "run", "--quiet", "--name", "tangy", "--set-param", setting)
    tangy = Snapshot.of("tangy")
    assert yaml.safe_load(tangy.text("params.yaml") or "")["experiments"]["a"] == {
        "lr": 0.5
    }
    assert tangy.text("out/a.txt") == "a.txt\n"
    assert tangy.files("out", ".txt") == {"a": "out/a.txt", "b": "out/b.txt"}


def test_what_is_missing_is_left_out_and_what_git_does_not_have_is_not_known(
    small: Small,
) -> None:
    (small.folder / "source/link.csv").symlink_to("a.txt")
    small.commit_all("Start")
    commit, folder = CommitTree("HEAD"), FolderTree()
    asked = "gone gone/a source/link.csv source source/a.txt out".split()
    hashes = commit.hashes(asked)
    assert set(hashes) == {"source/link.csv", "source", "source/a.txt"}
    assert (hashes["source/link.csv"], hashes["source"]) == (None, None)
    assert hashes["source/a.txt"] == folder.hashes(asked)["source/a.txt"]
