"""Turns errors that YAML and pydantic find in params.yaml into sentences, and finds what is left without them."""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from stages.lib.common import did_you_mean, format_value
from stages.lib.config.prepare import PREPARE_BLOCK
from stages.lib.config.statistics import EVALUATE_BLOCK, STATISTICS_BLOCK

# Mappings that nothing needs to be in, and those whose mappings are such.
_MAY_BE_EMPTY = ("fixed", "callbacks")
_OF_SUCH = ("data.columns.", "model.callbacks.")

_RENAMED = {"data.scale": "prepare.scale"}

# What to do about a missing section.
_BLOCKS = {
    "prepare": f"add this block, which prepares nothing:\n{PREPARE_BLOCK}",
    "statistics": f"add this block:\n{STATISTICS_BLOCK}",
    "evaluate": f"add this block:\n{EVALUATE_BLOCK}",
    "experiments": "add it, such as `experiments: {batches: {grid: {batch_size: [10, 20]}}}`",
}

# What stands in for a wrong value without a default while the rest is checked.
_STAND_INS: dict[str, Any] = {
    "seed": 0,
    "prepare": {},
    "statistics": {},
    "evaluate": {},
    "cv.n_splits": 2,
    "model.lr": 0.01,
    "model.max_epochs": 1,
    "model.batch_size": 10,
}

# How other languages write null.
_NOTHING = {"none", "nil", "nan", "false", "off", "no", "null", "n/a"}

# What pydantic puts between the steps of a place: of a mapping's key, and of the two forms of a grid's values.
_NO_STEPS = ("[key]", "[list]", "[distribution]")


def first_line(error: yaml.YAMLError) -> str:
    """Return what is wrong with the YAML, and where."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
    return str(error).splitlines()[0]


def sentences(error: ValidationError, known: Mapping[str, Collection[str]]) -> list[str]:
    """Turn pydantic's errors into sentences that name the place, such as `grid.optimizer[2]`.

    Parameters
    ----------
    error : ValidationError
    known : mapping of str
        Keys to suggest in place of an unknown one, with the sections that have them.
    """
    return list(dict.fromkeys(_sentence(found, known) for found in error.errors(include_url=False)))


def _sentence(found: ErrorDetails, known: Mapping[str, Collection[str]]) -> str:
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in found["loc"] if step not in _NO_STEPS]
    place = "".join(steps).removeprefix(".")
    last = str(found["loc"][-1]) if found["loc"] else ""
    value, limits = found["input"], found.get("ctx", {})
    match found["type"]:
        case "missing":
            return f"{place} is missing; {_misspelt(last, value, known) or _BLOCKS.get(place, 'add it')}"
        case "extra_forbidden" if place in _RENAMED:
            return f"{place} is called {_RENAMED[place]} now"
        case "extra_forbidden":
            return f"{place} is unknown{_elsewhere(place, last, known)}"
        case "too_short":
            count = f"has only {len(value)}" if value else "is empty"
            return f"{place} {count}; it should have {limits['min_length']} or more{_added(place)}"
        case "model_type" | "model_attributes_type" | "dict_type" if value is None and place in _BLOCKS:
            return f"{place} is empty{_added(place)}"
        case "model_type" | "model_attributes_type" | "dict_type":
            empty = ", or {} for none" if last in _MAY_BE_EMPTY or place.startswith(_OF_SUCH) else ""
            return f"{place} is {_shown(value)}: it should be a valid dictionary, lines of `key: value`{empty}"
        case "list_type" if not isinstance(value, dict | None):
            quoted = isinstance(value, str) and value.startswith("[")
            remedy = "remove the quotation marks" if quoted else f"write [{format_value(value)}]"
            return f"{place} is {_shown(value)}: it should be a valid list; {remedy}"
        case "invalid_key":
            return f"{place.rpartition('.')[0] or place} has the key {_shown(value)}: a key is text; put it in quotes"
        case "string_type" if isinstance(value, int | float) and not isinstance(value, bool):
            return f"{place} is {_shown(value)}: it should be a valid string; put it in quotes if it is a name"
        case _:
            text = found["msg"].removeprefix("Value error, ").replace("Input should", "it should")
            return f"{place} is {_shown(value)}: {text}{_instead(value, found)}"


def without(content: Mapping[str, Any], error: ValidationError) -> dict[str, Any]:
    """Return the content of params.yaml without the keys and the experiments that have errors.

    A key that there has to be has another value then; where none can be, it is missing.
    """
    left = {key: dict(value) if isinstance(value, dict) else value for key, value in content.items()}
    for found in error.errors(include_url=False):
        section, *steps = map(str, found["loc"])
        home = left.get(section)
        # Experiments and columns go as a whole.
        at, key, place = (home, steps[0], f"{section}.{steps[0]}") if steps and home else (left, section, section)
        if isinstance(at, dict):
            at.pop(key, None)
            if place in _STAND_INS:
                at[key] = _STAND_INS[place]
    return left


def _elsewhere(place: str, key: str, known: Mapping[str, Collection[str]]) -> str:
    """Return what an unknown key may be meant for: a similar one of its section, or a key of another section."""
    section, *steps = place.removesuffix(f".{key}").split(".") if "." in place else ["the top level"]
    if section == "experiments" and steps and (key in known.get("model", ()) or "__" in key):
        return "; a setting of the net stands in `fixed` or `grid`"
    own = known.get({"experiments": "an experiment"}.get(section, "a column" if steps else section), ())
    if near := did_you_mean(key, own):
        return near
    if homes := [home for home, keys in known.items() if key in keys]:
        return f" here; it is a key of {' and '.join(homes)}"
    return f"; remove it, or write one of {', '.join(own)}" if own else "; remove it"


def _instead(value: Any, found: ErrorDetails) -> str:
    """Return which of a few words may be meant by another one, and how to write nothing where that may be meant."""
    if found["type"] != "literal_error":
        return ""
    if value is False or (isinstance(value, str) and value.casefold() in _NOTHING):
        return "; for nothing, write null"
    return did_you_mean(str(value), re.findall("'([^']*)'", str(found["ctx"]["expected"])))


def _added(place: str) -> str:
    return f"; {_BLOCKS[place]}" if place in _BLOCKS else ""


def _misspelt(missing: str, section: Any, known: Mapping[str, Collection[str]]) -> str:
    """Return "rename 'max_epoch'" if the section has an unknown key that is close to the missing one, or ""."""
    listed = map(str, section) if isinstance(section, dict) else ()
    unknown = [key for key in listed if not any(key in keys for keys in known.values()) and "__" not in key]
    near = get_close_matches(missing, unknown, n=1, cutoff=0.8)
    return f"rename {near[0]!r}, or add it" if near else ""


def _shown(value: Any) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= 60 else "invalid"
