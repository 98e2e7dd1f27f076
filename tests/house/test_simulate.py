"""`python -m benchmarks.simulate` prints the tables of docs/simulations.md."""

import pytest

from benchmarks.simulate import TABLES, main
from tests.resampled.simulation import verdicts


def test_parts_of_titles_choose_tables(capsys: pytest.CaptureFixture[str]) -> None:
    main(2, "halving", "KEYS that")
    printed = capsys.readouterr().out
    assert [title for title in TABLES if f"{title}\n\n| " in printed] == ["Halving", "The keys that mattered"]
    assert "\n| 81 | 0.1 | " in printed


@pytest.mark.long
def test_all_tables_are_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "N_CANDIDATES", (3,))
    main(1)
    printed = capsys.readouterr().out
    assert [title for title in TABLES if f"{title}\n\n| " not in printed] == []
    assert printed.count("| one best | 3 |") == 2
