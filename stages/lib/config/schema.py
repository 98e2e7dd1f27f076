"""The sections of params.yaml as typed objects, with the rules for each key.

No rule here needs torch. `stages.lib.model` checks the rest with torch: names, and the parameters of modules and
optimizers.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from stages.lib.common import UserError, did_you_mean
from stages.lib.config.cv import CV
from stages.lib.config.experiment import Experiment
from stages.lib.config.prepare import Prepare
from stages.lib.config.statistics import (
    ANSWER,
    COMBINED,
    OF_CLASSES,
    OF_NUMBERS,
    ROPE,
    SIMPLEST,
    STARTING_POINT,
    WINNER,
    Evaluate,
    Statistics,
)
from stages.lib.config.table import Data, Section
from stages.lib.config.training import Model

PARAMS_FILE = "params.yaml"


def _not_zero(value: int) -> int:
    if value == 0:
        raise ValueError("it should be 1 or more, or -1 for all cores")
    return value


# Names that the charts and the evaluation use for other things than experiments.
_TAKEN = {
    *(ANSWER, COMBINED, SIMPLEST, STARTING_POINT, WINNER, *OF_CLASSES, *OF_NUMBERS),
    *("answer_diagnostics", "baselines", "curves", "diagnostics", "evaluation", "importance", "inputs"),
    *("kept", "kept_brier", "leaderboard"),
}


def _of_a_file(name: str) -> str:
    # A name is part of files' names, of DVC's stages, and an argument on the command line.
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}", name):
        raise ValueError(
            "an experiment's name has letters from a to z, digits, - and _ only, not - first, and at most 100 of them; "
            "rename it"
        )
    return name


def _not_taken(name: str) -> str:
    if name in _TAKEN:
        raise ValueError("the charts or the evaluation use this name for something else; choose another name")
    return name


Name = Annotated[str, AfterValidator(_of_a_file), AfterValidator(_not_taken)]

# numpy takes no larger seed.
_LARGEST_SEED = 2**32 - 1


class Runtime(Section):
    """How a search runs; scores do not depend on it."""

    n_jobs: Annotated[int, Field(ge=-1), AfterValidator(_not_zero)] = 1
    backend: Literal["loky", "dask"] = "loky"
    dask_scheduler: str | None = None
    max_memory_mb: int = Field(default=2048, ge=512)
    max_candidates: int = Field(default=10_000, ge=1, le=1_000_000)


class Params(Section):
    """The whole of params.yaml."""

    seed: int = Field(ge=0, le=_LARGEST_SEED)
    engine: Literal["lockstep", "one-by-one"] = "lockstep"
    runtime: Runtime = Runtime()
    data: Data
    prepare: Prepare
    cv: CV
    statistics: Statistics
    evaluate: Evaluate
    model: Model
    experiments: Annotated[dict[Name, Experiment], Field(min_length=1)]

    @property
    def rope(self) -> float:
        """The region of practical equivalence, in the unit of `cv.scoring`."""
        return ROPE if self.statistics.rope is None else self.statistics.rope

    @property
    def combines(self) -> bool:
        """Whether there is a combined setting: of two grids or more, as other searches are over everything at once."""
        return sum(experiment.search == "grid" for experiment in self.experiments.values()) > 1

    def experiment(self, name: str) -> Experiment:
        """Return the experiment called `name`; raises `UserError` if there is none."""
        if name not in self.experiments:
            raise UserError(
                f"{PARAMS_FILE}: experiments has no {name!r}{did_you_mean(name, self.experiments) or '.'} "
                f"It has: {', '.join(self.experiments)}."
            )
        return self.experiments[name]


# The scorers whose values are in the target's unit, and in its square.
_IN_UNIT = {
    "neg_max_error",
    "neg_mean_absolute_error",
    "neg_median_absolute_error",
    "neg_root_mean_squared_error",
}
_IN_SQUARE = {"neg_mean_squared_error"}


def unit_of_score(params: Params) -> str:
    """Return the unit of the score, or "" if it has none or the target's is unknown."""
    unit = params.data.columns[params.data.target].unit
    if params.cv.scoring in _IN_SQUARE and unit:
        return f"({unit})²" if " " in unit else f"{unit}²"
    return unit if params.cv.scoring in _IN_UNIT else ""


def rope_of(params: Params) -> str:
    """Return the region of practical equivalence with its unit."""
    return f"{params.rope:g} {unit_of_score(params)}".rstrip()
