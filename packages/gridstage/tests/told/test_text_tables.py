"""A table of text on the terminal and in Markdown; tests/report/test_tables.py has those of the page."""

import pytest

from gridstage.told.tables import TextTable, cell, code

COLUMNS = {"model": ["a", "b", "c"], "mean": ["0.5", "-0.25", "1"]}


def test_rows_that_are_chosen_have_a_star(capsys: pytest.CaptureFixture[str]) -> None:
    TextTable.of_columns(COLUMNS, {0: "kept", 1: "answer kept"}).show("the models")
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "the models",
        "   model   mean",
        "   a        0.5",
        "*  b      -0.25",
        "   c          1",
    ]
    TextTable.of_columns(COLUMNS).show(left=COLUMNS)
    assert capsys.readouterr().out.splitlines()[1].rstrip() == "a      0.5"


def test_of_many_rows_the_first_and_the_best_are_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = TextTable(["n"], [[f"{i}"] for i in range(60)], {40: "best"})
    table.show(file="a.csv")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines[1:-1]] == [*map(str, range(20)), "40"]
    assert lines[-1] == "… and 39 more; a.csv has all 60"
    table.show()
    assert len(capsys.readouterr().out.splitlines()) == 61


def test_markdown_has_a_line_for_each_row_whatever_is_in_it() -> None:
    table = TextTable(["a|b", "c"], [["1\n2", code("x|`y`")], ["3", ""]])
    first = ["| a\\|b | c |", "| --- | --- |", "| 1 2 | `x\\|'y'` |"]
    assert table.markdown().splitlines() == [*first, "| 3 |  |"]
    assert table.markdown(1).splitlines() == first
    assert cell(cell("|")) == "\\|"
