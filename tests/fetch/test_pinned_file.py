"""Downloads from a server that behaves and from others, and the pinned file."""

import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from stages.lib.common import UserError
from stages.lib.config import Column, Data, Params
from stages.lib.fetch import ensure_file
from stages.lib.fetch.download import download
from tests.conftest import MakeProject
from tests.project import ROOT, real_params

CSV = (ROOT / "data/pima-indians-diabetes.csv").read_bytes()


class Server(ThreadingHTTPServer):
    """Serves the CSV on the loopback address, and behaves as the path says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[str] = []

    def url(self, behaviour: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{behaviour}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        behaviour = self.path.removeprefix("/")
        self.server.requests.append(behaviour)
        first = len(self.server.requests) == 1
        status = {"missing": 404, "part": 206, "round": 302, "nowhere": 302, "trouble": 500}.get(
            behaviour, 503 if behaviour == "recovers" and first else 200
        )
        body = CSV.replace(b"148", b"149", 1) if behaviour == "changed" else CSV
        if behaviour == "silent":
            time.sleep(2)
        self.send_response(status)
        if behaviour == "page":
            body = b"<!DOCTYPE html><title>Log in</title>"
        if behaviour == "round":
            self.send_header("Location", "/round")
        if behaviour == "packed":
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if behaviour == "drips":
            for i in range(40):
                self.wfile.write(body[i : i + 1])
                self.wfile.flush()
                time.sleep(0.05)
        else:
            self.wfile.write(body[:1000] if behaviour == "breaks" else body)

    def log_message(self, *_: object) -> None:
        pass

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as started:
        yield started


def get(url: str, target: Path) -> None:
    download(url, target, silence=0.3, limit=1.0, attempts=3, wait=0.01)


def test_a_good_answer_is_written_whole(server: Server, tmp_path: Path) -> None:
    get(server.url("good"), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CSV


def test_a_passing_failure_is_tried_again(server: Server, tmp_path: Path) -> None:
    get(server.url("recovers"), tmp_path / "file")
    assert server.requests == ["recovers", "recovers"]
    assert (tmp_path / "file").read_bytes() == CSV


@pytest.mark.parametrize(
    ("behaviour", "sentence", "attempts"),
    [
        ("missing", "the server answered 404 Not Found", 1),
        ("part", "the server answered 206 Partial Content", 1),
        ("nowhere", "the server answered 302 Found", 1),
        ("packed", "in 3 attempts: the answer is packed in a broken way", 3),
        ("trouble", "in 3 attempts: the server answered 500", 3),
        ("breaks", "in 3 attempts: the connection was lost", 3),
        ("silent", "in 3 attempts: the server was silent for 0.3 s", 3),
        ("drips", "in 3 attempts: it was not complete after 1 s", 3),
    ],
)
def test_a_bad_server_is_told(server: Server, tmp_path: Path, behaviour: str, sentence: str, attempts: int) -> None:
    with pytest.raises(UserError, match=sentence):
        get(server.url(behaviour), tmp_path / "file")
    assert server.requests == [behaviour] * attempts


def test_addresses_that_lead_round(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="it leads from one address to the next"):
        get(server.url("round"), tmp_path / "file")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://x/y.csv", "begins with ftp://, but only http, https and file are known. Check data.url"),
        ("www.example.invalid/y.csv", "A web address begins with https://"),
        ("http://[::1/y.csv", "is not a valid URL"),
        ("file:///", "can't be read: Is a directory"),
    ],
)
def test_an_address_that_is_none(tmp_path: Path, url: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        get(url, tmp_path / "file")


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


def test_a_network_that_is_down(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        with pytest.raises(UserError, match="in 3 attempts: connection refused"):
            get(url, tmp_path / "file")


def test_local_paths(tmp_path: Path) -> None:
    source = tmp_path / "source.csv"
    source.write_bytes(CSV)
    for url in (str(source), source.as_uri()):
        get(url, tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == CSV
    with pytest.raises(UserError, match="can't be read: No such file"):
        get(str(tmp_path / "none.csv"), tmp_path / "file")


def test_the_stage_keeps_a_good_file_without_a_network(make_project: MakeProject) -> None:
    project = make_project({"data.url": "http://127.0.0.1:9/none"})
    assert project.stage("fetch").returncode == 0
    assert b'"rows": 768' in project.read("metrics/data.json")


def test_the_stage_downloads_what_is_missing_or_changed(make_project: MakeProject, server: Server) -> None:
    project = make_project({"data.url": server.url("good"), "data.path": "data/new/pima.csv"})
    project.stage("fetch")
    assert project.read("data/new/pima.csv") == CSV
    (project.folder / "data/new/pima.csv").write_bytes(CSV[:5000])
    project.stage("fetch")
    assert project.read("data/new/pima.csv") == CSV
    assert server.requests == ["good", "good"]


def test_a_bad_download_never_replaces_a_file(make_project: MakeProject, server: Server) -> None:
    project = make_project({"data.url": server.url("changed")})
    mine = CSV[:5000]
    (project.folder / "data/pima-indians-diabetes.csv").write_bytes(mine)
    done = project.stage("fetch", ok=False)
    assert done.returncode == 1
    assert f"has the sha256 {hashlib.sha256(CSV.replace(b'148', b'149', 1)).hexdigest()}" in done.stderr
    assert "Traceback" not in done.stderr
    assert project.read("data/pima-indians-diabetes.csv") == mine
    assert sorted(path.name for path in (project.folder / "data").iterdir()) == ["pima-indians-diabetes.csv"]


def test_content_is_checked_before_the_file_is_replaced(make_project: MakeProject, tmp_path: Path) -> None:
    source = tmp_path / "source.csv"
    source.write_bytes(CSV.replace(b"6,148", b"6,abc", 1))
    project = make_project({"data.url": str(source), "data.sha256": None, "data.path": "data/mine.csv"})
    done = project.stage("fetch", ok=False)
    assert done.returncode == 1
    assert "line 1, column glucose: 'abc' is not a number" in done.stderr
    assert not (project.folder / "data/mine.csv").exists()
    assert not (project.folder / "data/mine.csv.tmp").exists()


def test_a_missing_file_without_a_url(make_project: MakeProject) -> None:
    done = make_project({"data.url": None, "data.path": "data/mine.csv"}).stage("fetch", ok=False)
    assert done.returncode == 1
    assert "data/mine.csv is missing, and data.url in params.yaml is null" in done.stderr
