"""Prints the tables of docs/simulations.md: `python -m benchmarks.simulate [DRAWS [TITLE …]]`, with parts of titles."""

import sys
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

from benchmarks.simulation import answers, headline_tables
from tests.resampled.simulation import tables

TABLES = tables.TABLES | headline_tables.TABLES | answers.TABLES


def main(n_draws: int, *parts: str) -> None:
    """Print the tables whose titles have one of the parts; all of them without parts."""
    with ProcessPoolExecutor() as pool:
        drawn: dict[Any, Future] = {}
        for title, table in TABLES.items():
            if not parts or any(part.casefold() in title.casefold() for part in parts):
                print(f"{title}\n\n{table.markdown(n_draws, pool, drawn)}", flush=True)


if __name__ == "__main__":
    n_draws, *parts = sys.argv[1:] or ["1000"]
    main(int(n_draws), *parts)
