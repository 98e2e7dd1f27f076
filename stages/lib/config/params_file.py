"""Reads params.yaml and checks it against the schema."""

from collections.abc import Iterator
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
from stages.lib.config.problems import first_line, sentences
from stages.lib.config.schema import PARAMS_FILE, Params, Runtime
from stages.lib.config.scorers import misplaced_scorers
from stages.lib.config.space import Distribution
from stages.lib.config.statistics import Evaluate, Statistics, misplaced_keep, misplaced_rope
from stages.lib.config.table import Data
from stages.lib.config.training import Model, misplaced_class_weight, misplaced_mapping

# The keys of grids and `fixed` whose values have rules.
_FIELDS = Model.model_fields | {f"{PREFIX}{key}": field for key, field in Prepare.model_fields.items()}

_NOT_A_NUMBER = "a class can't be scaled, only the target of a regression; set it to null"

_SECTIONS = (Params, Runtime, Data, Prepare, CV, Statistics, Evaluate, Column, Experiment)
_KEYS = {name for section in _SECTIONS for name in section.model_fields}


def load_params(path: str | Path = PARAMS_FILE) -> Params:
    """Read and check params.yaml.

    Raises
    ------
    UserError
        If the file is missing, is not YAML, or breaks a rule. It lists every problem with its place in the file.
    """
    try:
        content = yaml12.load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is missing here. Run from the top of the repository.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start} is not UTF-8. Save the file as UTF-8 text.") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path}: {first_line(error)}. Fix the YAML there.") from None
    try:
        params = Params.model_validate(content)
    except ValidationError as error:
        raise UserError(*(f"{path}: {problem}" for problem in sentences(error, _KEYS))) from None
    # Both bounds of a distribution may have the same problem.
    if problems := list(dict.fromkeys(_bad_values(params))):
        raise UserError(*(f"{path}: {problem}" for problem in problems))
    return params


def _bad_values(params: Params) -> Iterator[str]:
    """Check what goes together, and grids and `fixed` by the rules of the `model` and `prepare` keys that they replace.

    Of a distribution, both bounds are checked.
    """
    classify = params.model.classifies
    yield from cv_misfits(params.cv, params.data.target, classify)
    yield from misplaced_scorers(params.cv, classify)
    yield from misplaced_rope(params.statistics, params.cv.scoring)
    yield from misplaced_keep(params.evaluate, params.experiments, params.combines)
    if problem := misplaced_class_weight(params.model.class_weight, classify):
        yield f"model.class_weight is {format_value(params.model.class_weight)}{problem}"
    if params.model.classifies and params.prepare.target:
        yield f"prepare.target is {params.prepare.target!r}: {_NOT_A_NUMBER}"
    for name, experiment in params.experiments.items():
        yield from experiment_misfits(name, experiment)
        for place, key, value in _placed(experiment):
            problem = misplaced_mapping(key, value)
            if key == "class_weight":
                problem = misplaced_class_weight(value, classify)
            if problem:
                yield f"experiments.{name}.{place} is {format_value(value)}{problem}"
                continue
            field = _FIELDS.get(key)
            if field is not None:
                rule = TypeAdapter[Any](Annotated[field.annotation, field])  # type: ignore[arg-type]
                try:
                    rule.validate_python(value, strict=True)
                except ValidationError as error:
                    drawn = experiment.distributions.get(key) if place.startswith("grid.") else None
                    if drawn and any(found["type"] == "int_type" for found in error.errors()):
                        yield _fractions(f"experiments.{name}.grid.{key}", drawn)
                    else:
                        yield from (f"experiments.{name}.{place}{text}" for text in sentences(error, _KEYS))
                    continue
            elif key.startswith(PREFIX):
                yield f"experiments.{name}.{place} is unknown{did_you_mean(key, _FIELDS)}"
            if key == f"{PREFIX}target" and value and params.model.classifies:
                yield f"experiments.{name}.{place} is {value!r}: {_NOT_A_NUMBER}"


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
