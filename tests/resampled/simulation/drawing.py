"""Draws cases many times, in several processes, and writes rows of tables in Markdown."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import numpy as np

Rows = list[dict[str, Any]]
# Means by name, each with its Monte-Carlo standard error.
Means = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Drawing:
    """How often cases are drawn, and where. What several tables show is drawn once."""

    n_draws: int
    pool: Executor
    _drawn: dict[Any, Any] = field(default_factory=dict)

    def means(self, judge: Callable[..., Any], *case: Any, part: int = 1, **more: Any) -> Means:
        """Return the means of what `judge(*case, draw, **more)` returns, over so many draws, or a part of them."""
        key = (judge, case, part, *more.items())
        if key not in self._drawn:
            judged = self.pool.map(partial(judge, *case, **more), range(-(-self.n_draws // part)), chunksize=10)
            self._drawn[key] = means([asdict(each) for each in judged])
        return self._drawn[key]

    def lists(self, judge: Callable[..., Any], cases: Sequence[Any], part: int = 1) -> dict[Any, list[Any]]:
        """Return by case what `judge(*case, n_draws)` returns, a list of so many, or of a part of them."""
        waiting: dict[Any, Future] = {}
        for case in cases:
            key = (judge, case, part)
            if key not in self._drawn:
                self._drawn[key] = self.pool.submit(judge, *case, -(-self.n_draws // part))
            waiting[case] = self._drawn[key]
        return {case: each.result() for case, each in waiting.items()}


def means(judged: Sequence[Mapping[str, Any]]) -> Means:
    """Return the mean of each number, with its error."""
    columns = {name: np.array([each[name] for each in judged], dtype=float) for name in judged[0]}
    return {name: (float(each.mean()), float(each.std()) / len(each) ** 0.5) for name, each in columns.items()}


def written(columns: Mapping[str, str], found: Means) -> dict[str, str]:
    """Write the cells of a row, by column, from how each is written, as in `{width[0]:.3f} ± {width[1]:.3f}`."""
    return {column: each.format_map(found) for column, each in columns.items()}


def with_error(pair: tuple[float, float]) -> str:
    """Write a mean with its error."""
    return f"{pair[0]:.3f} ± {pair[1]:.3f}"


def rate(found: Sequence[bool]) -> str:
    """Write how often something is so, with its error."""
    return with_error(means([{"": each} for each in found])[""])


def all_means(found: Sequence[Any]) -> dict[str, str]:
    """Write the mean of each attribute, with its error; those that are no rates with a sign and more digits."""
    kinds = asdict(found[0])
    return {
        name.replace("_", " "): with_error(pair) if isinstance(kinds[name], bool) else f"{pair[0]:+.4f} ± {pair[1]:.4f}"
        for name, pair in means([asdict(each) for each in found]).items()
    }


def markdown(rows: Rows) -> str:
    """Write rows as a table in Markdown."""
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
    lines += ["| " + " | ".join(map(str, row.values())) + " |" for row in rows]
    return "\n".join(lines) + "\n"
