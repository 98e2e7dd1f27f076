"""Turns errors that YAML and pydantic find in params.yaml into sentences."""

from collections.abc import Collection
from typing import Any

import yaml
from pydantic import ValidationError

from stages.lib.common import did_you_mean


def first_line(error: yaml.YAMLError) -> str:
    """Return what is wrong with the YAML, and where."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
    return str(error).splitlines()[0]


def sentences(error: ValidationError, known: Collection[str]) -> list[str]:
    """Turn pydantic's errors into sentences that name the place, such as `grid.optimizer[2]`.

    Parameters
    ----------
    error : ValidationError
    known : collection of str
        Keys to suggest in place of an unknown one.
    """
    told = []
    for found in error.errors(include_url=False):
        steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in found["loc"] if step != "[key]"]
        place = "".join(steps).removeprefix(".")
        last = str(found["loc"][-1]) if found["loc"] else ""
        match found["type"]:
            case "missing":
                told.append(f"{place} is missing; add it")
            case "extra_forbidden":
                told.append(f"{place} is unknown{did_you_mean(last, set(known) - {last})}")
            case "too_short":
                count = f"has only {len(found['input'])}" if found["input"] else "is empty"
                told.append(f"{place} {count}; it should have {found['ctx']['min_length']} or more")
            case _:
                text = found["msg"].removeprefix("Value error, ").replace("Input should", "it should")
                told.append(f"{place} is {_shown(found['input'])}: {text}")
    return told


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else "invalid"
