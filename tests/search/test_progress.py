"""What is shown of a long stage where there is no terminal: its part, how far it is, and the user's own code."""

import time

import pytest

from stages.lib.search import doing, progress


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS_BEFORE_FIRST", 0.01)
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN", 0.01)


def wait_for(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown, end = "", time.monotonic() + 60
    while words not in shown:
        assert time.monotonic() < end, f"{words!r} is not in {shown!r}"
        time.sleep(0.01)
        shown += capsys.readouterr().err


@pytest.mark.filterwarnings("error")
def test_each_part_of_the_work_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with doing("mine: planning", "nets") as shown:
        wait_for("mine: planning\n", capsys)
        shown.advance(300, 3000)
        wait_for("mine: planning: 300 of 3,000 nets done, about ", capsys)
        shown.begin("mine: training", "net-epochs")
        wait_for("mine: training\n", capsys)
    capsys.readouterr()
    time.sleep(0.05)
    assert capsys.readouterr().err == ""


def test_nothing_is_told_of_what_takes_no_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BEFORE_FIRST", 1000.0)
    with doing("mine: reading"):
        pass
    assert capsys.readouterr().err == ""
