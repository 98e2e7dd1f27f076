"""The pinned file: kept, downloaded or refused, and never replaced by a bad one."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stages import check, fetch
from stages.lib.common import UserError
from stages.lib.config import Column, Data, Params
from stages.lib.fetch import ensure_file
from tests.conftest import Command, MakeProject
from tests.fetch.conftest import CSV, Server
from tests.project import Project, real_params

InProject = Callable[[dict[str, Any]], Project]


@pytest.fixture
def in_project(make_project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> InProject:
    """Return a function that makes a project with changed params to work in."""

    def make(changes: dict[str, Any]) -> Project:
        project = make_project(changes)
        monkeypatch.chdir(project.folder)
        return project

    return make


def fetched(folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> str:
    """Return why a file can't be fetched into an empty folder."""
    monkeypatch.chdir(folder)
    params = real_params()
    params["data"] |= changes
    with pytest.raises(UserError) as caught:
        ensure_file(Params.model_validate(params))
    return str(caught.value)


def test_a_page_in_place_of_the_file(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for pinned in ({}, {"sha256": None}):
        assert "is an HTML page, not a CSV" in fetched(tmp_path, monkeypatch, url=server.url("page"), **pinned)
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_a_path_that_is_no_file(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("", encoding="utf-8")
    url = server.url("good")
    assert "folder can't be used: Is a directory" in fetched(tmp_path, monkeypatch, url=url, path="folder")
    assert "file can't be used: File exists" in fetched(tmp_path, monkeypatch, url=url, path="file/new.csv")


def test_another_file_without_a_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.csv").write_bytes(CSV[:900])
    told = fetched(tmp_path, monkeypatch, url=None, path="mine.csv")
    assert "If the file is the right one, set data.sha256 to its own" in told


def test_a_regression_of_one_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.csv").write_text("x,y\n1,5\n2,5\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    params = Params.model_validate(real_params())
    data = Data(path="mine.csv", header=True, target="y", columns={"y": Column()})
    model = params.model.model_copy(update={"wrapper": "NeuralNetRegressor"})
    with pytest.raises(UserError, match="the target y is 5 in every row, so there is nothing to predict"):
        ensure_file(params.model_copy(update={"data": data, "model": model}))


def test_the_stage_keeps_a_good_file_without_a_network(in_project: InProject, in_process: Command) -> None:
    project = in_project({"data.url": "http://127.0.0.1:9/none"})
    assert in_process(fetch).returncode == 0
    assert b'"rows": 768' in project.read("metrics/data.json")


def test_the_stage_downloads_what_is_missing_or_changed(
    in_project: InProject, in_process: Command, server: Server
) -> None:
    project = in_project({"data.url": server.url("good"), "data.path": "data/new/pima.csv"})
    assert in_process(fetch).returncode == 0
    assert project.read("data/new/pima.csv") == CSV
    (project.folder / "data/new/pima.csv").write_bytes(CSV[:5000])
    project.commit_first()  # so that git could bring it back
    assert in_process(fetch).returncode == 0
    assert project.read("data/new/pima.csv") == CSV
    assert server.requests == ["good", "good"]


def test_a_bad_download_never_replaces_a_file(in_project: InProject, in_process: Command, server: Server) -> None:
    project = in_project({"data.url": server.url("changed")})
    mine = CSV[:5000]
    (project.folder / "data/pima-indians-diabetes.csv").write_bytes(mine)
    project.commit_first()
    done = in_process(fetch)
    assert done.returncode == 1
    assert f"has the sha256 {hashlib.sha256(CSV.replace(b'148', b'149', 1)).hexdigest()}" in done.stderr
    assert "Traceback" not in done.stderr
    assert project.read("data/pima-indians-diabetes.csv") == mine
    assert sorted(path.name for path in (project.folder / "data").iterdir()) == ["pima-indians-diabetes.csv"]


def test_content_is_checked_before_the_file_is_replaced(
    in_project: InProject, in_process: Command, tmp_path: Path
) -> None:
    source = tmp_path / "source.csv"
    source.write_bytes(CSV.replace(b"6,148", b"6,abc", 1))
    project = in_project({"data.url": str(source), "data.sha256": None, "data.path": "data/mine.csv"})
    done = in_process(fetch)
    assert done.returncode == 1
    assert "line 1, column glucose: 'abc' is not a number" in done.stderr
    assert not (project.folder / "data/mine.csv").exists()
    assert not (project.folder / "data/mine.csv.tmp").exists()


def test_a_missing_file_without_a_url(in_project: InProject, in_process: Command) -> None:
    in_project({"data.url": None, "data.path": "data/mine.csv"})
    done = in_process(fetch)
    assert done.returncode == 1
    assert "data/mine.csv is missing, and data.url in params.yaml is null" in done.stderr


def test_an_edit_that_git_does_not_have_is_kept(in_project: InProject, in_process: Command, server: Server) -> None:
    project = in_project({"data.url": server.url("good")})
    project.git("init", "--quiet")
    project.git("add", "data")
    project.git("commit", "--quiet", "-m", "data")
    file, mine = project.folder / "data/pima-indians-diabetes.csv", CSV.replace(b"148", b"149", 1)
    file.write_bytes(mine)
    for stage in (fetch, check):
        done = in_process(stage)
        assert done.returncode == 1
        assert f"diabetes.csv has the sha256 {hashlib.sha256(mine).hexdigest()}, not the" in done.stderr
        assert "and it was edited since it was committed, so a download would replace the only copy." in done.stderr
        assert "set data.sha256 and data.url to null; to drop it, run `git checkout HEAD -- data/pima" in done.stderr
    assert (file.read_bytes(), server.requests) == (mine, [])
    project.git("commit", "--quiet", "-am", "another version, which git has")
    assert in_process(fetch).returncode == 0
    assert file.read_bytes() == CSV


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("untracked", "git does not have the file"),
        ("no repository", "git can't bring the file back (This folder is not a git repository, or has no commit yet."),
        ("other user", "git can't bring the file back (git reads nothing here, because the repository belongs to"),
    ],
)
def test_a_file_that_git_could_not_bring_back_is_kept(
    in_project: InProject,
    in_process: Command,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    why: str,
) -> None:
    project = in_project({"data.url": server.url("good"), "data.path": "data/mine.csv"})
    if setting != "no repository":
        project.commit_first()
    if setting == "other user":
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # as git's own tests do it
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    mine = project.folder / "data/mine.csv"
    mine.write_bytes(CSV[:5000])
    done = in_process(fetch)
    assert done.returncode == 1
    assert f", and {why}" in done.stderr
    assert (
        "To use the file as it is, set data.sha256 and data.url to null; to drop it, run `rm data/mine" in done.stderr
    )
    assert (mine.read_bytes(), server.requests) == (CSV[:5000], [])


def test_a_file_that_git_is_to_ignore_is_replaced(in_project: InProject, in_process: Command, server: Server) -> None:
    project = in_project({"data.url": server.url("good"), "data.path": "data/big.csv"})
    (project.folder / ".gitignore").write_text("data/big.csv\n", encoding="utf-8")
    project.commit_first()
    (project.folder / "data/big.csv").write_bytes(CSV[:5000])
    assert in_process(fetch).returncode == 0
    assert project.read("data/big.csv") == CSV
