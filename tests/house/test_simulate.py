"""`python -m benchmarks.simulate` writes docs/simulations.csv."""

import csv
from pathlib import Path

import pytest

from benchmarks.simulate import CSV, TABLES, main


def titles(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(dict.fromkeys(row["table"] for row in csv.DictReader(file)))


def test_parts_of_titles_choose_tables_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "simulations.csv"
    main(path, 2, "halving")
    main(path, 3, "Corners")
    assert titles(path) == [title for title in TABLES if title in ("Corners", "Halving")]
    assert "Halving,halved candidates 81; a fit's noise 0.1,best thrown out," in path.read_text(encoding="utf-8")


def test_the_committed_file_has_all_tables() -> None:
    assert titles(CSV) == list(TABLES)


@pytest.mark.long
def test_all_tables_are_drawn(tmp_path: Path) -> None:
    main(tmp_path / "simulations.csv", 1)
    assert titles(tmp_path / "simulations.csv") == list(TABLES)
