"""Turns names in params.yaml into what they stand for: things of torch and skorch, of `nets/`, or of a package.

DVC watches `nets/`, and no package. Reports keep the name.
"""

import importlib
import importlib.util
import inspect
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import skorch
import skorch.callbacks
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, WarmRestartLR
from torch import nn
from torch.optim import Optimizer, lr_scheduler

from gridstage.common import (
    RAISED,
    described,
    did_you_mean,
    join_words,
    own_place,
    relative_to_here,
)
from gridstage.model.signatures import not_allowed, not_taken, parameters

# The folder with the nets and whatever else params.yaml names.
NETS = "nets"
# Where names may always come from.
HOMES = ("torch", "skorch", NETS)


def _derived(module: ModuleType, base: type) -> dict[str, Any]:
    """Return the public classes of a module that are derived from another one, by name."""
    found = {}
    for name, thing in inspect.getmembers(module, inspect.isclass):
        if issubclass(thing, base) and not name.startswith("_"):
            found[name] = thing
    return found


def _is_initialiser(thing: object) -> bool:
    if not inspect.isfunction(thing) or thing.__module__ != nn.init.__name__:
        return False
    return thing.__name__.endswith("_") and not thing.__name__.startswith("_")


_LAYERS = _derived(nn, nn.Module)
_LOSSES = {name: layer for name, layer in _LAYERS.items() if name.endswith("Loss")}
_OPTIMIZERS = _derived(torch.optim, Optimizer)
del _OPTIMIZERS["Optimizer"]
_INITIALISERS = {
    name: thing for name, thing in vars(nn.init).items() if _is_initialiser(thing)
}
_SCHEDULES = {"WarmRestartLR": WarmRestartLR} | _derived(
    lr_scheduler, lr_scheduler.LRScheduler
)
# What a name stands for, the things that have names, and from what an imported class is derived.
_Namespace = tuple[str, Mapping[str, Any], type | None]
_BY_KEY: dict[str, _Namespace] = {
    "wrapper": ("a net of skorch", _derived(skorch, NeuralNet), NeuralNet),
    "module": ("a module of torch.nn", _LAYERS, nn.Module),
    "optimizer": ("an optimizer of torch.optim", _OPTIMIZERS, Optimizer),
    "criterion": ("a loss of torch.nn", _LOSSES, nn.Module),
    "module__activation": ("an activation of torch.nn", _LAYERS, nn.Module),
    "module__weight_init": ("an initialiser of torch.nn.init", _INITIALISERS, None),
}
_OF_A_MODULE: _Namespace = (
    "a module of torch.nn or an initialiser of torch.nn.init",
    _LAYERS | _INITIALISERS,
    None,
)
_CALLBACK: _Namespace = (
    "a callback of skorch",
    _derived(skorch.callbacks, Callback),
    Callback,
)
_SCHEDULE: _Namespace = (
    "a schedule of torch.optim.lr_scheduler",
    _SCHEDULES,
    lr_scheduler.LRScheduler,
)


def resolve(key: str, value: Any, only: Collection[str] | None = None) -> Any:
    """Return the object that `value` stands for as the setting `key`.

    A list of numbers stands for a tuple, and a name for an object: `Adamax` as `optimizer` is `torch.optim.Adamax`; as
    a parameter of the module, `ReLU` is `torch.nn.ReLU`. A name with a dot is imported, `only` from some packages; by
    default, these are all but code of the repository outside of `nets`. `callbacks` stands for a list of names and
    skorch's callbacks. Raises `ValueError` if there is no such name, or the imported object is of the wrong kind.
    """
    if key == "callbacks":
        return _callbacks(value, only)
    if isinstance(value, list):
        return tuple(value)
    if not isinstance(value, str):
        return value
    if key.startswith("callbacks__"):
        return _look_up(value, _SCHEDULE, only) if key.endswith("__policy") else value
    if not (key in _BY_KEY or key.startswith("module__")):
        return value
    return _look_up(value, _BY_KEY.get(key, _OF_A_MODULE), only)


