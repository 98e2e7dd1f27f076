"""skorch's callbacks by their names in params.yaml, and what they need of a net."""

import inspect
from collections.abc import Iterator
from typing import Any

import skorch.callbacks
import torch
from skorch.callbacks import Callback, LRScheduler
from torch.optim import lr_scheduler

from stages.lib.common import RAISED, described, did_you_mean, own_place
from stages.lib.model.imported import imported

_PREFIX = "callbacks__"

A_NUMBER = "a number"

# A callback by name.
Named = tuple[str, Callback]

# Those of skorch's defaults that cost little and that others may watch. The rest measures times, scores and prints.
_RECORDING = ("train_loss", "valid_loss")
_DEFAULTS = ("epoch_timer", *_RECORDING, "valid_acc", "print_log")

_OWN_POLICIES = {"WarmRestartLR": skorch.callbacks.WarmRestartLR}


class QuietCallbacks:
    """Mixin for a skorch net: of the default callbacks, it has those that record losses and those it is asked for."""

    callbacks: Any

    def get_default_callbacks(self) -> list[Named]:
        """Return the default callbacks that this net needs."""
        named = {key.split("__")[1] for key in vars(self) if key.startswith(_PREFIX)}
        own = [_monitor(callback) for _, callback in self.callbacks or []]
        own += [value for key, value in vars(self).items() if key.startswith(_PREFIX) and key.endswith("__monitor")]
        watched = {str(monitor).removesuffix("_best") for monitor in own}
        wanted = {*_RECORDING, *named, *watched}
        return [each for each in super().get_default_callbacks() if each[0] in wanted]  # type: ignore[misc]


def resolve_callbacks(callbacks: dict[str, dict[str, Any]], source: str | None = None) -> list[Named]:
    """Return the callbacks that `callbacks` in params.yaml describes, by the names of their classes.

    Raises
    ------
    ValueError
        If skorch has no such callback, if it does not take a parameter, or if an imported object is no callback.
    """
    found: list[Named] = []
    for name, settings in callbacks.items():
        kind = _kind(name, source)
        if any(kind.__name__ == other for other, _ in found):
            raise ValueError(f"there are two callbacks called {kind.__name__}; give one of the classes another name")
        values = {
            key: resolve_parameter(f"callbacks__{kind.__name__}__{key}", value, source)
            for key, value in settings.items()
        }
        for key, value in values.items():
            if problem := _bad_parameter(kind, values, key, value):
                raise ValueError(problem)
        try:
            callback = kind(**values)
            _check_policy(callback)
        except RAISED as error:
            said = str(error) if isinstance(error, TypeError) and not own_place(error) else described(error)
            raise ValueError(f"{kind.__name__} can't be built: {said}") from error
        found.append((kind.__name__, callback))
    return found


def resolve_parameter(key: str, value: Any, source: str | None = None) -> Any:
    """Return what a callback's parameter stands for: a schedule for the `policy` of LRScheduler, else the value."""
    if key == f"{_PREFIX}LRScheduler__policy" and not isinstance(value, str | type):
        raise ValueError(f"{value!r} is not a schedule; policy is the name of one, such as StepLR")
    if not key.endswith("__policy") or not isinstance(value, str):
        return tuple(value) if isinstance(value, list) else value
    if "." in value:
        return imported(value, lr_scheduler.LRScheduler, source)
    known = _OWN_POLICIES | {name: thing for name, thing in vars(lr_scheduler).items() if _is_policy(thing)}
    if value not in known:
        raise ValueError(f"{value!r} is not a schedule of torch.optim.lr_scheduler{did_you_mean(value, known)}")
    return known[value]


def bad_callback_key(key: str, values: dict[str, Any], callbacks: list[Named]) -> Iterator[str]:
    """Check a key such as `callbacks__EarlyStopping__patience`, and its values by their places."""
    place = next(iter(values)).partition("[")[0]
    _, name, *parameter = key.split("__", 2)
    known = dict(callbacks)
    if callbacks and name in _DEFAULTS:
        return
    if name not in known:
        listed = f"it has {', '.join(known)}" if known else "it is empty"
        yield f"{place}: callbacks has no {name!r}{did_you_mean(name, known) or f'; {listed}'}"
    elif not parameter:
        example = next(iter(_taken(known[name])))
        yield f"{place}: a callback stays what it is; vary its parameters, as in {key}__{example}"
    else:
        kind, settings = type(known[name]), dict(vars(known[name]))
        problems = ((where, _bad_parameter(kind, settings, parameter[0], value)) for where, value in values.items())
        yield from dict.fromkeys(f"{where}: {problem}" for where, problem in problems if problem)


