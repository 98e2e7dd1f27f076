"""What adopt would read otherwise than a person does, and what it can't take, is said."""

from pathlib import Path
from typing import Any

import pytest

from stages import adopt
from tests.conftest import Command

TARGET = ["yes" if i % 3 else "no" for i in range(60)]


def write(cells: list[str], header: str = "x") -> None:
    rows = (f"{cell},{i % 7},{label}" for i, (cell, label) in enumerate(zip(cells, TARGET, strict=False)))
    Path("data/mine.csv").write_text("\n".join([f"{header},z,t", *rows]) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("cells", "odd"),
    [
        ([f"{i % 28 + 1:02}.02.2020" for i in range(59)] + ["30.02.2020"], "30.02.2020"),
        ([f"2020-01-{i % 28 + 1:02}" if i % 2 else f"{i % 28 + 1:02}/01/2020" for i in range(60)], "01/01/2020"),
    ],
)
def test_a_cell_among_dates_is_named(here: Path, in_process: Command, cells: list[str], odd: str) -> None:
    write(cells)
    done = in_process(adopt, "data/mine.csv", "t")
    assert done.returncode == 0
    assert f"hint: x: '{odd}' is not a date in the form of the others." in done.stdout


@pytest.mark.parametrize(
    ("n_rows", "header", "arguments", "sentence"),
    [
        (60, '"x\ny"', ("data/mine.csv", "t"), "line 1 ends inside of quotation marks. Is a mark missing"),
        (3, "x", ("data/mine.csv", "t"), "data/mine.csv has 3 rows, too few"),
        (60, "x", ("https://localhost/a.csv", "t"), "is an address, and a file is needed. Download it"),
    ],
)
def test_what_can_not_be_taken_is_refused(
    here: Path, in_process: Command, n_rows: int, header: str, arguments: tuple[str, ...], sentence: str
) -> None:
    write([str(i) for i in range(n_rows)], header=header)
    before: Any = Path("params.yaml").read_bytes()
    done = in_process(adopt, *arguments)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert Path("params.yaml").read_bytes() == before
