"""skorch's callbacks by their names in params.yaml, and what they need of a net."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import skorch.callbacks
from skorch.callbacks import Callback, WarmRestartLR
from torch.optim import lr_scheduler

from stages.lib.common import RAISED, Problem, described, did_you_mean, own_place
from stages.lib.model.imports import derived, look_up
from stages.lib.model.signatures import not_allowed, not_taken, parameters

_PREFIX = "callbacks__"

# A callback by name.
Named = tuple[str, Callback]

# Those of skorch's defaults that cost little and that others may watch. The rest measures times, scores and prints.
_RECORDING = ("train_loss", "valid_loss")
_DEFAULTS = ("epoch_timer", *_RECORDING, "valid_acc", "print_log")

_OF_TORCH = derived(lr_scheduler, lr_scheduler.LRScheduler)


class QuietCallbacks:
    """Mixin for a skorch net: of the default callbacks, it has those that record losses and those it is asked for."""

    def get_default_callbacks(self) -> list[Named]:
        """Return the default callbacks that this net needs."""
        varied = {key.split("__")[1] for key in vars(self) if key.startswith(_PREFIX)}
        watched = {str(monitor).removesuffix("_best") for monitor in _monitors(vars(self)).values()}
        wanted = {*_RECORDING, *varied, *watched}
        return [each for each in super().get_default_callbacks() if each[0] in wanted]  # type: ignore[misc]


def resolve_callbacks(callbacks: dict[str, dict[str, Any]], only: Collection[str] | None = None) -> list[Named]:
    """Return the callbacks that `callbacks` in params.yaml describes, by the names of their classes.

    Raises `ValueError` if skorch has no such callback, if it does not take a parameter, or if an imported object is not
    a callback.
    """
    resolved: dict[str, Callback] = {}
    for name, settings in callbacks.items():
        kind = _kind(name, only)
        if kind.__name__ in resolved:
            raise ValueError(f"there are two callbacks called {kind.__name__}; give one of the classes another name")
        home = f"{_PREFIX}{kind.__name__}__"
        values = {key: resolve_parameter(f"{home}{key}", value, only) for key, value in settings.items()}
        for key, value in values.items():
            if problem := _misused(kind, key, value):
                raise ValueError(problem)
        try:
            resolved[kind.__name__] = kind(**values)
        except RAISED as error:
            said = str(error) if isinstance(error, TypeError) and not own_place(error) else described(error)
            raise ValueError(f"{kind.__name__} can't be built: {said}") from error
    return list(resolved.items())


def resolve_parameter(key: str, value: Any, only: Collection[str] | None = None) -> Any:
    """Return what a callback's parameter stands for: a schedule for the `policy` of LRScheduler; others, the value."""
    if key.endswith("__policy") and isinstance(value, str):
        schedules = {"WarmRestartLR": WarmRestartLR} | _OF_TORCH
        return look_up(value, "a schedule of torch.optim.lr_scheduler", schedules, lr_scheduler.LRScheduler, only)
    return tuple(value) if isinstance(value, list) else value


def _kind(name: str, only: Collection[str] | None) -> type[Callback]:
    hint = f"; write LRScheduler: {{policy: {name}}}" if name in _OF_TORCH else ""
    return look_up(name, "a callback of skorch", derived(skorch.callbacks, Callback), Callback, only, hint)


def _misused(kind: type[Callback], key: str, value: Any) -> str:
    """Return why a callback does not take a parameter or its value; "" if it does."""
    return not_taken(kind.__name__, parameters(kind), key) or not_allowed(kind.__name__, parameters(kind), key, value)


def bad_callback_key(place: str, key: str, values: dict[str, Any], callbacks: list[Named]) -> Iterator[Problem]:
    """Check a key such as `callbacks__EarlyStopping__patience`, and its values by their places."""
    _, name, *parameter = key.split("__", 2)
    by_name = dict(callbacks)
    if callbacks and name in _DEFAULTS:
        return
    if name not in by_name:
        names = f"it has {', '.join(by_name)}" if by_name else "it is empty"
        yield Problem(f": callbacks has no {name!r}{did_you_mean(name, by_name) or f'; {names}'}", key=place)
    elif not parameter:
        example = next(iter(parameters(type(by_name[name]))))
        yield Problem(f": a callback stays what it is; vary its parameters, as in {key}__{example}", key=place)
    else:
        for where, value in values.items():
            if problem := _misused(type(by_name[name]), parameter[0], value):
                yield Problem(f": {problem}", key=where)


def hold_out_watchers(settings: dict[str, Any], grid: dict[str, list[Any]] | None = None) -> list[str]:
    """Return the names of the callbacks that watch the rows held out of a fit, such as EarlyStopping.

    Names are resolved in the settings, and in the lists of the grid.
    """
    watched = {name: [monitor] for name, monitor in _monitors(settings).items()} | _monitors(grid or {})
    return [name for name, monitors in watched.items() if any(str(each).startswith("valid_") for each in monitors)]


def _monitors(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what each callback watches, or what `callbacks__NAME__monitor` says instead, by its name."""
    own = {name: getattr(callback, "monitor", None) for name, callback in settings.get("callbacks") or []}
    keys = (key for key in settings if key.startswith(_PREFIX) and key.endswith("__monitor"))
    return own | {key.split("__")[1]: settings[key] for key in keys}
