"""Turns errors that YAML and pydantic find in params.yaml into sentences."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Any

import yaml
from pydantic import ValidationError

from stages.lib.common import did_you_mean
from stages.lib.config.prepare import PREPARE_BLOCK
from stages.lib.config.statistics import EVALUATE_BLOCK, STATISTICS_BLOCK

_RENAMED = {"data.scale": "prepare.scale"}

# What to do about a missing section.
_BLOCKS = {
    "prepare": f"add this block, which prepares nothing:\n{PREPARE_BLOCK}",
    "statistics": f"add this block:\n{STATISTICS_BLOCK}",
    "evaluate": f"add this block:\n{EVALUATE_BLOCK}",
}

# What pydantic puts between the steps of a place: of a mapping's key, and of the two forms of a grid's values.
_NO_STEPS = ("[key]", "[list]", "[distribution]")


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
        steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in found["loc"] if step not in _NO_STEPS]
        place = "".join(steps).removeprefix(".")
        last = str(found["loc"][-1]) if found["loc"] else ""
        match found["type"]:
            case "missing":
                told.append(
                    f"{place} is missing; {_misspelt(last, found['input'], known) or _BLOCKS.get(place, 'add it')}"
                )
            case "extra_forbidden" if place in _RENAMED:
                told.append(f"{place} is called {_RENAMED[place]} now")
            case "extra_forbidden":
                told.append(f"{place} is unknown{did_you_mean(last, set(known) - {last})}")
            case "too_short":
                count = f"has only {len(found['input'])}" if found["input"] else "is empty"
                told.append(f"{place} {count}; it should have {found['ctx']['min_length']} or more")
            case _:
                text = found["msg"].removeprefix("Value error, ").replace("Input should", "it should")
                told.append(f"{place} is {_shown(found['input'])}: {text}")
    return told


def _misspelt(missing: str, section: Any, known: Collection[str]) -> str:
    """Return "rename 'max_epoch'" if the section has an unknown key that is close to the missing one, or ""."""
    listed = map(str, section) if isinstance(section, dict) else ()
    unknown = [key for key in listed if key not in known and "__" not in key]
    near = get_close_matches(missing, unknown, n=1, cutoff=0.8)
    return f"rename {near[0]!r}, or add it" if near else ""


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else "invalid"
