"""What a column is taken for, by its cells and its name."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.lib.adopt import Taken, read_table, take_columns
from stages.lib.adopt.taken import values_shown
from tests.adopt.csvs import passengers


def taken(folder: Path, frame: pd.DataFrame, **options: Any) -> dict[str, Taken]:
    path = folder / "table.csv"
    path.write_text(frame.to_csv(index=False, **options), encoding="utf-8")
    return {column.name: column for column in take_columns(read_table(path))}


def test_passengers(tmp_path: Path) -> None:
    columns = taken(tmp_path, passengers())
    assert {name: column.kind for name, column in columns.items()} == {
        "passenger_id": "not used",
        "name": "not used",
        "age": "number",
        "sex": "category",
        "embarked": "category",
        "alone": "boolean",
        "ship": "not used",
        "boarded": "date",
        "survived": "number",
    }
    assert columns["age"].entry == {"missing": "allowed"}
    assert columns["embarked"].entry == {"type": "category", "missing": "allowed"}
    assert columns["ship"].entry == {"use": False}
    assert columns["boarded"].entry == {"type": "date"}
    assert columns["age"].missing == (passengers()["age"] == "").sum()
    ages = pd.to_numeric(passengers()["age"])
    assert columns["age"].seen == f"{ages.min():g} to {ages.max():g}"
    assert columns["sex"].seen == "female, male"
    assert "count from 1 to 60" in columns["passenger_id"].why
    assert "free text" in columns["name"].why
    assert columns["ship"].why == "constant"
    assert "cv.order: boarded" in columns["boarded"].hint
    table = read_table(tmp_path / "table.csv", "survived")
    assert "survived" not in {column.name for column in take_columns(table, "survived")}


N = 60
NUMBERS = np.random.default_rng(0).permutation(N)


@pytest.mark.parametrize(
    ("name", "cells", "kind", "why"),
    [
        ("row", range(1, N + 1), "not used", "row numbers: they count from 1 to 60"),
        ("row", NUMBERS, "not used", "row numbers"),
        ("year", range(1900, 1900 + N), "number", "whole numbers"),  # a trend
        ("PassengerId", NUMBERS * 7, "not used", "an id, by its name"),
        ("customerID", [f"{i}-ABC" for i in NUMBERS], "not used", "an id, by its name"),
        ("id", NUMBERS * 7, "not used", "an id, by its name"),
        ("body_mass_index", NUMBERS * 7, "number", "whole numbers"),
        ("humid", NUMBERS * 7, "number", "whole numbers"),
        ("student", ["Yes", "No"] * 30, "boolean", "a yes and a no"),
        ("code", [f"K{i}" for i in NUMBERS], "not used", "an id: every cell differs"),
        ("ticket", [f"K{i // 2}" for i in NUMBERS], "not used", "text of 30 values, too many for a category"),
        ("town", [f"K{i % 12}" for i in NUMBERS], "category", "text of 12 values"),
        ("town", [f"K{i % 13}" for i in NUMBERS], "not used", "text of 13 values"),
        ("pclass", NUMBERS % 3 + 1, "number", "codes would be `type: category`"),
        ("flag", NUMBERS % 2, "number", "numbers of two values"),
        ("flag", ["T", "f"] * 30, "boolean", "two values"),
        ("flag", ["y", "n"] * 30, "category", "text of 2 values"),
        ("flag", ["x", ""] * 30, "category", "one value, or none"),
        ("flag", ["yes", "no", ""] * 20, "category", "text of 2 values"),
        ("flag", [3, ""] * 30, "category", "one value, or none"),
        ("blank", [""] * N, "not used", "empty"),
        ("same", ["x"] * N, "not used", "constant"),
        ("same", [0.0] * N, "not used", "constant"),
        ("day", [f"{1 + i % 28:02}/03/2020" for i in range(N)], "date", "dates"),
        ("day", [f"{1 + i % 28}.3.2020 10:00" for i in range(N)], "date", "dates"),
        ("month", [f"19{49 + i // 12}-{1 + i % 12:02}" for i in range(N)], "date", "dates"),
        ("range", ["10-19", "20-29", "30-39"] * 20, "category", "text of 3 values"),
        (
            "price",
            [*(f"{i}.5" for i in range(N - 1)), "12 EUR"],
            "not used",
            "1 cell is not a number, such as '12 EUR' in line 61",
        ),
    ],
)
def test_kinds(tmp_path: Path, name: str, cells: Any, kind: str, why: str) -> None:
    frame = pd.DataFrame({"x": np.linspace(0, 1, N), name: list(cells)})
    column = taken(tmp_path, frame)[name]
    assert column.kind == kind
    assert why in column.why


def test_a_point_among_decimal_commas_is_odd(tmp_path: Path) -> None:
    """Though Python would read it, and no cell with a comma."""
    path = tmp_path / "table.csv"
    prices = [*(f"{i},5" for i in range(N - 1)), "1.5"]
    ages = [*map(str, range(20, 20 + N - 1)), "1.5"]
    rows = [f"{price};{age};0,25" for price, age in zip(prices, ages, strict=True)]
    path.write_text("\n".join(["price;age;x", *rows]), encoding="utf-8")
    for column in take_columns(read_table(path))[:2]:
        assert column.kind == "not used"
        assert column.why == "text: 1 cell is not a number, such as '1.5' in line 61"


ODD = "amount: 5 cells are not numbers, such as 'k.A.' in line 2. If 'k.A.' means a missing cell, add it"


@pytest.mark.parametrize(
    ("cells", "why", "hint"),
    [
        (["k.A.", *(f"{i},5" for i in range(11))] * 5, "text of 12 values", ODD),
        (["k.A.", *(f"{i},5" for i in range(10))] * 5, "text of 11 values", ""),  # which may be codes
        (["k.A."] * 5 + [f"{i},5" for i in NUMBERS], "text: 5 cells are not numbers, such as 'k.A.' in line 2", ODD),
        (["k.A."] * 5 + [f"{i},5" for i in range(4)], "text of 5 values, too many for a category", ""),
        (["1.5 m"] * 5 + [f"{i},5" for i in NUMBERS], "such as '1.5 m' in line 2", "To use the column, fix its cells"),
        (
            [*(f"{i},5" for i in range(30)), *(f"{i} %" for i in range(30))],
            "text: numbers among other signs, such as '0 %'",
            "amount: to use the column, write its numbers in digits alone, as in 1234,5, and adopt again.",
        ),
    ],
)
def test_the_text_among_numbers_is_named(tmp_path: Path, cells: list[str], why: str, hint: str) -> None:
    frame = pd.DataFrame({"amount": cells, "x": "0,5"})
    column = taken(tmp_path, frame, sep=";")["amount"]
    assert why in column.why
    assert hint in column.hint if hint else not column.hint


@pytest.mark.parametrize(
    ("cells", "seen"),
    [
        ([12285, 1484705], "12285 to 1484705"),
        ([-0.5, 1484705.25], "-0.5 to 1.48471e+06"),
        ([1e300, 2e300], "1e+300 to 2e+300"),
        (["b", "a"], "a, b"),
        (["x" * 30, "b", "c", "d", "e", "f"], "b, c, d, e, … (6)"),
    ],
)
def test_what_was_seen(cells: list[Any], seen: str) -> None:
    assert values_shown(pd.Series(cells)) == seen


@pytest.mark.parametrize(("n_values", "kind"), [(100, "category"), (101, "not used")])
def test_a_category_has_a_hundred_values_at_most(tmp_path: Path, n_values: int, kind: str) -> None:
    towns = [f"town {i % n_values}" for i in range(1000)]
    column = taken(tmp_path, pd.DataFrame({"x": np.linspace(0, 1, 1000), "town": towns}))["town"]
    assert column.kind == kind
    if kind == "not used":
        assert column.why == "text of 101 values, too many for a category: 100 at most"
        assert column.entry == {"use": False}


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("{}/03/2020", "shuffle: false. 1/03/2020 is read as 2020-01-03; if it is 2020-03-01, write"),
        ("2020-03-{:02}", ""),
    ],
)
def test_the_hint_says_how_dates_are_read(tmp_path: Path, day: str, told: str) -> None:
    frame = pd.DataFrame({"x": np.linspace(0, 1, N), "day": [day.format(1 + i % 12) for i in range(N)]})
    hint = taken(tmp_path, frame)["day"].hint
    assert "cv.order: day" in hint
    assert told in hint
    assert ("is read as" in hint) == bool(told)


def test_row_names(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.linspace(0, 1, N)}, index=[f"car {i}" for i in range(N)]).reset_index()
    columns = taken(tmp_path, frame.rename(columns={"index": ""}))
    assert columns["Unnamed: 0"].why.startswith("row names")


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("subject", NUMBERS % 10, "not used"),
        ("patient_id", [f"p{i % 10}" for i in NUMBERS], "not used"),
        ("athlete", [f"p{i % 20}" for i in NUMBERS], "not used"),
    ],
)
def test_groups_are_a_hint_only(tmp_path: Path, name: str, cells: Any, kind: str) -> None:
    column = taken(tmp_path, pd.DataFrame({"x": np.linspace(0, 1, N), name: list(cells)}))[name]
    assert column.kind == kind
    assert f"cv.groups: {name}" in column.hint
