"""params.yaml as typed, checked objects.

What can be said without torch is checked here; `candidates.check_candidates` asks torch about the rest (names, and
what a module or an optimizer takes).
"""

from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from stages.lib import yaml12
from stages.lib.column import Column, Section
from stages.lib.errors import UserError, did_you_mean
from stages.lib.findings import first_line, sentences

PARAMS_FILE = "params.yaml"


def _scalar(value: Any) -> Any:
    """Refuse what is no setting: a mapping, or a list of anything but numbers."""
    items = value if isinstance(value, list) else [value]
    kinds = (int, float) if isinstance(value, list) else (bool, int, float, str, type(None))
    if not all(isinstance(item, kinds) for item in items):
        raise ValueError("it should be a number, true, false, null, a name, or a list of numbers")
    return value


def _not_zero(value: int) -> int:
    if value == 0:
        raise ValueError("it should be 1 or more, or -1 for all cores")
    return value


# What stands beside the experiments in the charts and in the evaluation.
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
        raise ValueError("something else is called so in the charts or the evaluation; choose another name")
    return name


Name = Annotated[str, Field(pattern="^[A-Za-z0-9_-]+$"), AfterValidator(_not_taken)]
Value = Annotated[Any, AfterValidator(_scalar)]
Settings = dict[str, Value]
Grid = dict[str, Annotated[list[Value], Field(min_length=1)]]


class Data(Section):
    """The CSV: where it is, what stands in it, and how a search uses it."""

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
                f"the target {self.target!r} is none of its columns{did_you_mean(self.target, self.columns)}"
            )
        for name, column in self.columns.items():
            if column.classes is not None and name != self.target:
                raise ValueError(f"classes belong to the target, {self.target!r}; take them from column {name!r}")
        if not self.header and len(self.columns) < 2:
            raise ValueError("without a header, columns should list every column of the file, two or more")
        return self

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the target's classes, empty where they are the numbers 0, 1, … or it has none."""
        return tuple(self.columns[self.target].classes or ())


class CV(Section):
    """The folds and the score."""

    n_splits: int = Field(ge=2)
    n_repeats: int = Field(default=10, ge=1)
    shuffle: bool = False
    scoring: str = "accuracy"


class Runtime(Section):
    """How a search is carried out; no score depends on it."""

    n_jobs: Annotated[int, Field(ge=-1), AfterValidator(_not_zero)] = 1
    backend: Literal["loky", "dask"] = "loky"
    dask_scheduler: str | None = None
    max_memory_mb: int = Field(default=2048, ge=512)


class Model(Section):
    """What every experiment starts from. Further keys are skorch's own, such as `module__n_neurons`."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Value]

    wrapper: str = "NeuralNetClassifier"
    module: str
    # DVC's and the checks' alone: no setting of a net, so it is left out where those are listed.
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
        """Whether the target is a class; a skorch regressor says so in its name."""
        return not self.wrapper.endswith("Regressor")


class Experiment(Section):
    """A grid to search, and what is `fixed` meanwhile (it overrides `model`)."""

    grid: Annotated[Grid, Field(min_length=1)]
    fixed: Settings = Field(default={})


class Params(Section):
    """The whole of params.yaml."""

    seed: int = Field(ge=0)
    engine: Literal["vmap", "sklearn"] = "vmap"
    runtime: Runtime = Runtime()
    data: Data
    cv: CV
    model: Model
    experiments: Annotated[dict[Name, Experiment], Field(min_length=1)]

    def experiment(self, name: str) -> Experiment:
        """Return the experiment called `name`; raises `UserError` where there is none."""
        if name not in self.experiments:
            raise UserError(
                f"{PARAMS_FILE}: experiments has no {name!r}{did_you_mean(name, self.experiments) or '.'} "
                f"It has: {', '.join(self.experiments)}."
            )
        return self.experiments[name]


_KEYS = {name for section in (Params, Runtime, Data, CV, Column, Experiment) for name in section.model_fields}


def load_params(path: str | Path = PARAMS_FILE) -> Params:
    """Read and check params.yaml.

    Raises
    ------
    UserError
        Where the file is missing, is no YAML, or breaks a rule. It names every problem with its place in the file.
    """
    try:
        content = yaml12.load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is missing here. Run from the top of the repository.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start} is no UTF-8. Save the file as UTF-8 text.") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path}: {first_line(error)}. Mend the YAML there.") from None
    try:
        params = Params.model_validate(content)
    except ValidationError as error:
        raise UserError("\n".join(f"{path}: {problem}" for problem in sentences(error, _KEYS))) from None
    if problems := list(_bad_values(params)):
        raise UserError("\n".join(f"{path}: {problem}" for problem in problems))
    return params


def candidates(grid: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """List a grid's candidates in scikit-learn's order: keys sorted, the last one varying fastest."""
    keys = sorted(grid)
    return [dict(zip(keys, values, strict=True)) for values in product(*(grid[key] for key in keys))]


def _bad_values(params: Params) -> Any:
    """Hold the values of grids and `fixed` to the rules of the `model` keys that they stand for."""
    for name, experiment in params.experiments.items():
        listed = [(f"fixed.{key}", key, value) for key, value in experiment.fixed.items()]
        for key, values in experiment.grid.items():
            listed += [(f"grid.{key}[{i}]", key, value) for i, value in enumerate(values)]
        for place, key, value in listed:
            if key in Model.model_fields:
                field = Model.model_fields[key]
                rule = TypeAdapter[Any](Annotated[field.annotation, field])  # type: ignore[arg-type]
                try:
                    rule.validate_python(value, strict=True)
                except ValidationError as error:
                    yield from (f"experiments.{name}.{place}{text}" for text in sentences(error, _KEYS))
