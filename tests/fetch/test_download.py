"""Downloads from a server that behaves, from others, and from addresses that are none."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pooch
import pytest

from stages.lib.common import UserError
from stages.lib.fetch.pinned_file import download
from tests.fetch.conftest import CSV, Server


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
    with pytest.raises(UserError, match=sentence):
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
    with pytest.raises(UserError, match=sentence):
        download(url)


def test_local_paths(tmp_path: Path) -> None:
    source = tmp_path / "source.csv"
    source.write_bytes(CSV)
    assert [download(url) for url in (str(source), source.as_uri())] == [CSV, CSV]
    with pytest.raises(UserError, match="can't be read: No such file"):
        download(str(tmp_path / "none.csv"))
