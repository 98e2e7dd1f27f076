"""Checks the keys of settings, and the types of their values, against the signatures of what takes them."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from skorch import NeuralNet

from gridstage.common import Problem, did_you_mean, format_value
from gridstage.config import PREFIX

Parameters = Mapping[str, inspect.Parameter]

# The parts of a net, in keys of the form `OWNER__name`; skorch checks the keys of the others when a net is built.
OWNERS = ("module", "criterion", "optimizer")
_ITERATORS = ("iterator_train", "iterator_valid")
# The shape of the target or the split of the data depends on these, so they stay the same within a search.
_NOT_IN_A_GRID = ("module", "criterion", "train_split", "device")
# Callbacks that skorch gives every net.
_DEFAULTS = ("epoch_timer", "train_loss", "valid_loss", "valid_acc", "print_log")


def parameters(function: Callable[..., object]) -> dict[str, inspect.Parameter]:
    """Return the parameters of a class or function, by name."""
    return dict(inspect.signature(function).parameters)


def _is_switch(parameter: inspect.Parameter) -> bool:
    return isinstance(parameter.default, bool) or parameter.annotation in (
        bool,
        "bool",
        "bool | None",
    )


def _is_number(parameter: inspect.Parameter) -> bool:
    return isinstance(parameter.default, int | float) and not _is_switch(parameter)


def _words_of(parameter: inspect.Parameter) -> tuple[Any, ...]:
    """Return the words that a parameter may be, of the annotation `Literal`; none for another parameter."""
    is_literal = get_origin(parameter.annotation) is Literal
    return get_args(parameter.annotation) if is_literal else ()


def _takes_any(taken: Parameters) -> bool:
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken.values())


def takes_names(taken: Parameters, name: str) -> bool:
    """Whether there is a parameter that may be an object: not a number, nor a word; `**kwargs` may be anything."""
    parameter = taken.get(name)
    if parameter is None:
        return _takes_any(taken)
    return not _is_number(parameter) and not _words_of(parameter)


def not_taken(owner: str, taken: Parameters, name: str) -> str:
    """Return that an object takes no parameter of a name; "" if it does, or takes any by `**kwargs`."""
    if _takes_any(taken) or name in taken:
        return ""
    return f"{owner} takes no {name!r}{did_you_mean(name, taken)}"


def not_allowed(owner: str, taken: Parameters, name: str, value: Any) -> str:
    """Return that a value is no word of a few, or is text, which would count as true; "" if it may be what it is."""
    if name not in taken:
        return ""
    words = _words_of(taken[name])
    if words and value not in words:
        listed = ", ".join(map(format_value, words))
        return f"{format_value(value)} is not one of {listed}"
    wanted = _wanted(taken[name])
    if wanted and isinstance(value, str):
        return f"{value!r} is text; {name} of {owner} is {wanted}"
    return ""


def _wanted(parameter: inspect.Parameter) -> str:
    if _is_switch(parameter):
        return "true or false"
    return "a number" if _is_number(parameter) else ""


def bad_key(
    place: str,
    key: str,
    values: dict[str, Any],
    settings: dict[str, Any],
    grid: dict[str, list[Any]],
) -> Iterator[Problem]:
    """Yield what is wrong with a key or its values, by their places; settings and grid are all of an experiment's."""
    owner, _, name = key.partition("__")
    if misplaced := _misplaced(place, key):
        yield misplaced
    elif key.startswith(PREFIX):
        return  # whose rules `config` has
    elif owner == "callbacks" and ("__" in name or name in _DEFAULTS):
        yield from _bad_callback(place, name, values, settings)
    elif name and owner in OWNERS:
        for taker in grid.get(owner, [settings[owner]]):
            yield from _misused(place, name, taker, parameters(taker), values)
    else:
        yield from _bad_for_net(place, key, values, settings)


def _misplaced(place: str, key: str) -> Problem | None:
    """Return the problem of a key that may not stand where it does, whatever its values are."""
    if key == "wrapper" and place.startswith("experiments"):
        finding = ": all experiments share folds and baselines"
        return Problem(finding, "put wrapper into model", key=place)
    if key in _NOT_IN_A_GRID and place.endswith(f".grid.{key}"):
        finding = "must stay the same within a search"
        return Problem(finding, f"put {key} into model or fixed", key=place)
    if key.startswith(PREFIX) and place.startswith("model."):
        remedy = f"set {key.replace('__', '.')} instead"
        return Problem(": `model` is about the net", remedy, key=place)
    return None


def _bad_callback(
    place: str, key: str, values: dict[str, Any], settings: dict[str, Any]
) -> Iterator[Problem]:
    """Yield what is wrong with a parameter of a callback; skorch checks those of its default ones."""
    callbacks = dict(settings.get("callbacks") or [])
    callback, _, name = key.partition("__")
    if callback in callbacks:
        taker = type(callbacks[callback])
        yield from _misused(place, name, taker, parameters(taker), values)
    elif not callbacks or callback not in _DEFAULTS:
        hint = did_you_mean(callback, callbacks)
        yield Problem(f": callbacks has no {callback!r}{hint}", key=place)


def _bad_for_net(
    place: str, key: str, values: dict[str, Any], settings: dict[str, Any]
) -> Iterator[Problem]:
    """Yield what is wrong with a key of the net itself, or of what loads its rows."""
    net = settings["wrapper"]
    of_net = parameters(NeuralNet) | parameters(net)
    owner, _, name = key.partition("__")
    if name and owner in _ITERATORS:
        iterator = of_net[owner].default
        yield from _misused(place, name, iterator, parameters(iterator), values)
    elif key in of_net:
        yield from _misused(place, key, net, of_net, values)
    elif key not in {"wrapper", "class_weight"} and owner != "dataset":
        hint = did_you_mean(key, of_net)
        homes = (part for part in OWNERS if key in parameters(settings[part]))
        if home := next(homes, None):
            hint = f"; did you mean '{home}__{key}'?"
        yield Problem(f": {net.__name__} takes no {key!r}{hint}", key=place)


def _misused(
    place: str, name: str, taker: type, taken: Parameters, values: dict[str, Any]
) -> Iterator[Problem]:
    if problem := not_taken(taker.__name__, taken, name):
        yield Problem(f": {problem}", key=place)
    for where, value in values.items():
        if problem := not_allowed(taker.__name__, taken, name, value):
            yield Problem(f": {problem}", key=where)
