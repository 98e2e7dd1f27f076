"""One experiment: what is searched, how, and what stays `fixed` meanwhile."""

import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, PlainSerializer, PlainValidator, Tag

from gridstage.common import Problem, format_value, in_params
from gridstage.config.space import (
    Distribution,
    all_candidates,
    drawn_candidates,
    space_size,
    to_distribution,
)
from gridstage.config.table import Section
from gridstage.config.training import Settings, Value


def _form(values: Any) -> str:
    return "[distribution]" if isinstance(values, dict | Distribution) else "[list]"


_List = Annotated[list[Value], Field(min_length=1), Tag("[list]")]
_Distribution = Annotated[
    Distribution,
    PlainValidator(to_distribution),
    PlainSerializer(lambda drawn: {drawn.kind: [drawn.low, drawn.high]}),
    Tag("[distribution]"),
]
Grid = dict[str, Annotated[_List | _Distribution, Discriminator(_form)]]


class Experiment(Section):
    """A search, and the settings that are `fixed` meanwhile; its `grid` and `fixed` override `model` and `prepare`."""

    # Dumps leave out what is not in use, as the file may.
    search: Literal["grid", "random", "halving"] = Field(
        default="grid", exclude_if=lambda value: value == "grid"
    )
    """grid trains every candidate of the lists; random draws some, from lists and distributions; halving trains all for
    a few epochs, and the best third for three times as many, in three stages."""
    n_candidates: Annotated[int, Field(ge=1)] | None = Field(
        default=None, exclude_if=lambda value: value is None
    )
    """How many candidates random or halving draws; without it, halving begins with every candidate of the lists."""
    grid: Annotated[Grid, Field(min_length=1)]
    """The values to search: for each key a list, or a distribution."""
    fixed: Settings = Field(default={})
    """The settings that override `model` in this search."""

    @property
    def lists(self) -> dict[str, list[Any]]:
        """The lists of the grid, by key; with `search: grid`, that is all of it."""
        return {
            key: values for key, values in self.grid.items() if isinstance(values, list)
        }

    @property
    def distributions(self) -> dict[str, Distribution]:
        """The distributions of the grid, by key."""
        return {
            key: values
            for key, values in self.grid.items()
            if isinstance(values, Distribution)
        }

    def candidates(self, seed: int) -> list[dict[str, Any]]:
        """List the candidates in the order of every table: of lists in scikit-learn's order, or as they are drawn."""
        if self.n_candidates is not None:
            return drawn_candidates(self.grid, self.n_candidates, seed)
        return all_candidates(self.lists)


def _twins(key: str, values: list[Any]) -> Iterator[Problem]:
    """Yield which values of a list are in it already; 1 and 1.0 are the same, but 1 and true are not."""
    first: dict[Any, int] = {}
    for i, value in enumerate(values):
        hashable = tuple(value) if isinstance(value, list) else value
        same = isinstance(value, bool), hashable
        if first.setdefault(same, i) != i:
            yield in_params(
                f"grid.{key}[{i}]",
                f"is {format_value(value)}, as {key}[{first[same]}] is",
                "remove one",
            )


def misfits(experiment: Experiment, max_candidates: int) -> Iterator[Problem]:
    """Yield what does not go together in an experiment, or is in it twice or too many times."""
    search, n_candidates = experiment.search, experiment.n_candidates
    size = space_size(experiment.grid)
    for key, values in experiment.lists.items():
        yield from _twins(key, values)
    if search == "grid":
        for key, drawn in experiment.distributions.items():
            finding = f"is a distribution, {drawn}, but `search: grid` takes lists"
            yield in_params(
                f"grid.{key}",
                finding,
                "list the values, or set search to random, and n_candidates",
            )
        if n_candidates is not None:
            yield in_params(
                "n_candidates",
                f"is {n_candidates}, but `search: grid` draws none",
                "remove it",
            )
    elif n_candidates is None and (search == "random" or experiment.distributions):
        yield in_params(
            "n_candidates",
            f"is missing, but `search: {search}` draws candidates here",
            "add how many",
        )
    elif (n_candidates or 0) > size:
        finding = f"is {n_candidates}, but the grid has only {size:.0f}"
        yield in_params("n_candidates", finding, f"set it to {size:.0f} or fewer")
    # Candidates without end are not listed.
    if max_candidates < (n_candidates or size) < math.inf:
        finding = f"has {n_candidates or size:,.0f} candidates, more than runtime.max_candidates, {max_candidates:,}"
        remedy = "remove values, draw fewer of them with `search: random` and n_candidates, or raise that limit"
        yield in_params("n_candidates" if n_candidates else "grid", finding, remedy)
    if search == "halving" and "max_epochs" in experiment.grid:
        finding = "is searched, but `search: halving` multiplies max_epochs from stage to stage"
        yield in_params(
            "grid.max_epochs", finding, "remove it, and put the most epochs into fixed"
        )
