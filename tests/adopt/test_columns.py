"""What a column is taken for, by its cells and its name."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.lib.adopt import Table, Taken, read_table, take_columns
from stages.lib.data.csv_text import CsvText


def taken(folder: Path, frame: pd.DataFrame, **options: Any) -> dict[str, Taken]:
    path = folder / "table.csv"
    path.write_text(frame.to_csv(index=False, **options), encoding="utf-8")
    return {column.name: column for column in take_columns(read_table(path))}


N = 60
NUMBERS = np.random.default_rng(0).permutation(N)


@pytest.mark.parametrize(
    ("name", "cells", "kind", "why"),
    [
        ("row", range(1, N + 1), "not used", "row numbers: they count from 1 to 60"),
        ("row", NUMBERS, "not used", "row numbers"),
        ("row", np.arange(N) * 3 // 2 + 2, "not used", "row numbers: they count from 2 to 90, with gaps"),
        ("x2", np.arange(N) * 3 // 2 + 3, "number", "whole numbers"),  # fewer than two thirds
        ("x2", NUMBERS * 3 // 2 + 1, "number", "whole numbers"),  # in no order
        ("year", range(1900, 1900 + N), "number", "whole numbers"),  # a trend
        ("PassengerId", NUMBERS * 7, "not used", "an id, by its name"),
        ("customerID", [f"{i}-ABC" for i in NUMBERS], "not used", "an id, by its name"),
        ("id", NUMBERS * 7, "not used", "an id, by its name"),
        ("body_mass_index", NUMBERS * 7, "number", "whole numbers"),
        ("humid", NUMBERS * 7, "number", "whole numbers"),
        ("student", ["Yes", "No"] * 30, "boolean", "a yes and a no"),
        ("code", [f"K{i}" for i in NUMBERS], "not used", "every cell differs"),
        ("ticket", [f"K{i // 2}" for i in NUMBERS], "not used", "text of 30 values, too many for a category"),
        ("town", [f"K{i % 12}" for i in NUMBERS], "category", "text of 12 values"),
        ("town", [f"K{i % 13}" for i in NUMBERS], "not used", "text of 13 values"),
        ("pclass", NUMBERS % 3 + 1, "number", "codes would be `type: category`"),
        ("flag", NUMBERS % 2, "number", "whole numbers, 2 values"),
        ("flag", ["T", "f"] * 30, "boolean", "two values"),
        ("flag", ["y", "n"] * 30, "category", "text of 2 values"),
        ("flag", ["x", ""] * 30, "category", "one value, or none"),
        ("flag", ["yes", "no", ""] * 20, "category", "text of 2 values"),
        ("flag", [3, ""] * 30, "category", "one value, or none"),
        ("blank", [""] * N, "not used", "empty"),
        ("same", ["x"] * N, "not used", "constant"),
        ("same", [0.0] * N, "not used", "constant"),
        ("day", [f"{1 + i % 28}.{1 + i // 28:02}.1949" for i in range(N)], "date", "dates"),
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


@pytest.mark.parametrize(
    ("n_values", "n_each", "kind"),
    [
        (100, 5, "category"),
        (101, 5, "not used"),
        (104, 500, "category"),
        (104, 480, "not used"),
        (256, 600, "not used"),
    ],
)
def test_more_rows_allow_more_categories(n_values: int, n_each: int, kind: str) -> None:
    cells = np.repeat([f"K{i}" for i in range(n_values)], n_each)
    (column,) = take_columns(Table(CsvText("t.csv", b""), pd.DataFrame({"town": cells})))
    assert column.kind == kind
