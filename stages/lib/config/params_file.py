"""Reads params.yaml and checks it against the schema."""

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from stages.lib.common import UserError, did_you_mean, format_value, place_of
from stages.lib.config import yaml12
from stages.lib.config.cv import misfits as cv_misfits
from stages.lib.config.experiment import Experiment
from stages.lib.config.experiment import misfits as experiment_misfits
from stages.lib.config.problems import sentences, without
from stages.lib.config.schema import PARAMS_FILE, Params
from stages.lib.config.scorers import misplaced_scorers
from stages.lib.config.statistics import misplaced_names, misplaced_rope
from stages.lib.config.training import NO_SETTING, PREFIX, Model, Prepare

# The keys of grids and `fixed` whose values have rules.
_FIELDS = (
    Model.model_fields
    | {"optimizer__lr": Model.model_fields["lr"]}
    | {f"{PREFIX}{key}": field for key, field in Prepare.model_fields.items()}
)


def load_params(path: str | Path = PARAMS_FILE) -> Params:
    """Read and check params.yaml; raises `UserError` with every problem and its place in the file."""
    return params_of(read_content(path), path)


def params_of(content: dict[str, Any], path: str | Path = PARAMS_FILE) -> Params:
    """Return the content of params.yaml as params; raises `UserError` with every problem and its place in the file."""
    params, problems = params_and_problems(content, path)
    if params is None or problems:
        raise UserError(*problems)
    return params


def params_and_problems(content: dict[str, Any], path: str | Path = PARAMS_FILE) -> tuple[Params | None, list[str]]:
    """Return what can be taken for params, and the problems of the content.

    With problems, the params are without the experiments and the values that have some, so that the rest can be checked
    as well; they are None if too little is left.
    """
    problems: list[str] = []
    params: Params | None = None
    try:
        params = Params.model_validate(content)
    except ValidationError as error:
        problems = sentences(error)
        with suppress(ValidationError):
            params = Params.model_validate(without(content, error))
    if params:
        # Nothing is said of what was taken out. Both bounds of a distribution may have the same problem.
        taken_out = tuple(map(place_of, problems))
        if any(place.startswith("experiments.") for place in taken_out):
            taken_out += ("evaluate.keep", "evaluate.use")
        problems += [problem for problem in dict.fromkeys(_misfits(params)) if not problem.startswith(taken_out)]
    return params, [f"{path}: {problem}" for problem in problems]


def read_content(path: str | Path = PARAMS_FILE) -> dict[str, Any]:
    """Return params.yaml as it stands; raises `UserError` if it is missing, empty, or is not YAML."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        if odd := yaml12.odd_sign(text):
            raise UserError(f"{path}: {odd}.")
        content = yaml12.load(text)
    except FileNotFoundError:
        remedy = "Run from the top of the repository, or restore the file: `git checkout params.yaml`."
        raise UserError(f"{path} is missing here. {remedy}") from None
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}. It should be a text file.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start} is not UTF-8. Save the file as UTF-8 text.") from None
    except yaml12.NotYAMLError as error:
        raise UserError(f"{path}: {error}.") from None
    if not isinstance(content, dict):
        remedy = "Restore it: `git checkout params.yaml`."
        raise UserError(f"{path} should have sections, such as `data:` and `model:`, and has none. {remedy}")
    return content


def _misfits(params: Params) -> Iterator[str]:
    """Yield what does not go together, and what breaks a rule in `model`, `prepare` or an experiment."""
    classify, scoring = params.model.classifies, params.cv.scoring
    yield from cv_misfits(params.cv, params.data.target, classify)
    yield from misplaced_scorers(params.cv, classify)
    yield from misplaced_rope(params.statistics, scoring)
    yield from misplaced_names(params.evaluate, params.experiments, params.combines, classify)
    for key, value in params.model:
        yield from _misfit(f"model.{key}", key, value, classify)
    for key, value in params.prepare:
        yield from _misfit(f"prepare.{key}", PREFIX + key, value, classify)
    for name, experiment in params.experiments.items():
        yield from (f"experiments.{name}.{misfit}" for misfit in _misfits_of(experiment, params))


def _misfits_of(experiment: Experiment, params: Params) -> Iterator[str]:
    """Yield the same for an experiment; the sentences begin with the place in it."""
    classify, grid, fixed = params.model.classifies, experiment.grid, experiment.fixed
    yield from experiment_misfits(experiment, params.runtime.max_candidates)
    sections = {"grid": grid, "fixed": fixed, "model": params.model.model_extra or {}}
    homes = [section for section, keys in sections.items() if "optimizer__lr" in keys]
    if "lr" in grid and homes:  # the optimizer's own rate counts
        remedy = "search optimizer__lr, or remove it there"
        yield f"grid.lr has no effect, because optimizer__lr is set in {homes[0]}; {remedy}"
    for key in filter(grid.__contains__, fixed):
        yield f"fixed.{key} has no effect, because the grid varies {key}; remove one of them"
    for key in (*fixed, *grid):
        if key.startswith(PREFIX) and key not in _FIELDS:
            yield f"{'fixed' if key in fixed else 'grid'}.{key} is unknown{did_you_mean(key, _FIELDS)}"
    for key, value in fixed.items():
        yield from _misfit(f"fixed.{key}", key, value, classify)
    for key, values in experiment.lists.items():
        for i, value in enumerate(values):
            yield from _misfit(f"grid.{key}[{i}]", key, value, classify)
    for key, drawn in experiment.distributions.items():
        for i, bound in enumerate((drawn.low, drawn.high)):
            yield from _misfit(f"grid.{key}.{drawn.kind}[{i}]", key, bound, classify)


def _misfit(place: str, key: str, value: Any, classify: bool) -> Iterator[str]:
    """Check one value by the rule of the `model` or `prepare` key that it is for, and against the target."""
    if key == "source":  # of an older version
        remedy = "remove it, and name a net in nets/, as in `module: nets.network.PimaClassifier`"
        yield f"{place} is no key any more; {remedy}"
    elif isinstance(value, dict) and key != "callbacks":
        yield f"{place} is {format_value(value)}: {NO_SETTING}"
    elif error := broken_rule(key, value):
        yield from sentences(error, start=place)
    elif key == "class_weight" and value is not None and not classify:
        trouble = "model.wrapper predicts a number, which has no classes"
        yield f"{place} is {format_value(value)}, but {trouble}; set it to null"
    elif key == f"{PREFIX}target" and value and classify:
        yield f"{place} is {value!r}: a class can't be scaled, only the target of a regression; set it to null"


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
    return TypeAdapter(Annotated[_FIELDS[key].annotation, Field(), *_FIELDS[key].metadata])  # type: ignore[arg-type]
