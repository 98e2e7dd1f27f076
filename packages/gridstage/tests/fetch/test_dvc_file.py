"""How a table comes here: downloaded as it is pinned, or tracked by DVC."""

import hashlib
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pooch
import pytest

from gridstage.commands import adopt, check, predict
from gridstage.common import write_text
from gridstage.config import Data
from gridstage.fetch import what_is_wrong
from gridstage.fetch.pinned_file import download
from gridstage.repository import dvc_file
from gridstage.repository.dvc_file import dvc_file_of, pull, refuse_other_version
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.fetch.conftest import CSV, Server
from packages.gridstage.tests.project import Project, real_params
from packages.gridstage.tests.refusals import refused
from stages import fetch

TABLE = "data/pima-indians-diabetes.csv"
MISSING = f"error: {TABLE} is not here, but DVC tracks it, by {TABLE}.dvc. Run `dvc pull {TABLE}`.\n"


def track(path: str = TABLE, **of_output: Any) -> None:
    """Write a .dvc file of the sample's table, as DVC does; with other keys of its output, None for one that lacks."""
    output = {
        "md5": hashlib.md5(CSV).hexdigest(),
        "size": len(CSV),
        "hash": "md5",
        "path": Path(path).name,
    } | of_output
    lines = [f"{key}: {value}" for key, value in output.items() if value is not None]
    Path(path).parent.mkdir(exist_ok=True)
    write_text(f"{path}.dvc", "outs:\n- " + "\n  ".join(lines) + "\n")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder with a table that DVC tracks, and with nothing else."""
    monkeypatch.chdir(tmp_path)
    track()
    Path(TABLE).write_bytes(CSV)


def test_each_command_says_what_to_run_where_the_table_is_not_here(
    tmp_path: Path, in_process: Command
) -> None:
    Project.copied(tmp_path)
    Path(TABLE).unlink()
    assert in_process(check).stderr.endswith(MISSING)
    for command in (
        (predict, TABLE),
        (adopt, TABLE),
        (adopt, TABLE, "diabetes", "--dvc"),
    ):
        assert in_process(*command).stderr == MISSING


def test_the_stage_lets_dvc_bring_the_table(
    tmp_path: Path, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    Project.copied(tmp_path)
    Path(TABLE).unlink()
    called: list[tuple[str, ...]] = []

    def brought(*targets: str) -> None:
        called.append(targets)
        Path(TABLE).write_bytes(CSV)

    monkeypatch.setattr("gridstage.fetch.pinned_file.pull", brought)
    for _ in range(2):
        assert (
            in_process(fetch).stdout
            == f"{TABLE}: 768 rows, 9 columns, all checks passed\n"
        )
        assert called == [(TABLE,)]


def test_what_dvc_can_not_bring(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = SimpleNamespace(returncode=1)
    monkeypatch.setattr(dvc_file, "dvc", lambda *_, **__: failed)
    with refused(rf"`dvc pull {TABLE}` failed; what DVC says is above."):
        pull(TABLE)


@pytest.mark.parametrize(
    ("content", "output", "is_other"),
    [
        (CSV, {}, False),
        (CSV + b"\n", {}, True),
        (CSV.replace(b"148", b"149", 1), {}, True),
        (CSV.replace(b"148", b"149", 1), {"size": None}, True),
        (
            CSV.replace(b"148", b"149", 1),
            {"hash": None},
            False,
        ),  # of DVC 2, which hashed other bytes
    ],
)
def test_another_version_is_told(
    content: bytes, output: dict[str, Any], is_other: bool
) -> None:
    track(**output)
    Path(TABLE).write_bytes(content)
    if not is_other:
        refuse_other_version(TABLE)
        return
    with refused(f"{TABLE} is not the version that {TABLE}.dvc names") as caught:
        refuse_other_version(TABLE)
    assert f"run `dvc add {TABLE}`; to get the other one, `dvc pull {TABLE}`." in str(
        caught.value
    )


def test_a_dvc_file_of_two_sides_of_a_merge() -> None:
    Path(f"{TABLE}.dvc").write_text("<<<<<<< HEAD\nouts:\n", encoding="utf-8")
    with refused("line 1 is a conflict marker of git"):
        refuse_other_version(TABLE)


def test_a_folder_that_dvc_tracks_as_a_whole() -> None:
    Path("tables").mkdir()
    track("tables", hash=None)
    assert dvc_file_of("tables/new/a.csv") == Path("tables.dvc")
    assert dvc_file_of("table.csv") is None
    Path("tables/a.csv").write_bytes(CSV)
    refuse_other_version("tables/a.csv")
    with refused(r"tables/b\.csv is not here, but DVC tracks it, by tables\.dvc"):
        refuse_other_version("tables/b.csv")


def test_no_download_replaces_the_table(server: Server) -> None:
    spec = Data.model_validate(
        real_params()["data"] | {"url": server.url("good"), "sha256": "0" * 64}
    )
    with refused(
        rf"Set data.sha256 to its own, or to null, because {TABLE}.dvc has a hash"
    ):
        what_is_wrong(spec)
    assert (Path(TABLE).read_bytes(), server.requests) == (CSV, [])


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(pooch.core, "time", SimpleNamespace(sleep=lambda _: None))


def test_a_good_answer_is_whole_and_nothing_is_said(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (handler,) = pooch.get_logger().handlers
    monkeypatch.setattr(handler, "stream", sys.stderr)
    assert download(server.url("good")) == CSV
    assert capsys.readouterr() == ("", "")


def test_a_passing_failure_is_tried_again(server: Server) -> None:
    assert download(server.url("recovers")) == CSV
    assert server.requests == ["recovers", "recovers"]


@pytest.mark.parametrize(
    ("behaviour", "sentence"),
    [
        ("missing", "in 3 attempts: 404 Client Error: Not Found"),
        ("breaks", "in 3 attempts: .*IncompleteRead"),
        ("silent", "in 3 attempts: .*Read timed out"),
    ],
)
def test_a_bad_server_is_told(server: Server, behaviour: str, sentence: str) -> None:
    with refused(sentence):
        download(server.url(behaviour), silence=0.3)
    assert server.requests == [behaviour] * 3


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("www.example.invalid/y.csv", "A web address begins with https://"),
        ("http://[::1/y.csv", "is not a valid host or port"),
        ("file:///", "can't be read: Is a directory"),
    ],
)
def test_an_address_that_is_none(url: str, sentence: str) -> None:
    with refused(sentence):
        download(url)


def test_local_paths(tmp_path: Path) -> None:
    source = tmp_path / "source.csv"
    source.write_bytes(CSV)
    assert [download(url) for url in (str(source), source.as_uri())] == [CSV, CSV]
    with refused("can't be read: No such file"):
        download(str(tmp_path / "none.csv"))
