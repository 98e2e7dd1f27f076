"""What is shown of a long stage where there is no terminal: its part, and how far it is."""

import pytest

from stages.lib.search import doing, progress


def test_each_part_of_the_work_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress, "SECONDS_BEFORE_FIRST", 0.0)
    with doing("mine: planning", "nets") as shown:
        shown.advance(300, 3000)
        assert capsys.readouterr().err.startswith("mine: planning: 300 of 3,000 nets done, about ")
        shown.advance(300, 3000)
        assert capsys.readouterr().err == ""  # ten seconds have not gone by
        shown.next_line = 0.0
        shown.begin("mine: training", "net-epochs")
        shown.advance(2700, 2700)
        assert capsys.readouterr().err == "mine: training: 2,700 of 2,700 net-epochs done, about 0 s left\n"


def test_no_time_is_estimated_from_the_first_nets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BEFORE_FIRST", 0.0)
    with doing("mine: planning", "nets") as shown:
        for more, told in ((1, "1"), (73, "74")):
            shown.advance(more, 1500)
            assert capsys.readouterr().err == f"mine: planning: {told} of 1,500 nets done\n"
            shown.next_line = 0.0
        shown.advance(1, 1500)
        assert capsys.readouterr().err.startswith("mine: planning: 75 of 1,500 nets done, about ")
