"""Turns errors that pydantic finds in params.yaml into problems."""

from itertools import chain
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gridstage.common import Problem, did_you_mean
from gridstage.config.experiment import Experiment
from gridstage.config.schema import Params
from gridstage.config.table import Column

# The keys of each section of params.yaml, to find what an unknown one is meant for.
_SECTIONS: dict[str, list[str]] = {
    "the top level": [*Params.model_fields],
    "a column": [*Column.model_fields],
    "an experiment": [*Experiment.model_fields],
}
for _name, _field in Params.model_fields.items():
    _SECTIONS[_name] = [*getattr(_field.annotation, "model_fields", ())]

# What pydantic puts between the steps of a place: of a mapping's key, and of the two forms of a grid's values.
_NO_STEPS = ("[key]", "[list]", "[distribution]")


def problems_of(error: ValidationError, start: str = "") -> list[Problem]:
    """Return pydantic's errors as problems with a key, such as `grid.optimizer[2]`, and without a file.

    `start` is the key of the value that was validated, if it is a part of the file.
    """
    errors = error.errors(include_url=False)
    return list(dict.fromkeys(_problem(each, start) for each in errors))


def _problem(error: ErrorDetails, start: str) -> Problem:
    key = start
    for step in error["loc"]:
        if step not in _NO_STEPS:
            key += f"[{step}]" if isinstance(step, int) else f".{step}"
    key = key.removeprefix(".")
    message = error["msg"].removeprefix("Value error, ")
    remedy = message.replace("Input should", "it should")
    match error["type"]:
        case "missing":
            return Problem("is missing", "add it", key=key)
        case "extra_forbidden":
            return Problem(f"is unknown{_meant(str(error['loc'][-1]))}", key=key)
        case "model_type" | "model_attributes_type" | "dict_type":
            remedy = "it should be lines of `key: value`"
            if "." in key:
                remedy += ", or {} for none"
    return Problem(f"is {_short(error['input'])}", remedy, key=key)


def _meant(key: str) -> str:
    """Return what an unknown key may be meant for: one of another section, or one with a similar name."""
    homes = [home for home, keys in _SECTIONS.items() if key in keys]
    if homes:
        return f" here; it is a key of {' and '.join(homes)}"
    return did_you_mean(key, {*chain(*_SECTIONS.values())}) or "; remove it"


def _short(value: Any) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
