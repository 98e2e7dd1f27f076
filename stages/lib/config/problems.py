"""Turns errors that pydantic finds in params.yaml into sentences, and finds what is left without them."""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from itertools import chain
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from stages.lib.common import did_you_mean, format_value
from stages.lib.config.experiment import Experiment
from stages.lib.config.schema import Params
from stages.lib.config.statistics import Evaluate, Statistics
from stages.lib.config.table import Column, Section
from stages.lib.config.training import Prepare

# The keys of each section of params.yaml, to find what an unknown one is meant for.
Sections = Mapping[str, Collection[str]]
SECTIONS: Sections = {
    **{"the top level": Params.model_fields, "a column": Column.model_fields, "an experiment": Experiment.model_fields},
    **{name: getattr(field.annotation, "model_fields", ()) for name, field in Params.model_fields.items()},
}

# Mappings that nothing needs to be in, and those whose mappings are such.
_MAY_BE_EMPTY = ("fixed", "callbacks")
_OF_SUCH = ("data.columns.", "model.callbacks.")


def block_of(section: Section) -> str:
    """Return a section as params.yaml has it."""
    name = type(section).__name__.lower()
    return "\n  ".join([f"{name}:", *(f"{key}: {format_value(value)}" for key, value in section)])


# What to do about a missing section.
_BLOCKS = {
    "prepare": f"add this block, which prepares nothing:\n{block_of(Prepare())}",
    "statistics": f"add this block:\n{block_of(Statistics())}",
    "evaluate": f"add this block:\n{block_of(Evaluate())}",
    "experiments": "add it, such as `experiments: {batches: {grid: {batch_size: [10, 20]}}}`",
}

# What stands in for a wrong value without a default while the rest is checked.
_STAND_INS: dict[str, Any] = {
    **{"seed": 0, "cv.n_splits": 2, "model.lr": 0.01, "model.max_epochs": 1, "model.batch_size": 10},
    **{"prepare": {}, "statistics": {}, "evaluate": {}},
}

# How other languages write null.
_NOTHING = {"none", "nil", "nan", "false", "off", "no", "null", "n/a"}

# What pydantic puts between the steps of a place: of a mapping's key, and of the two forms of a grid's values.
_NO_STEPS = ("[key]", "[list]", "[distribution]")


def sentences(error: ValidationError, sections: Sections = SECTIONS, start: str = "") -> list[str]:
    """Turn pydantic's errors into sentences, which begin with the place, such as `grid.optimizer[2]`.

    The keys of `sections` may be suggested in place of an unknown one; `start` is the place of the value that was
    validated, if it is a part of the file.
    """
    errors = error.errors(include_url=False)
    # A key that is to be renamed is not unknown as well.
    renamed = {(*each["loc"][:-1], _misspelt(each, sections)) for each in errors if each["type"] == "missing"}
    return list(dict.fromkeys(_sentence(each, sections, start) for each in errors if each["loc"] not in renamed))


