"""Reads params.yaml and checks it against the schema."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import TypeAdapter, ValidationError

from stages.lib.common import UserError, did_you_mean, format_value
from stages.lib.config import yaml12
from stages.lib.config.column import Column
from stages.lib.config.cv import CV
from stages.lib.config.cv import misfits as cv_misfits
from stages.lib.config.experiment import Experiment
from stages.lib.config.experiment import misfits as experiment_misfits
from stages.lib.config.prepare import PREFIX, Prepare
from stages.lib.config.problems import first_line, sentences, without
from stages.lib.config.schema import PARAMS_FILE, Params, Runtime
from stages.lib.config.scorers import misplaced_scorers
from stages.lib.config.space import Distribution
from stages.lib.config.statistics import Evaluate, Statistics, misplaced_keep, misplaced_rope, misplaced_use
from stages.lib.config.table import Data
from stages.lib.config.training import Model, misplaced_class_weight, misplaced_mapping
from stages.lib.config.yaml_text import likely_cause, odd_sign

# The keys of grids and `fixed` whose values have rules.
_FIELDS = (
    Model.model_fields
    | {"optimizer__lr": Model.model_fields["lr"]}
    | {f"{PREFIX}{key}": field for key, field in Prepare.model_fields.items()}
)

_NOT_A_NUMBER = "a class can't be scaled, only the target of a regression; set it to null"

# The keys of each section, to find what an unknown one is meant for.
_KNOWN = {
    "the top level": Params.model_fields,
    "runtime": Runtime.model_fields,
    "data": Data.model_fields,
    "a column": Column.model_fields,
    "prepare": Prepare.model_fields,
    "cv": CV.model_fields,
    "statistics": Statistics.model_fields,
    "evaluate": Evaluate.model_fields,
    "model": Model.model_fields,
    "an experiment": Experiment.model_fields,
}


def load_params(path: str | Path = PARAMS_FILE) -> Params:
    """Read and check params.yaml.

    Raises
    ------
    UserError
        If the file is missing, is not YAML, or breaks a rule. It lists every problem with its place in the file.
    """
    params, problems = read_params(path)
    if params is None or problems:
        raise UserError(*problems)
    return params


def read_params(path: str | Path = PARAMS_FILE) -> tuple[Params | None, list[str]]:
    """Read params.yaml, and return what can be taken for params, and the problems.

    With problems, the params are without the experiments and the values that have some, so that the rest can be checked
    as well; they are None if too little is left.

    Raises
    ------
    UserError
        If the file is missing or is not YAML.
    """
    content = read_content(path)
    try:
        params, found = Params.model_validate(content), []
    except ValidationError as error:
        found = sentences(error, _KNOWN)
        try:
            params = Params.model_validate(without(content, error))
        except ValidationError:
            params = None
    if params:
        # Both bounds of a distribution may have the same problem. Nothing is told of what has been taken out.
        told = tuple(problem.split()[0] for problem in found)
        if any(place.startswith("experiments.") for place in told):
            told += ("evaluate.keep", "evaluate.use")
        found += [problem for problem in dict.fromkeys(_bad_values(params)) if not problem.startswith(told)]
    return params, [f"{path}: {problem}" for problem in found]


def read_content(path: str | Path = PARAMS_FILE) -> dict[str, Any]:
    """Return params.yaml as it stands; raises `UserError` if it is missing, empty, or is not YAML."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        if odd := odd_sign(text):
            raise UserError(f"{path}: {odd}.")
        content = yaml12.load(text)
    except FileNotFoundError:
        raise UserError(
            f"{path} is missing here. Run from the top of the repository, or restore the file: "
            "`git checkout params.yaml`."
        ) from None
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}. It should be a text file.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start} is not UTF-8. Save the file as UTF-8 text.") from None
    except yaml.YAMLError as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        cause = likely_cause(text, mark.line + 1) if mark else ""
        raise UserError(f"{path}: {cause or f'{first_line(error)}. Fix the YAML there'}.") from None
    except RecursionError:
        raise UserError(f"{path} nests too deeply. Fix the YAML, or restore it: `git checkout params.yaml`.") from None
    if not isinstance(content, dict):
        kind = "empty" if content is None else "a list" if isinstance(content, list) else "text"
        raise UserError(
            f"{path} is {kind}; it should be a valid dictionary, sections such as `data:` and `model:`. Restore it: "
            "`git checkout params.yaml`."
        )
    return content


