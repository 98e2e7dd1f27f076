"""What a column is taken for, and the settings for a table, which follow its size."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gridstage.adopt import (
    Table,
    Taken,
    make_blocks,
    read_table,
    sized,
    take_columns,
    take_target,
)
from gridstage.config import Experiment
from gridstage.data.csv_text import CsvText
from packages.gridstage.tests.pages import DOCS
from packages.gridstage.tests.project import SECTIONS


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
        (
            "row",
            np.arange(N) * 3 // 2 + 2,
            "not used",
            "row numbers: they count from 2 to 90, with gaps",
        ),
        (
            "x2",
            np.arange(N) * 3 // 2 + 3,
            "number",
            "whole numbers",
        ),  # fewer than two thirds
        ("x2", NUMBERS * 3 // 2 + 1, "number", "whole numbers"),  # in no order
        ("year", range(1900, 1900 + N), "number", "whole numbers"),  # a trend
        ("PassengerId", NUMBERS * 7, "not used", "an id, by its name"),
        ("customerID", [f"{i}-ABC" for i in NUMBERS], "not used", "an id, by its name"),
        ("id", NUMBERS * 7, "not used", "an id, by its name"),
        ("body_mass_index", NUMBERS * 7, "number", "whole numbers"),
        ("humid", NUMBERS * 7, "number", "whole numbers"),
        ("student", ["Yes", "No"] * 30, "boolean", "a yes and a no"),
        ("code", [f"K{i}" for i in NUMBERS], "not used", "every cell differs"),
        (
            "ticket",
            [f"K{i // 2}" for i in NUMBERS],
            "not used",
            "text of 30 values, too many for a category",
        ),
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
        (
            "day",
            [f"{1 + i % 28}.{1 + i // 28:02}.1949" for i in range(N)],
            "date",
            "dates",
        ),
        (
            "month",
            [f"19{49 + i // 12}-{1 + i % 12:02}" for i in range(N)],
            "date",
            "dates",
        ),
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
def test_groups_are_a_hint_only(
    tmp_path: Path, name: str, cells: Any, kind: str
) -> None:
    column = taken(
        tmp_path, pd.DataFrame({"x": np.linspace(0, 1, N), name: list(cells)})
    )[name]
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
    (column,) = take_columns(
        Table(CsvText("t.csv", b""), pd.DataFrame({"town": cells}))
    )
    assert column.kind == kind


def plan_of(n_rows: int, rarest: int | None = None) -> dict[str, Any]:
    frame = pd.DataFrame(
        {"x": np.linspace(0, 1, n_rows), "y": np.linspace(0, 1, n_rows) ** 2}
    )
    if rarest is not None:
        frame["y"] = np.where(np.arange(n_rows) < rarest, "b", "a")
    return plan_for(Table(CsvText("t.csv", b""), frame, frame["y"].astype(str)))


def plan_for(table: Table) -> dict[str, Any]:
    return make_blocks(table, "y", take_target(table, "y"), take_columns(table, "y"))


@pytest.mark.parametrize(
    ("n_rows", "batch_size", "epochs", "n_splits", "n_repeats", "sample"),
    [
        (30, 64, 120, 5, 2, 1.0),
        (1_000, 64, 120, 5, 2, 1.0),
        (1_500, 64, 120, 5, 1, 1.0),
        (5_000, 64, 48, 3, 1, 1.0),
        (10_000, 128, 24, 3, 1, 1.0),
        (100_000, 256, 12, 3, 1, 1.0),
        (400_000, 256, 12, 3, 1, 0.25),
    ],
)
def test_sizes(
    n_rows: int,
    batch_size: int,
    epochs: int,
    n_splits: int,
    n_repeats: int,
    sample: float,
) -> None:
    blocks = plan_of(n_rows)
    assert blocks["model"]["batch_size"] == batch_size
    assert (
        blocks["model"]["max_epochs"]
        == blocks["model"]["callbacks"]["LRScheduler"]["T_max"]
        == epochs
    )
    assert (blocks["cv"]["n_splits"], blocks["cv"]["n_repeats"]) == (
        n_splits,
        n_repeats,
    )
    assert (
        len(Experiment.model_validate(blocks["experiments"]["net"]).candidates(0)) == 16
    )
    assert blocks["data"]["sample"] == sample


@pytest.mark.parametrize(
    ("numbers", "categories", "scaled", "embedded"),
    [(2, 1, True, True), (21, 0, True, False), (0, 3, False, False)],
)
def test_the_search_has_what_the_columns_allow(
    numbers: int, categories: int, scaled: bool, embedded: bool
) -> None:
    values = np.random.default_rng(0).normal(size=(200, numbers))
    frame = pd.DataFrame(values, columns=[f"x{i}" for i in range(numbers)])
    for i in range(categories):
        frame[f"c{i}"] = np.resize(["red", "green", "blue"], 200)
    frame["y"] = np.linspace(0, 1, 200) ** 2
    grid = plan_for(Table(CsvText("t.csv", b""), frame))["experiments"]["net"]["grid"]
    assert ("prepare__scale" in grid, "module__embedding" in grid) == (scaled, embedded)


@pytest.mark.parametrize(("rarest", "n_splits"), [(2, 2), (4, 4), (5, 5), (100, 5)])
def test_each_fold_has_a_row_of_each_class(rarest: int, n_splits: int) -> None:
    assert plan_of(1_000, rarest)["cv"]["n_splits"] == n_splits


def test_blocks_are_whole_and_valid() -> None:
    """Every key is written, because DVC asks for those that its stages depend on."""
    blocks = plan_of(100)
    assert set(SECTIONS) - set(blocks) == {"runtime"}  # which stays as it is
    for name, section in SECTIONS.items():
        if name in blocks:
            section.model_validate(blocks[name])
            assert set(section.model_fields) <= set(blocks[name])
    Experiment.model_validate(blocks["experiments"]["net"])


@pytest.mark.parametrize(
    ("n_rows", "words"),
    [
        (
            30,
            {
                "data.sample": "all 30 rows",
                "cv.n_splits": "at most 2,000 rows",
                "model.max_epochs": "at most 120",
            },
        ),
        (
            5_000,
            {
                "cv.n_splits": "more than 2,000 rows",
                "cv.n_repeats": "more than 1,000 rows",
            },
        ),
        (
            400_000,
            {
                "data.sample": "about 100,000 of 400,000 rows; what is saved is fitted on all",
                "model.max_epochs": "at least 12 passes",
                "model.batch_size": "100,000 rows are used",
            },
        ),
    ],
)
def test_each_setting_that_follows_from_the_size_has_a_reason(
    n_rows: int, words: dict[str, str]
) -> None:
    frame = pd.DataFrame(
        {"x": np.linspace(0, 1, n_rows), "y": np.linspace(0, 1, n_rows) ** 2}
    )
    table = Table(CsvText("t.csv", b""), frame)
    columns, of_target = take_columns(table, "y"), take_target(table, "y")
    found = {each.place: each for each in sized(of_target, columns)}
    blocks = make_blocks(table, "y", of_target, columns)
    for place, each in found.items():
        block, key = place.split(".")
        assert blocks[block][key] == each.value
        assert words.get(place, "") in each.why
    assert list(found) == [
        "data.sample",
        "cv.n_splits",
        "cv.n_repeats",
        "model.max_epochs",
        "model.batch_size",
    ]
    # docs/own-data.md says how many rows that are.
    seen, *_ = found["model.max_epochs"].why.partition(" rows in all")
    assert seen in " ".join(DOCS["own-data.md"].lower().split())
