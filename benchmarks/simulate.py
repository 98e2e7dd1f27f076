"""Writes docs/simulations.csv: `python -m benchmarks.simulate [DRAWS [TITLE …]]`; with parts of titles, those alone."""

import csv
import sys
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.simulation import answers, costs, headline_tables, tables
from packages.resampled.tests.simulation.drawing import COLUMNS

TABLES = tables.TABLES | costs.TABLES | headline_tables.TABLES | answers.TABLES
CSV = Path(__file__).parents[1] / "docs/simulations.csv"


def main(path: Path, n_draws: int, *parts: str) -> None:
    """Draw the tables whose titles have one of the parts, all of them without parts; the file keeps the others."""
    drawn: dict[Any, Future] = {}
    rows: dict[str, list[dict[str, str]]] = {}
    if parts and path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                rows.setdefault(row["table"], []).append(row)
    with ProcessPoolExecutor() as pool:
        for title, table in TABLES.items():
            if not parts or any(part.casefold() in title.casefold() for part in parts):
                rows[title] = [
                    {"table": title} | row for row in table.rows(n_draws, pool, drawn)
                ]
                print(
                    title,
                    *(
                        f"{row['case']}: {row['says']} {row['value']}"
                        for row in rows[title]
                    ),
                    sep="\n  ",
                )
                _write(path, rows)  # each, because all of them take hours


def _write(path: Path, rows: dict[str, list[dict[str, str]]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["table", *COLUMNS], lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for title in TABLES for row in rows.get(title, []))


if __name__ == "__main__":
    n_draws, *parts = sys.argv[1:] or ["1000"]
    main(CSV, int(n_draws), *parts)
