"""The settings for a table follow its size, so that a search takes about a minute."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.lib.adopt import Table, make_plan, sized, take_columns, take_target
from stages.lib.config import Experiment
from stages.lib.data.csv_text import CsvText
from tests.project import SECTIONS


def plan_of(n_rows: int, rarest: int | None = None) -> dict[str, Any]:
    frame = pd.DataFrame({"x": np.linspace(0, 1, n_rows), "y": np.linspace(0, 1, n_rows) ** 2})
    if rarest is not None:
        frame["y"] = np.where(np.arange(n_rows) < rarest, "b", "a")
    return plan_for(Table(CsvText("t.csv", b""), frame, frame["y"].astype(str)))


def plan_for(table: Table) -> dict[str, Any]:
    return make_plan(table, "y", take_target(table, "y"), take_columns(table, "y"))


@pytest.mark.parametrize(
    ("n_rows", "batch_size", "epochs", "n_splits", "n_repeats", "sample"),
    [
        (30, 64, 120, 5, 2, 1.0),
        (1_000, 64, 120, 5, 2, 1.0),
        (1_500, 64, 80, 5, 1, 1.0),
        (5_000, 64, 24, 3, 1, 1.0),
        (10_000, 128, 12, 3, 1, 1.0),
        (100_000, 256, 12, 3, 1, 1.0),
        (400_000, 256, 12, 3, 1, 0.25),
    ],
)
def test_sizes(n_rows: int, batch_size: int, epochs: int, n_splits: int, n_repeats: int, sample: float) -> None:
    blocks = plan_of(n_rows)
    assert blocks["model"]["batch_size"] == batch_size
    assert blocks["model"]["max_epochs"] == blocks["model"]["callbacks"]["LRScheduler"]["T_max"] == epochs
    assert (blocks["cv"]["n_splits"], blocks["cv"]["n_repeats"]) == (n_splits, n_repeats)
    assert len(Experiment.model_validate(blocks["experiments"]["net"]).candidates(0)) == 16
    assert blocks["data"]["sample"] == sample


@pytest.mark.parametrize(
    ("numbers", "categories", "scaled", "embedded"), [(2, 1, True, True), (21, 0, True, False), (0, 3, False, False)]
)
def test_the_search_has_what_the_columns_allow(numbers: int, categories: int, scaled: bool, embedded: bool) -> None:
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
        (30, {"data.sample": "all 30 rows", "cv.n_splits": "at most 2,000 rows", "model.max_epochs": "at most 120"}),
        (5_000, {"cv.n_splits": "more than 2,000 rows", "cv.n_repeats": "more than 1,000 rows"}),
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
def test_each_setting_that_follows_from_the_size_has_a_reason(n_rows: int, words: dict[str, str]) -> None:
    frame = pd.DataFrame({"x": np.linspace(0, 1, n_rows), "y": np.linspace(0, 1, n_rows) ** 2})
    table = Table(CsvText("t.csv", b""), frame)
    columns, outcome = take_columns(table, "y"), take_target(table, "y")
    found = {each.place: each for each in sized(outcome, columns)}
    blocks = make_plan(table, "y", outcome, columns)
    for place, each in found.items():
        block, key = place.split(".")
        assert blocks[block][key] == each.value
        assert words.get(place, "") in each.why
    assert list(found) == ["data.sample", "cv.n_splits", "cv.n_repeats", "model.max_epochs", "model.batch_size"]
