"""The pinned file: kept, downloaded or refused, and never replaced by a bad one."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from gridstage.commands import check
from gridstage.common import UserError, write_text
from gridstage.config import Column, Data, Params
from gridstage.fetch import ensure_file, read_as
from packages.gridstage.tests.conftest import Command, MakeProject
from packages.gridstage.tests.data.parquet_files import COLUMNS, content_of, rides
from packages.gridstage.tests.fetch.conftest import CSV, Server
from packages.gridstage.tests.project import Project, real_params
from packages.gridstage.tests.refusals import refused
from stages import fetch

InProject = Callable[[dict[str, Any]], Project]


@pytest.fixture
def in_project(make_project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> InProject:
    """Return a function that makes a project with changed params to work in."""

    def make(changes: dict[str, Any]) -> Project:
        project = make_project(changes)
        monkeypatch.chdir(project.folder)
        return project

    return make


def test_the_stage_keeps_a_good_file_without_a_network(
    in_project: InProject, in_process: Command
) -> None:
    project = in_project({"data.url": "http://127.0.0.1:9/none"})
    assert in_process(fetch).returncode == 0
    assert b'"rows": 768' in project.read("metrics/data.json")


def test_the_stage_downloads_what_is_missing_or_changed(
    in_project: InProject, in_process: Command, server: Server
) -> None:
    project = in_project(
        {"data.url": server.url("good"), "data.path": "data/new/pima.csv"}
    )
    assert in_process(fetch).returncode == 0
    assert project.read("data/new/pima.csv") == CSV
    (project.folder / "data/new/pima.csv").write_bytes(CSV[:5000])
    project.commit_first()  # so that git could bring it back
    assert in_process(fetch).returncode == 0
    assert project.read("data/new/pima.csv") == CSV
    assert server.requests == ["good", "good"]


def test_a_parquet_file_is_downloaded_checked_and_counted(
    in_project: InProject, in_process: Command, tmp_path: Path
) -> None:
    source, content = tmp_path / "rides", content_of(pa.Table.from_pandas(rides()))
    source.write_bytes(content)
    data = {
        "path": "data/rides.parquet",
        "header": True,
        "target": "late",
        "columns": COLUMNS,
        "sample": 1.0,
    }
    data |= {"url": str(source), "sha256": hashlib.sha256(content).hexdigest()}
    project = in_project({"data": data})
    said = in_process(fetch).succeeded()
    assert said == "data/rides.parquet: 60 rows, 13 columns, all checks passed\n"
    assert project.read("data/rides.parquet") == content
    expected = {
        "missing": {"colour": 9, "speed": 9, "stops": 9},
        "classes": {"no": 40, "yes": 20},
        "rows": 60,
        "zeros_for_missing": {},
    }
    counted = json.loads(project.read("metrics/data.json"))
    assert counted == expected | {"read_as": counted["read_as"]}
    (project.folder / "data/rides.parquet").unlink()
    write_text(source, "<html>Log in</html>")
    assert "is not a Parquet file, but an HTML page" in in_process(fetch).stderr


def test_each_setting_of_what_is_read_changes_its_hash_and_no_other_does() -> None:
    spec = Params.model_validate(real_params()).data
    other = {
        "path": "b.csv",
        "header": True,
        "separator": ";",
        "decimal": ",",
        "encoding": "latin-1",
    }
    other |= {
        "na_values": ["?"],
        "target": "age",
        "columns": dict(reversed(spec.columns.items())),
    }
    assert {*other} == {*Data.model_fields} - {"sample", "sha256", "url"}
    hashes = {
        read_as(spec.model_copy(update={key: value})) for key, value in other.items()
    }
    assert len(hashes | {read_as(spec)}) == len(other) + 1
    assert read_as(
        spec.model_copy(update={"sample": 0.5, "sha256": None, "url": "a"})
    ) == read_as(spec)


def test_a_bad_download_never_replaces_a_file(
    in_project: InProject, in_process: Command, server: Server
) -> None:
    project = in_project({"data.url": server.url("changed")})
    mine = CSV[:5000]
    (project.folder / "data/pima-indians-diabetes.csv").write_bytes(mine)
    project.commit_first()
    done = in_process(fetch)
    assert done.returncode == 1
    assert (
        f"has the sha256 {hashlib.sha256(CSV.replace(b'148', b'149', 1)).hexdigest()}"
        in done.stderr
    )
    assert "Traceback" not in done.stderr
    assert project.read("data/pima-indians-diabetes.csv") == mine
    assert sorted(path.name for path in (project.folder / "data").iterdir()) == [
        "pima-indians-diabetes.csv"
    ]


def test_an_edit_that_git_does_not_have_is_kept(
    in_project: InProject, in_process: Command, server: Server
) -> None:
    project = in_project({"data.url": server.url("good")})
    project.git("init", "--quiet")
    project.git("add", "data")
    project.git("commit", "--quiet", "-m", "data")
    file, mine = (
        project.folder / "data/pima-indians-diabetes.csv",
        CSV.replace(b"148", b"149", 1),
    )
    file.write_bytes(mine)
    for stage in (fetch, check):
        done = in_process(stage)
        assert done.returncode == 1
        assert (
            f"diabetes.csv has the sha256 {hashlib.sha256(mine).hexdigest()}, not the"
            in done.stderr
        )
        assert (
            "and git does not have this version, so a download would replace the only copy"
            in done.stderr
        )
    assert (file.read_bytes(), server.requests) == (mine, [])
    project.git("commit", "--quiet", "-am", "another version, which git has")
    assert in_process(fetch).returncode == 0
    assert file.read_bytes() == CSV


def test_a_file_that_git_is_to_ignore_is_replaced(
    in_project: InProject, in_process: Command, server: Server
) -> None:
    project = in_project({"data.url": server.url("good"), "data.path": "data/big.csv"})
    write_text(project.folder / ".gitignore", "data/big.csv\n")
    project.commit_first()
    (project.folder / "data/big.csv").write_bytes(CSV[:5000])
    assert in_process(fetch).returncode == 0
    assert project.read("data/big.csv") == CSV


@pytest.mark.parametrize(
    ("changes", "file", "words"),
    [
        (
            {"url": None, "path": "mine.csv"},
            "mine.csv",
            "is missing, and data.url in params.yaml is null",
        ),
        (
            {"url": None, "path": "kept.csv"},
            "kept.csv",
            "If the file is the right one, set data.sha256 to its own",
        ),
        (
            {"url": "page", "sha256": None},
            "the file at ",
            "is not a CSV, but an HTML page",
        ),
        (
            {"url": "kept.csv", "path": "mine.csv", "sha256": None},
            "the file at kept.csv",
            "'abc' is not a number",
        ),
        (
            {"url": "page", "path": "kept.csv"},
            "kept.csv",
            "git does not have this version",
        ),
    ],
)
def test_a_file_that_can_not_be_used(
    server: Server,
    here: Path,
    changes: dict[str, Any],
    file: str,
    words: str,
) -> None:
    Path("kept.csv").write_bytes(CSV.replace(b"6,148", b"6,abc", 1))
    params = real_params()
    params["data"] |= changes | (
        {"url": server.url("page")} if changes["url"] == "page" else {}
    )
    with pytest.raises(UserError) as caught:
        ensure_file(Params.model_validate(params))
    (problem,) = caught.value.problems
    assert problem.file.startswith(file)
    assert words in str(problem)
    assert [path.name for path in here.rglob("*")] == ["kept.csv"]


def test_a_regression_of_one_value(here: Path) -> None:
    write_text("mine.csv", "x,y\n1,5\n2,5\n")
    params = Params.model_validate(real_params())
    data = Data(path="mine.csv", header=True, target="y", columns={"y": Column()})
    model = params.model.model_copy(update={"wrapper": "NeuralNetRegressor"})
    with refused("the target y is 5 in every row, so there is nothing to predict"):
        ensure_file(params.model_copy(update={"data": data, "model": model}))


@pytest.mark.parametrize("is_other_users", [False, True])
def test_a_file_that_git_could_not_bring_back_is_kept(
    in_project: InProject,
    in_process: Command,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    is_other_users: bool,
) -> None:
    project = in_project({"data.url": server.url("good"), "data.path": "data/mine.csv"})
    project.commit_first()
    if is_other_users:
        monkeypatch.setenv(
            "GIT_TEST_ASSUME_DIFFERENT_OWNER", "1"
        )  # as git's own tests do it
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    mine = project.folder / "data/mine.csv"
    mine.write_bytes(CSV[:5000])
    done = in_process(fetch)
    assert done.returncode == 1
    assert (
        "and git does not have this version, so a download would replace the only copy"
        in done.stderr
    )
    assert (mine.read_bytes(), server.requests) == (CSV[:5000], [])
