"""What the signature of a class says about the settings that it takes."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args, get_origin

from stages.lib.common import did_you_mean, format_value

Parameters = Mapping[str, inspect.Parameter]


def parameters(function: Callable[..., object]) -> dict[str, inspect.Parameter]:
    """Return the parameters of a class or function, by name."""
    return dict(inspect.signature(function).parameters)


def _is_number(parameter: inspect.Parameter) -> bool:
    """Whether a parameter is a number, as far as its default tells."""
    return isinstance(parameter.default, int | float) and not _is_switch(parameter)


def _is_switch(parameter: inspect.Parameter) -> bool:
    return isinstance(parameter.default, bool) or parameter.annotation in (bool, "bool", "bool | None")


def takes_names(taken: Parameters, name: str) -> bool:
    """Whether there is a parameter that may be an object that a name stands for: not a number, nor one of a few words.

    What is taken by `**kwargs` may be anything.
    """
    parameter = taken.get(name)
    return _takes_any(taken) if parameter is None else not _is_number(parameter) and not _words_of(parameter)


def _takes_any(taken: Parameters) -> bool:
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken.values())


def _words_of(parameter: inspect.Parameter) -> tuple[Any, ...]:
    """Return the words that a parameter may be, of the annotation `Literal`; none for another parameter."""
    return get_args(parameter.annotation) if get_origin(parameter.annotation) is Literal else ()


def not_taken(owner: str, taken: Parameters, name: str) -> str:
    """Return that an object takes no parameter of a name; "" if it does, or takes any by `**kwargs`."""
    return "" if _takes_any(taken) or name in taken else f"{owner} takes no {name!r}{did_you_mean(name, taken)}"


def not_allowed(owner: str, taken: Parameters, name: str, value: Any) -> str:
    """Return that a value is not one of a few words, or is text instead of a number, or of true or false.

    Every text would count as true. The result is "" if the value may be what it is.
    """
    if name not in taken:
        return ""
    if (words := _words_of(taken[name])) and value not in words:
        hint = did_you_mean(str(value), map(str, words))
        return f"{format_value(value)} is not one of {', '.join(map(format_value, words))}{hint}"
    wanted = "true or false" if _is_switch(taken[name]) else "a number" if _is_number(taken[name]) else ""
    return f"{value!r} is text; {name} of {owner} is {wanted}" if wanted and isinstance(value, str) else ""
