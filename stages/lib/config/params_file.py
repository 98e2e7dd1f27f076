"""Reads params.yaml and checks it against the schema."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import TypeAdapter, ValidationError

from stages.lib.common import UserError
from stages.lib.config import yaml12
from stages.lib.config.column import Column
from stages.lib.config.problems import first_line, sentences
from stages.lib.config.schema import CV, PARAMS_FILE, Data, Experiment, Model, Params, Runtime

_KEYS = {name for section in (Params, Runtime, Data, CV, Column, Experiment) for name in section.model_fields}


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
        raise UserError("\n".join(f"{path}: {problem}" for problem in sentences(error, _KEYS))) from None
    if problems := list(_bad_values(params)):
        raise UserError("\n".join(f"{path}: {problem}" for problem in problems))
    return params


def _bad_values(params: Params) -> Iterator[str]:
    """Check the values of grids and `fixed` against the rules of the `model` keys that they replace."""
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
