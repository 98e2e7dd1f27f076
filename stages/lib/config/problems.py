"""Turns errors that pydantic finds in params.yaml into problems, and finds what is left without them."""

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from stages.lib.common import Problem, did_you_mean
from stages.lib.config.experiment import Experiment
from stages.lib.config.schema import Params
from stages.lib.config.table import Column

# The keys of each section of params.yaml, to find what an unknown one is meant for.
_SECTIONS: Mapping[str, Collection[str]] = {
    **{"the top level": Params.model_fields, "a column": Column.model_fields, "an experiment": Experiment.model_fields},
    **{name: getattr(field.annotation, "model_fields", ()) for name, field in Params.model_fields.items()},
}

# What stands in for a wrong value without a default while the rest is checked.
_STAND_INS: dict[str, Any] = {
    **{"seed": 0, "cv.n_splits": 2, "model.lr": 0.01, "model.max_epochs": 1, "model.batch_size": 10},
    **{"prepare": {}, "statistics": {}, "evaluate": {}},
}

# What pydantic puts between the steps of a place: of a mapping's key, and of the two forms of a grid's values.
_NO_STEPS = ("[key]", "[list]", "[distribution]")


def problems_of(error: ValidationError, start: str = "") -> list[Problem]:
    """Return pydantic's errors as problems with a key, such as `grid.optimizer[2]`, and without a file.

    `start` is the key of the value that was validated, if it is a part of the file.
    """
    return list(dict.fromkeys(_problem(each, start) for each in error.errors(include_url=False)))


def _problem(error: ErrorDetails, start: str) -> Problem:
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in error["loc"] if step not in _NO_STEPS]
    key = (start + "".join(steps)).removeprefix(".")
    value = error["input"]
    remedy = error["msg"].removeprefix("Value error, ").replace("Input should", "it should")
    match error["type"]:
        case "missing":
            return Problem("is missing", "add it", key=key)
        case "extra_forbidden":
            return Problem(f"is unknown{_meant(key, str(error['loc'][-1]))}", key=key)
        case "too_short":
            count = f"has only {len(value)}" if value else "is empty"
            return Problem(count, f"it should have {error['ctx']['min_length']} or more", key=key)
        case "model_type" | "model_attributes_type" | "dict_type":
            remedy = "it should be lines of `key: value`" + (", or {} for none" if "." in key else "")
    return Problem(f"is {_short(value)}", remedy, key=key)


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


def _meant(place: str, key: str) -> str:
    """Return what an unknown key may be meant for: one of another section, or those of its own."""
    section, *steps = place.removesuffix(f".{key}").split(".") if "." in place else ["the top level"]
    own = _SECTIONS.get({"experiments": "an experiment"}.get(section, "a column" if steps else section), ())
    homes = [home for home, keys in _SECTIONS.items() if key in keys]
    if homes and section != "experiments":
        return f" here; it is a key of {' and '.join(homes)}"
    return did_you_mean(key, own) or (f"; remove it, or write one of {', '.join(own)}" if own else "; remove it")


def _short(value: Any) -> str:
    text = "null" if value is None else repr(value)
    kinds = {list: "a list", dict: "a dictionary", int: "a huge number"}
    return text if len(text) <= 60 else kinds.get(type(value), "a long text")