def hold_out_watchers(settings: dict[str, Any], grid: dict[str, list[Any]] | None = None) -> list[str]:
    """Return the names of the callbacks that watch the rows held out of a fit, such as EarlyStopping.

    Parameters
    ----------
    settings, grid : dict
        As `resolve_experiment` returns them.
    """
    watched = {name: [_monitor(callback)] for name, callback in settings.get("callbacks", [])}
    for key, values in ({key: [value] for key, value in settings.items()} | (grid or {})).items():
        if key.startswith(_PREFIX) and key.endswith("__monitor"):
            watched[key.split("__")[1]] = list(values)
    return [name for name, monitors in watched.items() if any(str(each).startswith("valid_") for each in monitors)]


def unheard(settings: dict[str, Any], grid: dict[str, list[Any]], places: dict[str, str]) -> list[str]:
    """Return sentences on callbacks that watch rows held out of a fit, for a net that holds out none."""
    place = places.get("callbacks", "model.callbacks")
    return [
        f"{place}.{name} watches rows that are held out, as in valid_loss, but train_split is null, so there are none; "
        "set train_split to 5, or let it monitor train_loss"
        for name in hold_out_watchers(settings, grid)
    ]


def imported_parts(place: str, described: Any, callbacks: list[Named] | None) -> dict[str, tuple[str, object]]:
    """Return the imported classes among resolved callbacks, by their places in params.yaml, with their names."""
    found: dict[str, tuple[str, object]] = {}
    for (name, settings), (_, callback) in zip(described.items(), callbacks or [], strict=False):
        if "." in name:
            found[f"{place}.{name}"] = name, type(callback)
        if "." in str(settings.get("policy", "")):
            found[f"{place}.{name}.policy"] = settings["policy"], getattr(callback, "policy", None)
    return found


def _kind(name: str, source: str | None) -> type[Callback]:
    if "." in name:
        found: type[Callback] = imported(name, Callback, source)
        return found
    known = {key: getattr(skorch.callbacks, key) for key in skorch.callbacks.__all__}
    known = {key: thing for key, thing in known.items() if inspect.isclass(thing) and issubclass(thing, Callback)}
    if name not in known:
        raise ValueError(
            f"{name!r} is not a callback of skorch{did_you_mean(name, known) or '; a name with a dot is imported'}"
        )
    return known[name]


def _is_policy(thing: object) -> bool:
    return inspect.isclass(thing) and issubclass(thing, lr_scheduler.LRScheduler) and not thing.__name__.startswith("_")


def _taken(callback: Any) -> dict[str, inspect.Parameter]:
    kind = callback if inspect.isclass(callback) else type(callback)
    return dict(inspect.signature(kind).parameters)


def _bad_parameter(kind: type[Callback], settings: dict[str, Any], key: str, value: Any) -> str | None:
    """Return why a callback does not take a parameter or its value, or None."""
    taken, owner = _taken(kind), kind.__name__
    if issubclass(kind, LRScheduler):
        policy = settings.get("policy", "WarmRestartLR")
        policy = resolve_parameter(f"{_PREFIX}LRScheduler__policy", policy)
        own = {name: each for name, each in inspect.signature(policy).parameters.items() if name != "optimizer"}
        taken = {name: each for name, each in taken.items() if each.kind is not each.VAR_KEYWORD} | own
        owner = f"{kind.__name__} with {policy.__name__}"
    if key not in taken:
        if any(each.kind is each.VAR_KEYWORD for each in taken.values()):
            return None
        return f"{owner} takes no {key!r}{did_you_mean(key, taken)}"
    wanted = instead_of_text(taken[key]) if isinstance(value, str) else None
    return f"{value!r} is text; {key} of {owner} is {wanted}" if wanted else None


def instead_of_text(parameter: inspect.Parameter) -> str | None:
    """Return what a parameter is that can't be text, a number or true or false; None if it may be anything."""
    if isinstance(parameter.default, bool) or parameter.annotation in (bool, "bool", "bool | None"):
        return "true or false"
    return A_NUMBER if isinstance(parameter.default, int | float) else None


def _check_policy(callback: Callback) -> None:
    """Build a schedule, which raises `TypeError` where a parameter is missing."""
    if isinstance(callback, LRScheduler):
        policy = resolve_parameter(f"{_PREFIX}LRScheduler__policy", callback.policy)
        inspect.signature(policy).bind(torch.optim.SGD, **callback.kwargs)


def _monitor(callback: Any) -> Any:
    """Return the name of the number that a callback watches, or None."""
    return getattr(callback, "monitor", None)
