"""The sections of params.yaml as typed objects, with the rules for each key.

No rule here needs torch. `stages.lib.model` checks the rest with torch: names, and the parameters of modules and
optimizers.
"""

from itertools import product
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from stages.lib.common import UserError, did_you_mean
from stages.lib.config.column import Column, Section

PARAMS_FILE = "params.yaml"


def _scalar(value: Any) -> Any:
    """Reject values that can't be settings: mappings, and lists of anything but numbers."""
    items = value if isinstance(value, list) else [value]
    kinds = (int, float) if isinstance(value, list) else (bool, int, float, str, type(None))
    if not all(isinstance(item, kinds) for item in items):
        raise ValueError("it should be a number, true, false, null, a name, or a list of numbers")
    return value


def _new_name(engine: Any) -> Any:
    """Refuse the names that the engines had, with the new ones."""
    renamed = {"vmap": "lockstep", "sklearn": "one-by-one"}
    if engine in renamed:
        raise ValueError(f"it is called {renamed[engine]} now")
    return engine


def _not_zero(value: int) -> int:
    if value == 0:
        raise ValueError("it should be 1 or more, or -1 for all cores")
    return value


# Names that the charts and the evaluation use for other things than experiments.
_TAKEN = (
    "combined",
    "evaluation",
    "leaderboard",
    "linear_regression",
    "logistic_regression",
    "majority_class",
    "mean",
    "starting_point",
)


def _not_taken(name: str) -> str:
    if name in _TAKEN:
        raise ValueError("the charts or the evaluation use this name for something else; choose another name")
    return name


Name = Annotated[str, Field(pattern="^[A-Za-z0-9_-]+$"), AfterValidator(_not_taken)]
Value = Annotated[Any, AfterValidator(_scalar)]
Settings = dict[str, Value]
Grid = dict[str, Annotated[list[Value], Field(min_length=1)]]


class Data(Section):
    """The CSV: where it is, what it contains, and how a search uses it."""

    path: str
    url: str | None = None
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    header: bool = False
    target: str
    columns: Annotated[dict[str, Column], Field(min_length=1)]
    scale: Literal["standard"] | None = None
    sample: float = Field(default=1.0, gt=0, le=1)

    @model_validator(mode="after")
    def _target_and_columns(self) -> "Data":
        if self.target not in self.columns:
            raise ValueError(
                f"the target {self.target!r} is not one of its columns{did_you_mean(self.target, self.columns)}"
            )
        for name, column in self.columns.items():
            if column.classes is not None and name != self.target:
                raise ValueError(f"classes belong to the target, {self.target!r}; remove them from column {name!r}")
        if not self.header and len(self.columns) < 2:
            raise ValueError("without a header, columns should list every column of the file, two or more")
        return self

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the target's classes; empty if the classes are numbers or the target has none."""
        return tuple(self.columns[self.target].classes or ())


class CV(Section):
    """The folds and the score."""

    n_splits: int = Field(ge=2)
    n_repeats: int = Field(default=10, ge=1)
    shuffle: bool = False
    scoring: str = "accuracy"


class Runtime(Section):
    """How a search runs; scores do not depend on it."""

    n_jobs: Annotated[int, Field(ge=-1), AfterValidator(_not_zero)] = 1
    backend: Literal["loky", "dask"] = "loky"
    dask_scheduler: str | None = None
    max_memory_mb: int = Field(default=2048, ge=512)


class Model(Section):
    """The settings that every experiment starts from. Further keys are skorch's, such as `module__n_neurons`."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Value]

    wrapper: str = "NeuralNetClassifier"
    module: str
    # For DVC and the checks only. It is not a setting of the net, so dumps leave it out.
    source: str = Field(exclude=True)
    criterion: str
    optimizer: str
    lr: float = Field(gt=0)
    max_epochs: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    train_split: Annotated[int, Field(ge=2)] | None = 5
    device: str = "cpu"

    @property
    def classifies(self) -> bool:
        """Whether the target is a class; the names of skorch's regressors end in `Regressor`."""
        return not self.wrapper.endswith("Regressor")


class Experiment(Section):
    """A grid to search, and the settings that are `fixed` meanwhile; both override `model`."""

    grid: Annotated[Grid, Field(min_length=1)]
    fixed: Settings = Field(default={})


class Params(Section):
    """The whole of params.yaml."""

    seed: int = Field(ge=0)
    engine: Annotated[Literal["lockstep", "one-by-one"], BeforeValidator(_new_name)] = "lockstep"
    runtime: Runtime = Runtime()
    data: Data
    cv: CV
    model: Model
    experiments: Annotated[dict[Name, Experiment], Field(min_length=1)]

    def experiment(self, name: str) -> Experiment:
        """Return the experiment called `name`; raises `UserError` if there is none."""
        if name not in self.experiments:
            raise UserError(
                f"{PARAMS_FILE}: experiments has no {name!r}{did_you_mean(name, self.experiments) or '.'} "
                f"It has: {', '.join(self.experiments)}."
            )
        return self.experiments[name]


def candidates(grid: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """List a grid's candidates in scikit-learn's order: keys sorted, the last one varying fastest."""
    keys = sorted(grid)
    return [dict(zip(keys, values, strict=True)) for values in product(*(grid[key] for key in keys))]
