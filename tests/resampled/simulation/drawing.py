"""Draws cases many times, in several processes, and writes rows of tables in Markdown."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Rows = list[dict[str, Any]]
# What is said of a draw, by column: whether something is so, or a number.
Said = dict[str, Any]


@dataclass(frozen=True)
class Drawing:
    """How often cases are drawn, and where. What several tables show is drawn once."""

    n_draws: int
    pool: Executor
    _drawn: dict[Any, Future] = field(default_factory=dict)

    def rows(
        self,
        headings: Sequence[str],
        judge: Callable[..., Any],
        cases: Iterable[Any],
        *,
        part: int = 1,
        at_once: bool = False,
        columns: Sequence[str] = (),
    ) -> Rows:
        """Return a row for each case: its parts under these headings, and the means of what is said of its draws.

        `judge(*case, draw)` says something of one of so many draws, or of a part of them; with `at_once`,
        `judge(*case, n_draws)` of all of them. A row has these columns, by default all.
        """
        numbered, n = list(cases), -(-self.n_draws // part)
        for case in numbered:
            if (judge, case, n) not in self._drawn:
                call = (judge, *case, n) if at_once else (_draw_by_draw, judge, case, n)
                self._drawn[judge, case, n] = self.pool.submit(*call)
        found = [means(self._drawn[judge, case, n].result()) for case in numbered]
        return [
            dict(zip(headings, case, strict=False)) | {column: each[column] for column in columns or each}
            for case, each in zip(numbered, found, strict=True)
        ]


def _draw_by_draw(judge: Callable[..., Said], case: Sequence[Any], n_draws: int) -> list[Said]:
    return [judge(*case, draw) for draw in range(n_draws)]


def mean(said: Sequence[Said], column: str) -> float:
    """Return the mean of a column."""
    return float(np.mean([each[column] for each in said]))


def means(said: Sequence[Said]) -> dict[str, str]:
    """Write the mean of each column, with its error; numbers that are no rates with a sign and more digits."""
    cells = {}
    for column, kind in said[0].items():
        values = np.array([each[column] for each in said], dtype=float)
        middle, error = values.mean(), values.std() / len(values) ** 0.5
        is_rate = isinstance(kind, bool | np.bool_)
        cells[column] = f"{middle:.3f} ± {error:.3f}" if is_rate else f"{middle:+.4f} ± {error:.4f}"
    return cells


def markdown(rows: Rows) -> str:
    """Write rows as a table in Markdown."""
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
    lines += ["| " + " | ".join(map(str, row.values())) + " |" for row in rows]
    return "\n".join(lines) + "\n"