def _bad_values(params: Params) -> Iterator[str]:
    """Check what goes together, and grids and `fixed` by the rules of the `model` and `prepare` keys that they replace.

    Of a distribution, both bounds are checked.
    """
    classify = params.model.classifies
    yield from cv_misfits(params.cv, params.data.target, classify)
    yield from misplaced_scorers(params.cv, classify)
    yield from misplaced_rope(params.statistics, params.cv.scoring)
    yield from misplaced_keep(params.evaluate, params.experiments, params.combines)
    yield from misplaced_use(params.evaluate, params.experiments, params.combines, classify)
    if problem := misplaced_class_weight(params.model.class_weight, classify):
        yield f"model.class_weight is {format_value(params.model.class_weight)}{problem}"
    for key, value in (params.model.model_extra or {}).items():
        if key in _FIELDS and (error := _broken(key, value)):
            yield from (f"model.{key}{text}" for text in sentences(error, _KNOWN))
    if params.model.classifies and params.prepare.target:
        yield f"prepare.target is {params.prepare.target!r}: {_NOT_A_NUMBER}"
    for name, experiment in params.experiments.items():
        yield from experiment_misfits(name, experiment, params.runtime.max_candidates)
        if "lr" in experiment.grid and (set_in := _optimizers_own_rate(params, experiment)):
            yield (
                f"experiments.{name}.grid.lr has no effect, as optimizer__lr is set in {set_in}; search optimizer__lr, "
                "or remove it there"
            )
        for place, key, value in _placed(experiment):
            problem = misplaced_mapping(key, value)
            if key == "class_weight":
                problem = misplaced_class_weight(value, classify)
            if problem:
                yield f"experiments.{name}.{place} is {format_value(value)}{problem}"
                continue
            if key in _FIELDS:
                if error := _broken(key, value):
                    drawn = experiment.distributions.get(key) if place.startswith("grid.") else None
                    if drawn and any(found["type"] == "int_type" for found in error.errors()):
                        yield _fractions(f"experiments.{name}.grid.{key}", drawn)
                    else:
                        yield from (f"experiments.{name}.{place}{text}" for text in sentences(error, _KNOWN))
                    continue
            elif key.startswith(PREFIX):
                yield f"experiments.{name}.{place} is unknown{did_you_mean(key, _FIELDS)}"
            if key == f"{PREFIX}target" and value and params.model.classifies:
                yield f"experiments.{name}.{place} is {value!r}: {_NOT_A_NUMBER}"


def _broken(key: str, value: Any) -> ValidationError | None:
    """Return by what a value breaks the rule of its key, or None."""
    try:
        _rule(key).validate_python(value, strict=True)
    except ValidationError as error:
        return error
    return None


@cache
def _rule(key: str) -> TypeAdapter[Any]:
    return TypeAdapter(Annotated[_FIELDS[key].annotation, _FIELDS[key]])  # type: ignore[arg-type]


def _optimizers_own_rate(params: Params, experiment: Experiment) -> str:
    """Return which section sets the optimizer's own learning rate, which counts where it is set."""
    sections = {"grid": experiment.grid, "fixed": experiment.fixed, "model": params.model.model_dump()}
    return next((name for name, section in sections.items() if "optimizer__lr" in section), "")


def _fractions(place: str, drawn: Distribution) -> str:
    whole = "logint" if drawn.logarithmic else "int"
    return f"{place} is {drawn}, but its numbers are whole; write {whole} in place of {drawn.kind}"


def _placed(experiment: Experiment) -> Iterator[tuple[str, str, Any]]:
    """Yield an experiment's values with their places and keys."""
    for key, value in experiment.fixed.items():
        yield f"fixed.{key}", key, value
    for key, values in experiment.grid.items():
        place = f"grid.{key}"
        if isinstance(values, Distribution):
            place, values = f"{place}.{values.kind}", [values.low, values.high]
        for i, value in enumerate(values):
            yield f"{place}[{i}]", key, value
