"""One experiment: what is searched, how, and what stays `fixed` meanwhile."""

import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, PlainSerializer, PlainValidator, Tag

from stages.lib.common import format_value
from stages.lib.config.space import Distribution, all_candidates, drawn_candidates, space_size, to_distribution
from stages.lib.config.table import Section
from stages.lib.config.training import Settings, Value


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
    """A search, and the settings that are `fixed` meanwhile; its `grid` and `fixed` override `model` and `prepare`.

    `search: grid` trains every candidate of the lists; `random` draws some of them, also from distributions; `halving`
    trains all for a few epochs first, and only the best for more. `n_candidates` is how many are drawn; with
    `search: grid`, and if halving begins with the whole grid, none are.
    """

    # Dumps leave out what is not in use, as the file may.
    search: Literal["grid", "random", "halving"] = Field(default="grid", exclude_if=lambda value: value == "grid")
    n_candidates: Annotated[int, Field(ge=1)] | None = Field(default=None, exclude_if=lambda value: value is None)
    grid: Annotated[Grid, Field(min_length=1)]
    fixed: Settings = Field(default={})

    @property
    def lists(self) -> dict[str, list[Any]]:
        """The lists of the grid, by key; with `search: grid`, that is all of it."""
        return {key: values for key, values in self.grid.items() if isinstance(values, list)}

    @property
    def distributions(self) -> dict[str, Distribution]:
        """The distributions of the grid, by key."""
        return {key: values for key, values in self.grid.items() if isinstance(values, Distribution)}

    def candidates(self, seed: int) -> list[dict[str, Any]]:
        """List the candidates in the order of every table: of lists in scikit-learn's order, or as they are drawn."""
        if self.n_candidates is not None:
            return drawn_candidates(self.grid, self.n_candidates, seed)
        return all_candidates(self.lists)


def _twins(key: str, values: list[Any]) -> Iterator[str]:
    """Yield which values of a list are in it already; 1 and 1.0 are the same, but 1 and true are not."""
    first: dict[Any, int] = {}
    for i, value in enumerate(values):
        same = isinstance(value, bool), tuple(value) if isinstance(value, list) else value
        if first.setdefault(same, i) != i:
            yield f"grid.{key}[{i}] is {format_value(value)}, as {key}[{first[same]}] is; remove one"


def _too_many(experiment: Experiment, most: int) -> Iterator[str]:
    """Yield a sentence if there are more candidates than `runtime.max_candidates`; they are not listed for that."""
    way_out = f"or raise runtime.max_candidates, which is {most:,}"
    if (n_drawn := experiment.n_candidates) is not None:
        if n_drawn > most:
            yield f"n_candidates is {n_drawn:,}, more than a search may have; lower it, {way_out}"
    elif not experiment.distributions and (size := math.prod(map(len, experiment.lists.values()))) > most:
        remedy = "remove values, draw some of them with `search: random` and n_candidates"
        yield f"grid has {size:,} candidates, more than a search may have; {remedy}, {way_out}"


def misfits(experiment: Experiment, max_candidates: int) -> Iterator[str]:
    """Yield what does not go together in an experiment, or is in it twice or too many times, as sentences."""
    search, n_candidates = experiment.search, experiment.n_candidates
    for key, values in experiment.lists.items():
        yield from _twins(key, values)
    yield from _too_many(experiment, max_candidates)
    if search == "grid":
        if n_candidates is not None:
            remedy = "remove it, or set search to random"
            yield f"n_candidates is {n_candidates}, but `search: grid` trains every candidate of the lists; {remedy}"
        for key, drawn in experiment.distributions.items():
            remedy = "set search to random and n_candidates to how many to draw, or list the values"
            yield f"grid.{key} is a distribution, {drawn}, but `search: grid` takes lists; {remedy}"
        return
    if n_candidates is None:
        if search == "random":
            yield "n_candidates is missing, but `search: random` draws candidates; add how many"
        for key, drawn in experiment.distributions.items() if search == "halving" else ():
            yield f"n_candidates is missing, but grid.{key} is a distribution, {drawn}; add how many to draw"
    elif n_candidates > (size := space_size(experiment.grid)):
        remedy = f"set it to {size:.0f} or fewer{'' if experiment.distributions else ', or search to grid'}"
        yield f"n_candidates is {n_candidates}, but the grid has only {size:.0f}; {remedy}"
    if search == "halving" and "max_epochs" in experiment.grid:
        remedy = "remove it, and put the most epochs into fixed"
        yield f"grid.max_epochs is searched, but `search: halving` multiplies max_epochs from stage to stage; {remedy}"
