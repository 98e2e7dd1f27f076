"""The whole of params.yaml as a typed object; `gridstage.model` checks with torch what its names stand for."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field

from gridstage.common import UserError, did_you_mean, in_params
from gridstage.config.cv import CV
from gridstage.config.experiment import Experiment
from gridstage.config.statistics import RESERVED, Evaluate, Statistics
from gridstage.config.table import Data, Section, rule
from gridstage.config.training import Model, Prepare

# Names that the charts and the evaluation use for other things than experiments.
_TAKEN = {
    *RESERVED,
    *(
        "answer_diagnostics",
        "baselines",
        "curves",
        "diagnostics",
        "evaluation",
        "importance",
        "inputs",
    ),
    *("kept", "kept_brier", "leaderboard", "thresholds"),
}

Name = Annotated[
    str,
    # It is part of files' names, of DVC's stages, and an argument on the command line.
    rule(
        re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}").fullmatch,
        "a name has letters from A to Z, digits, - and _, at most 100, and does not begin with -",
    ),
    rule(
        lambda name: name not in _TAKEN,
        "the evaluation uses this name for something else; choose another one",
    ),
]


class Runtime(Section):
    """How a search runs; scores do not depend on it."""

    n_jobs: Annotated[
        int, Field(ge=-1), rule(bool, "it should be 1 or more, or -1 for all cores")
    ] = 1
    """How many jobs a search runs at once, as far as cores and memory allow: threads for nets of the kernel, processes
    for others. -1 is one for each core."""
    backend: Literal["loky", "dask"] = "loky"
    """loky runs the jobs on this machine, dask on all workers of a cluster."""
    dask_scheduler: str | None = None
    """The address of the cluster, such as tcp://127.0.0.1:8786; null starts a cluster on this machine."""
    dask_timeout: int = Field(default=60, ge=1, le=86_400)
    """How many seconds a search waits for a scheduler, or for workers once all are gone, before it ends with an error.
    """
    max_memory_mb: int | None = Field(default=None, ge=512)
    """The memory limit in MiB that the processes of a search share; of a cluster with an address, the limit of each
    worker. A process needs 512, so a lower limit means fewer jobs. null is half of what is free."""
    max_candidates: int = Field(default=10_000, ge=1, le=1_000_000)
    """The most candidates of a search; a larger grid is refused."""


class Params(Section):
    """The whole of params.yaml."""

    seed: int = Field(ge=0, le=2**32 - 1)  # numpy takes no larger one
    """The seed of all random numbers: initial weights, dropout masks, shuffles. A whole number, 0 to 4294967295."""
    engine: Literal["lockstep", "one-by-one"] = "lockstep"
    """lockstep trains all nets of a grid at once; one-by-one, the reference, fits each alone, and its last digits
    depend on the processor."""
    runtime: Runtime = Runtime()
    """How searches run. No score depends on these keys."""
    data: Data
    """The table: where it is, how it is written, and what its columns contain."""
    prepare: Prepare
    """What prepares the rows for a net; it is fitted on the training rows of each split. Grids and `fixed` set
    `prepare__scale` and so on."""
    cv: CV
    """How rows are split into folds, and what scores them."""
    statistics: Statistics
    """How scores are judged. A change here trains no search again."""
    evaluate: Evaluate
    """What the evaluation keeps and saves. A change here trains no search again."""
    model: Model
    """The settings that every experiment starts from; its `fixed` overrides them, and its `grid` varies them. The keys
    are skorch's parameter names. `Adam` is torch.optim.Adam; a name with a dot is imported, your own from nets/, where
    any change makes all searches run again."""
    experiments: Annotated[dict[Name, Experiment], Field(min_length=1)]
    """Each block is a search, with the keys `search`, `n_candidates`, `grid` and `fixed`."""

    @property
    def rope(self) -> float:
        """The region of practical equivalence, in the unit of `cv.scoring`."""
        return self.statistics.rope_or_default

    @property
    def combines(self) -> bool:
        """Whether there is a combined setting: of two grids or more, because other searches are over everything."""
        return (
            sum(experiment.search == "grid" for experiment in self.experiments.values())
            > 1
        )

    def experiment(self, name: str) -> Experiment:
        """Return the experiment called `name`; raises `UserError` if there is none."""
        if name not in self.experiments:
            finding = f"has no {name!r}{did_you_mean(name, self.experiments)}"
            raise UserError(
                in_params(
                    "experiments", finding, f"It has: {', '.join(self.experiments)}."
                )
            )
        return self.experiments[name]

    def settings(self, name: str) -> dict[str, Any]:
        """Return what an experiment starts from: `model`, overridden by its `fixed`."""
        return self.model.model_dump() | self.experiment(name).fixed

    def place(self, name: str, key: str) -> str:
        """Return where a setting stands that an experiment does not search: in its `fixed`, or in `model`."""
        return (
            f"experiments.{name}.fixed.{key}"
            if key in self.experiment(name).fixed
            else f"model.{key}"
        )


# The scorers whose values are in the target's unit, and the one in its square.
_IN_UNIT = {
    "neg_max_error",
    "neg_mean_absolute_error",
    "neg_median_absolute_error",
    "neg_root_mean_squared_error",
}
_IN_SQUARE = "neg_mean_squared_error"


def unit_of_score(params: Params) -> str:
    """Return the unit of the score, or "" if it has none or the target's is unknown."""
    unit, scoring = params.data.columns[params.data.target].unit, params.cv.scoring
    if scoring == _IN_SQUARE and unit:
        return f"({unit})²" if " " in unit else f"{unit}²"
    return unit if scoring in _IN_UNIT else ""


def rope_of(params: Params) -> str:
    """Return the region of practical equivalence with its unit."""
    return f"{params.rope:g} {unit_of_score(params)}".rstrip()
