"""What adopt would read otherwise than a person does, and what it can't take, is said."""

from pathlib import Path
from typing import Any

import pytest

from stages import adopt
from tests.conftest import Command

TARGET = ["yes" if i % 3 else "no" for i in range(60)]


def write(cells: list[str], sign: str = ",", header: str = "x") -> None:
    rows = (sign.join([cell, str(i % 7), label]) for i, (cell, label) in enumerate(zip(cells, TARGET, strict=False)))
    Path("data/mine.csv").write_text("\n".join([sign.join([header, "z", "t"]), *rows]) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("cells", "sign", "hint"),
    [
        ([f"{i % 28 + 1:02}.02.2020" for i in range(59)] + ["30.02.2020"], ",", "x: '30.02.2020' is not a date. "),
        (
            [f"2020-01-{i % 28 + 1:02}" if i % 2 else f"{i % 28 + 1:02}/01/2020" for i in range(60)],
            ",",
            "' differ in form.",
        ),
        ([["yes", "Yes", "no", "No"][i % 4] for i in range(60)], ",", "'No' and 'no', 'Yes' and 'yes' differ only in"),
        ([["yes", "no", "TRUE"][i % 3] for i in range(60)], ",", "'TRUE' and 'yes' mean the same, and are told apart."),
        ([["2020-01-02", "03/04/2020", "2020-01-03"][i % 3] for i in range(60)], ",", "' differ in form."),
        ([f"{i}.{i * 37 % 1000:03}" for i in range(60)], ";", "x is read with decimal points, as in 59.183. If its"),
        (
            [*(f"{i}.{i * 37 % 1000:03}" for i in range(58)), "1.234.567", "2.234.567"],
            ",",
            "such as '1.234.567' in line 60. If '.' separates thousands, remove it from all cells and adopt again.",
        ),
    ],
)
def test_what_may_be_meant_otherwise_is_hinted(
    here: Path, in_process: Command, cells: list[str], sign: str, hint: str
) -> None:
    write(cells, sign)
    done = in_process(adopt, "data/mine.csv", "t")
    assert done.returncode == 0
    assert hint in next(line for line in done.stdout.splitlines() if line.startswith("hint: "))


@pytest.mark.parametrize("sign", [".", ","])
def test_thousands_in_another_column_are_evidence(here: Path, in_process: Command, sign: str) -> None:
    rows = [f"{i}{sign}{i * 37 % 1000:03};1{sign}234{sign}{i + 100};{label}" for i, label in enumerate(TARGET)]
    Path("data/mine.csv").write_text("\n".join(["x;z;t", *rows]) + "\n", encoding="utf-8")
    shown = in_process(adopt, "data/mine.csv", "t").stdout
    assert f"hint: x is read with decimal {'points' if sign == '.' else 'commas'}, as in 59{sign}183." in shown


@pytest.mark.parametrize("cells", [[f"{i}.5" for i in range(60)], [f"0.{i * 37 % 1000:03}" for i in range(60)]])
def test_plain_decimals_are_no_thousands(here: Path, in_process: Command, cells: list[str]) -> None:
    write(cells, ";")
    assert "thousands" not in in_process(adopt, "data/mine.csv", "t").stdout


@pytest.mark.parametrize(
    ("n_rows", "header", "arguments", "sentence"),
    [
        (60, '"x\ny"', ("data/mine.csv", "t"), "line 1 ends inside of quotation marks. Is a mark missing"),
        (1, "x", ("data/mine.csv", "t"), "data/mine.csv has 1 row, too few to train and to test. Add rows."),
        (2, "x", ("data/mine.csv", "t"), "data/mine.csv has 2 rows, too few"),
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