def _callbacks(
    callbacks: dict[str, dict[str, Any]], only: Collection[str] | None
) -> list[tuple[str, Callback]]:
    """Return skorch's callbacks by the names of their classes."""
    resolved: dict[str, Callback] = {}
    for name, settings in callbacks.items():
        kind = _look_up(name, _CALLBACK, only)
        taker, taken = kind.__name__, parameters(kind)
        values = {
            key: resolve(f"callbacks__{taker}__{key}", value, only)
            for key, value in settings.items()
        }
        for key, value in values.items():
            problem = not_taken(taker, taken, key)
            if problem or (problem := not_allowed(taker, taken, key, value)):
                raise ValueError(problem)
        try:
            resolved[taker] = kind(**values)
        except RAISED as error:
            raise ValueError(f"{taker} can't be built: {described(error)}") from error
    return list(resolved.items())


def _look_up(name: str, kind: _Namespace, only: Collection[str] | None) -> Any:
    """Return what has a name, or is imported by a name with a dot; `ValueError` if that is nothing, or no such kind."""
    called, things, base = kind
    if "." not in name:
        if name not in things:
            hint = did_you_mean(name, things) or "; a name with a dot is imported"
            raise ValueError(f"{name!r} is not {called}{hint}")
        return things[name]
    thing = _imported(name, only)
    if base and not _is_derived(thing, base):
        home = base.__module__.partition(".")[0]
        raise ValueError(
            f"{name!r} is not a class derived from {home}'s {base.__name__}"
        )
    if not base and not _may_be_used(thing):
        problem = "a class derived from torch's Module, not an initialiser of torch.nn.init, and not defined in nets/"
        raise ValueError(f"{name!r} is not {problem}")
    return thing


def _may_be_used(thing: object) -> bool:
    """Whether an imported object can be a parameter of a module, which calls it with whatever a net has."""
    while isinstance(thing, partial):
        thing = thing.func
    if not (callable(thing) or inspect.ismodule(thing)):
        return True  # does no harm: a number, a type of torch's
    named = inspect.isclass(thing) or inspect.isroutine(thing)
    home = str((thing if named else type(thing)).__module__).partition(".")[0]
    if _is_derived(thing, nn.Module) or _is_initialiser(thing):
        return True
    return callable(thing) and home == NETS


def _is_derived(thing: object, base: type) -> bool:
    return inspect.isclass(thing) and issubclass(thing, base)


def _imported(name: str, only: Collection[str] | None) -> Any:
    """Return the object with a dotted name; `ValueError`, before anything is imported, if it may not be from there."""
    home, _, last = name.rpartition(".")
    first = name.partition(".")[0]
    if only is not None and first not in only:
        raise ValueError(f"{name!r} is not from {join_words(sorted(only), 'or')}")
    spec = importlib.util.find_spec(first)
    if spec is None:
        hint = f"what is in {NETS}/my_net.py is named as in {NETS}.my_net.Net"
        raise ValueError(
            f"{name!r} can't be imported: no package {first!r} is installed; {hint}"
        )
    no_file = spec.origin is None and Path(first).is_dir()
    if first not in HOMES and (no_file or relative_to_here(spec.origin)):
        raise ValueError(
            f"{name!r} is not in {NETS}/, the only code of yours that DVC watches; move the code there, and write "
            f"{NETS}.{name}"
        )
    try:
        return getattr(importlib.import_module(home), last)
    except RAISED as error:  # raised by the user's own code, where it has a place
        text = str(error)
        if isinstance(error, SyntaxError):
            text = error.msg  # without its place
        reason = f"{type(error).__name__}: {text}"
        if place := own_place(error):
            reason += f", at {place}"
        elif isinstance(error, AttributeError):
            reason += did_you_mean(last, dir(importlib.import_module(home)))
        raise ValueError(f"{name!r} can't be imported: {reason}") from error
