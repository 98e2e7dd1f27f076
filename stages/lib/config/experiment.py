"""One experiment: what is searched, how, and what stays `fixed` meanwhile."""

import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, PlainSerializer, PlainValidator, Tag

from stages.lib.common import Problem, format_value, in_params
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


def _twins(key: str, values: list[Any]) -> Iterator[Problem]:
    """Yield which values of a list are in it already; 1 and 1.0 are the same, but 1 and true are not."""
    first: dict[Any, int] = {}
    for i, value in enumerate(values):
        same = isinstance(value, bool), tuple(value) if isinstance(value, list) else value
        if first.setdefault(same, i) != i:
            yield in_params(f"grid.{key}[{i}]", f"is {format_value(value)}, as {key}[{first[same]}] is", "remove one")


def misfits(experiment: Experiment, max_candidates: int) -> Iterator[Problem]:
    """Yield what does not go together in an experiment, or is in it twice or too many times."""
    search, n_candidates, lists = experiment.search, experiment.n_candidates, experiment.lists
    for key, values in lists.items():
        yield from _twins(key, values)
    raise_it = f"or raise runtime.max_candidates, which is {max_candidates:,}"
    size = space_size(experiment.grid)
    if (n_candidates or 0) > max_candidates:
        yield in_params("n_candidates", f"is {n_candidates:,}, more than a search may have", f"lower it, {raise_it}")
    elif n_candidates is None and max_candidates < size < math.inf:  # which are not listed for that
        remedy = f"remove values, draw some of them with `search: random` and n_candidates, {raise_it}"
        yield in_params("grid", f"has {size:,.0f} candidates, more than a search may have", remedy)
    if search == "grid":
        if n_candidates is not None:
            finding = f"is {n_candidates}, but `search: grid` trains every candidate of the lists"
            yield in_params("n_candidates", finding, "remove it, or set search to random")
        for key, drawn in experiment.distributions.items():
            remedy = "set search to random and n_candidates to how many to draw, or list the values"
            yield in_params(f"grid.{key}", f"is a distribution, {drawn}, but `search: grid` takes lists", remedy)
        return
    if n_candidates is None:
        if search == "random" or experiment.distributions:
            why = "draws candidates" if search == "random" else "draws them where the grid has a distribution"
            yield in_params("n_candidates", f"is missing, but `search: {search}` {why}", "add how many")
    elif n_candidates > size:
        remedy = f"set it to {size:.0f} or fewer{'' if experiment.distributions else ', or search to grid'}"
        yield in_params("n_candidates", f"is {n_candidates}, but the grid has only {size:.0f}", remedy)
    if search == "halving" and "max_epochs" in experiment.grid:
        finding = "is searched, but `search: halving` multiplies max_epochs from stage to stage"
        yield in_params("grid.max_epochs", finding, "remove it, and put the most epochs into fixed")