def _sentence(error: ErrorDetails, sections: Sections, start: str) -> str:
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in error["loc"] if step not in _NO_STEPS]
    place = (start + "".join(steps)).removeprefix(".")
    last = str(error["loc"][-1]) if error["loc"] else ""
    value, limits = error["input"], error.get("ctx", {})
    remedy = f"; {_BLOCKS[place]}" if place in _BLOCKS else ""
    text = error["msg"].removeprefix("Value error, ").replace("Input should", "it should")
    match error["type"]:
        case "missing":
            key = _misspelt(error, sections)
            foreign = "" if key.isascii() else ", whose letters only look like a to z"
            return f"{place} is missing{f'; rename {key!r}{foreign}, or add it' if key else remedy or '; add it'}"
        case "extra_forbidden" if place == last and isinstance(value, dict) and "grid" in value:
            return f"{place} has a grid, so it is an experiment; indent it, below `experiments`"
        case "extra_forbidden":
            return f"{place} is unknown{_elsewhere(place, last, sections)}"
        case "too_short":
            count = f"has only {len(value)}" if value else "is empty"
            return f"{place} {count}; it should have {limits['min_length']} or more{remedy}"
        case "model_type" | "model_attributes_type" | "dict_type":
            if value is None and remedy:
                return f"{place} is empty{remedy}"
            empty = ", or {} for none" if last in _MAY_BE_EMPTY or place.startswith(_OF_SUCH) else ""
            text = f"it should be a valid dictionary, lines of `key: value`{empty}"
        case "list_type" if not isinstance(value, dict | None):
            is_quoted = isinstance(value, str) and value.startswith("[")
            write = "remove the quotation marks" if is_quoted else f"write [{format_value(value)}]"
            text = f"it should be a valid list; {write}"
        case "invalid_key":
            return f"{place.rpartition('.')[0] or place} has the key {_short(value)}: a key is text; put it in quotes"
        case "string_type" if isinstance(value, int | float) and not isinstance(value, bool):
            text += "; put it in quotes if it is a name"
        case "literal_error" if _is_nothing(value):
            text += "; for nothing, write null"
        case "literal_error":  # the words that may be meant stand in 'mean', 'median' or 'most_frequent'
            text += did_you_mean(str(value), re.findall("'([^']*)'", limits["expected"]))
        case "int_type" | "float_type" if isinstance(value, str):
            text += "; for nothing, write null" if _is_nothing(value) else _as_number(value)
        case "value_error" if text.startswith("."):  # names the part of a section
            return f"{place}{text}"
    return f"{place} is {_short(value)}: {text}"


def without(content: Mapping[str, Any], error: ValidationError) -> dict[str, Any]:
    """Return the content of params.yaml without the keys and experiments that have errors, with stand-ins for some."""
    rest = {key: dict(value) if isinstance(value, dict) else value for key, value in content.items()}
    for each in error.errors(include_url=False):
        section, *steps = map(str, each["loc"])
        home = rest.get(section)
        # Experiments and columns go as a whole.
        at, key, place = (home, steps[0], f"{section}.{steps[0]}") if steps and home else (rest, section, section)
        if isinstance(at, dict):
            at.pop(key, None)
            if place in _STAND_INS:
                at[key] = _STAND_INS[place]
    return rest


def _elsewhere(place: str, key: str, sections: Sections) -> str:
    """Return what an unknown key may be meant for: a similar one of its section, or a key of another section."""
    section, *steps = place.removesuffix(f".{key}").split(".") if "." in place else ["the top level"]
    if section == "experiments" and steps and (key in sections.get("model", ()) or "__" in key):
        return "; a setting of the net stands in `fixed` or `grid`"
    if homes := [home for home, keys in sections.items() if key in keys]:
        return f" here; it is a key of {' and '.join(homes)}"
    own = sections.get({"experiments": "an experiment"}.get(section, "a column" if steps else section), ())
    return did_you_mean(key, own) or (f"; remove it, or write one of {', '.join(own)}" if own else "; remove it")


def _is_nothing(value: Any) -> bool:
    return value is False or (isinstance(value, str) and value.casefold() in _NOTHING)


def _misspelt(missing: ErrorDetails, sections: Sections) -> str:
    """Return the unknown key of a section that is close to the missing one, or ""."""
    keys = set(chain.from_iterable(sections.values()))
    unknown = [key for key in map(str, missing["input"] or ()) if key not in keys and "__" not in key]
    return next(iter(get_close_matches(str(missing["loc"][-1]).lower(), unknown, n=1, cutoff=0.7)), "")


def _as_number(text: str) -> str:
    """Return how the number in a text is written: one with a decimal comma, in quotes, or with a comment at its end."""
    number = text.partition("#")[0].strip().replace(",", ".")
    return f"; write {number}{' #' * ('#' in text)}" if re.fullmatch(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?", number) else ""


def _short(value: Any) -> str:
    text = "null" if value is None else repr(value)
    kinds = {list: "a list", dict: "a dictionary", int: "a huge number"}
    return text if len(text) <= 60 else kinds.get(type(value), "a long text")
