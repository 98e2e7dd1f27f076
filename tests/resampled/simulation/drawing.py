"""Draws cases many times, in several processes, and writes tables in Markdown."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

# What is said of a draw, by column: whether something is so, or a number.
Said = dict[str, Any]
# What judges draw by draw, or all of them at once.
Judge = Callable[..., Said] | Callable[..., list[Said]]


@dataclass(frozen=True)
class Table:
    """A row for each case: its parts under these headings, and the means of what is said of its draws.

    `judge(*case, draw)` says something of one of so many draws, or of a part of them; if it judges them `at_once`,
    `judge(*case, n_draws)` of all. A row has these columns, by default all.
    """

    judge: Judge
    headings: Sequence[str]
    cases: Sequence[tuple[Any, ...]]
    part: int = 1
    at_once: bool = False
    columns: Sequence[str] = ()

    def markdown(self, n_draws: int, pool: Executor, drawn: dict[Any, Future]) -> str:
        """Draw what is not drawn yet, because several tables may show it, and write the table."""
        n = -(-n_draws // self.part)
        for case in self.cases:
            if (self.judge, case, n) not in drawn:
                call = (self.judge, *case, n) if self.at_once else (_draw_by_draw, self.judge, case, n)
                drawn[self.judge, case, n] = pool.submit(*call)
        rows = []
        for case in self.cases:
            found = means(drawn[self.judge, case, n].result())
            rows.append([*map(str, case), *(found[column] for column in self.columns or found)])
        headings = [*self.headings, *(self.columns or found)]
        return "".join(f"| {' | '.join(row)} |\n" for row in (headings, ["---"] * len(headings), *rows))


def every(*parts: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Return the cases of all combinations of their parts."""
    return list(product(*parts))


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
