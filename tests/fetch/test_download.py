"""Downloads from a server that behaves, from others, and from addresses that are none."""

import socket
from pathlib import Path

import pytest

from stages.lib.common import UserError
from stages.lib.fetch.download import download
from tests.fetch.conftest import CSV, Server


def get(url: str, target: Path) -> None:
    target.write_bytes(download(url, silence=0.3, limit=1.0, attempts=3, wait=0.01))


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
