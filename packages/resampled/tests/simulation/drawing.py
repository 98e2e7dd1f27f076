"""Draws cases many times, in several processes, and says the means of what is found."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

# What is said of a draw, by column: whether something is so, or a number.
Said = dict[str, Any]
# What is written of each mean, beside its table.
COLUMNS = ("case", "says", "value", "error", "draws")
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

    def rows(
        self, n_draws: int, pool: Executor, drawn: dict[Any, Future]
    ) -> Iterator[dict[str, str]]:
        """Draw what is not drawn yet, because several tables may show it, and yield each mean with its error."""
        n = -(-n_draws // self.part)
        for case in self.cases:
            if (self.judge, case, n) not in drawn:
                call = (
                    (self.judge, *case, n)
                    if self.at_once
                    else (_draw_by_draw, self.judge, case, n)
                )
                drawn[self.judge, case, n] = pool.submit(*call)
        for case in self.cases:
            found = drawn[self.judge, case, n].result()
            parts = "; ".join(
                f"{heading} {part}"
                for heading, part in zip(self.headings, case, strict=True)
            )
            for column in self.columns or found[0]:
                values = np.array([each[column] for each in found], dtype=float)
                numbers = (
                    f"{number:.4g}"
                    for number in (values.mean(), values.std() / len(values) ** 0.5)
                )
                yield dict(
                    zip(
                        COLUMNS,
                        (parts, column, *numbers, str(len(values))),
                        strict=True,
                    )
                )


def every(*parts: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Return the cases of all combinations of their parts."""
    return list(product(*parts))


def _draw_by_draw(
    judge: Callable[..., Said], case: Sequence[Any], n_draws: int
) -> list[Said]:
    return [judge(*case, draw) for draw in range(n_draws)]


def mean(said: Sequence[Said], column: str) -> float:
    """Return the mean of a column."""
    return float(np.mean([each[column] for each in said]))
