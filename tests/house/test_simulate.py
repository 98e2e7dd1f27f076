"""`python -m benchmarks.simulate` prints the tables of docs/simulations.md."""

import pytest

from benchmarks.simulate import TABLES, main


def test_parts_of_titles_choose_tables(capsys: pytest.CaptureFixture[str]) -> None:
    main(2, "halving", "Corners")
    printed = capsys.readouterr().out
    assert [title for title in TABLES if f"{title}\n\n| " in printed] == ["Corners", "Halving"]
    assert "\n| 81 | 0.1 | " in printed


@pytest.mark.long
def test_all_tables_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main(1)
    printed = capsys.readouterr().out
    assert [title for title in TABLES if f"{title}\n\n| " not in printed] == []
