"""Reads params.yaml and checks it against the schema."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from gridstage.common import (
    PARAMS_FILE,
    Problem,
    UserError,
    did_you_mean,
    format_value,
    in_params,
)
from gridstage.config import yaml12
from gridstage.config.aside.problems import problems_of
from gridstage.config.cv import misfits as cv_misfits
from gridstage.config.experiment import Experiment
from gridstage.config.experiment import misfits as experiment_misfits
from gridstage.config.schema import Params
from gridstage.config.statistics import (
    misplaced_costs,
    misplaced_names,
    misplaced_rope,
)
from gridstage.config.table import misfits as table_misfits
from gridstage.config.training import NO_SETTING, PREFIX, Model, Prepare

# The keys of grids and `fixed` whose values have rules.
_FIELDS = (
    Model.model_fields
    | {"optimizer__lr": Model.model_fields["lr"]}
    | {f"{PREFIX}{key}": field for key, field in Prepare.model_fields.items()}
)


def load_params(path: str | Path = PARAMS_FILE) -> Params:
    """Read and check params.yaml.

    Parameters
    ----------
    path : str or Path, optional
        Another file of this kind.

    Returns
    -------
    Params
        The whole file as an object with types.

    Raises
    ------
    UserError
        With every problem, and its place in the file.

    Examples
    --------
    >>> params = load_params()
    >>> params.cv.scoring, list(params.experiments)
    ('accuracy', ['dropout', 'neurons'])
    """
    return params_of(read_content(path), path)


def params_of(content: dict[str, Any], path: str | Path = PARAMS_FILE) -> Params:
    """Return the content of params.yaml as params; raises `UserError` with every problem and its place in the file.

    What does not go together is looked at once each value is one that its key can have.
    """
    try:
        params = Params.model_validate(content)
        problems = list(
            dict.fromkeys(_misfits(params))
        )  # both bounds of a distribution may have the same one
    except ValidationError as error:
        problems = problems_of(error)
    if problems:
        raise UserError(*(replace(problem, file=str(path)) for problem in problems))
    return params


def read_content(path: str | Path = PARAMS_FILE) -> dict[str, Any]:
    """Return params.yaml as it stands; raises `UserError` if it is missing, empty, or is not YAML."""
    file = str(path)
    try:
        content = yaml12.load(Path(path).read_text(encoding="utf-8"), file)
    except FileNotFoundError:
        remedy = "Run in the folder of a project, or restore the file: `git checkout params.yaml`."
        raise UserError(Problem("is missing here", remedy, file)) from None
    if not isinstance(content, dict):
        finding = "should have sections, such as `data:` and `model:`, and has none"
        raise UserError(
            Problem(finding, "Restore it: `git checkout params.yaml`.", file)
        )
    return content


def _misfits(params: Params) -> Iterator[Problem]:
    """Yield what does not go together, and what breaks a rule in `model`, `prepare` or an experiment."""
    classify, scoring = params.model.classifies, params.cv.scoring
    yield from table_misfits(params.data)
    yield from cv_misfits(params.cv, classify)
    yield from misplaced_rope(params.statistics, scoring)
    yield from misplaced_names(
        params.evaluate, params.experiments, params.combines, classify
    )
    yield from misplaced_costs(params.evaluate, classify, len(params.data.labels))
    for key, value in params.model:
        yield from _misfit(f"model.{key}", key, value, classify)
    for key, value in params.prepare:
        yield from _misfit(f"prepare.{key}", PREFIX + key, value, classify)
    for name, experiment in params.experiments.items():
        for problem in _misfits_of(experiment, params):
            yield replace(problem, key=f"experiments.{name}.{problem.key}")


def _misfits_of(experiment: Experiment, params: Params) -> Iterator[Problem]:
    """Yield the same for an experiment, with keys of its own."""
    classify, grid, fixed = params.model.classifies, experiment.grid, experiment.fixed
    yield from experiment_misfits(experiment, params.runtime.max_candidates)
    sections = {"grid": grid, "fixed": fixed, "model": params.model.model_extra or {}}
    homes = [section for section, keys in sections.items() if "optimizer__lr" in keys]
    if "lr" in grid and homes:  # the optimizer's own rate counts
        finding = f"has no effect, because optimizer__lr is set in {homes[0]}"
        yield in_params("grid.lr", finding, "search optimizer__lr, or remove it there")
    for key in filter(grid.__contains__, fixed):
        yield in_params(
            f"fixed.{key}",
            f"has no effect, because the grid varies {key}",
            "remove one of them",
        )
    for key in (*fixed, *grid):
        if key.startswith(PREFIX) and key not in _FIELDS:
            yield in_params(
                f"{'fixed' if key in fixed else 'grid'}.{key}",
                f"is unknown{did_you_mean(key, _FIELDS)}",
            )
    for key, value in fixed.items():
        yield from _misfit(f"fixed.{key}", key, value, classify)
    for key, values in experiment.lists.items():
        for i, value in enumerate(values):
            yield from _misfit(f"grid.{key}[{i}]", key, value, classify)
    for key, drawn in experiment.distributions.items():
        for i, bound in enumerate((drawn.low, drawn.high)):
            yield from _misfit(f"grid.{key}.{drawn.kind}[{i}]", key, bound, classify)


def _misfit(place: str, key: str, value: Any, classify: bool) -> Iterator[Problem]:
    """Check one value by the rule of the `model` or `prepare` key that it is for, and against the target."""
    finding = f"is {format_value(value)}"
    if isinstance(value, dict) and key != "callbacks":
        yield in_params(place, finding, NO_SETTING)
    elif error := broken_rule(key, value):
        yield from problems_of(error, start=place)
    elif key == "class_weight" and value is not None and not classify:
        yield in_params(
            place,
            f"{finding}, but model.wrapper predicts a number, which has no classes",
            "set it to null",
        )
    elif key == f"{PREFIX}target" and value and classify:
        remedy = (
            "a class can't be scaled, only the target of a regression; set it to null"
        )
        yield in_params(place, finding, remedy)


def broken_rule(key: str, value: Any) -> ValidationError | None:
    """Return by what a value breaks the rule of its key; None if it breaks none."""
    try:
        if key in _FIELDS:
            _rule(key).validate_python(value, strict=True)
    except ValidationError as error:
        return error
    return None


@cache
def _rule(key: str) -> TypeAdapter[Any]:
    # Its limits alone: whether a dump of the section has the key does not matter here.
    key_type, limits = _FIELDS[key].annotation, _FIELDS[key].metadata
    return TypeAdapter(Annotated[key_type, Field(), *limits])  # type: ignore[arg-type]
