"""Resolves names in params.yaml to the objects of torch and skorch that they stand for. Reports keep the name."""

import inspect
from collections.abc import Collection
from functools import partial
from typing import Any

import skorch
import torch
from skorch import NeuralNet
from torch import nn
from torch.optim import Optimizer

from stages.lib.model.callbacks import resolve_callbacks, resolve_parameter
from stages.lib.model.imports import derived, is_own, look_up


def _is_initialiser(thing: object) -> bool:
    named = inspect.isfunction(thing) and thing.__name__.endswith("_") and not thing.__name__.startswith("_")
    return named and getattr(thing, "__module__", None) == nn.init.__name__


_LAYERS = derived(nn, nn.Module)
_LOSSES = {name: layer for name, layer in _LAYERS.items() if name.endswith("Loss")}
_OPTIMIZERS = {name: each for name, each in derived(torch.optim, Optimizer).items() if each is not Optimizer}
_INITIALISERS = {name: thing for name, thing in vars(nn.init).items() if _is_initialiser(thing)}
# By key: what a name stands for, the things that have names, and from what an imported class is derived.
_BY_KEY: dict[str, tuple[str, dict[str, Any], type | None]] = {
    "wrapper": ("a net of skorch", derived(skorch, NeuralNet), NeuralNet),
    "module": ("a module of torch.nn", _LAYERS, nn.Module),
    "optimizer": ("an optimizer of torch.optim", _OPTIMIZERS, Optimizer),
    "criterion": ("a loss of torch.nn", _LOSSES, nn.Module),
    "module__activation": ("an activation of torch.nn", _LAYERS, nn.Module),
    "module__weight_init": ("an initialiser of torch.nn.init", _INITIALISERS, None),
}
_OF_A_MODULE = ("a module of torch.nn or an initialiser of torch.nn.init", _LAYERS | _INITIALISERS, None)

# What other libraries call what torch and skorch have: keys, losses, initialisers and layers.
_ELSEWHERE = {
    **{"batchsize": "batch_size", "epochs": "max_epochs", "n_epochs": "max_epochs", "learning_rate": "lr"},
    **{"shuffle": "iterator_train__shuffle"} | {key: f"optimizer__{key}" for key in ("momentum", "weight_decay")},
    **{"binary_crossentropy": "BCELoss", "categorical_crossentropy": "CrossEntropyLoss", "mse": "MSELoss"},
    **{"he_normal": "kaiming_normal_", "he_uniform": "kaiming_uniform_", "linear": "Identity", "swish": "SiLU"},
}


def called_here(word: str) -> str:
    """Return `"; it is called SiLU here"` for another library's name of an object or a key, or "" for other words."""
    return f"; it is called {_ELSEWHERE[word.lower()]} here" if word.lower() in _ELSEWHERE else ""


def resolve(key: str, value: Any, only: Collection[str] | None = None) -> Any:
    """Return the object that `value` stands for as the setting `key`.

    Numbers, booleans and None stand for themselves, a list of numbers for a tuple, and a name for an object: `Adamax`
    as `optimizer` is `torch.optim.Adamax`; as a parameter of the module, `ReLU` is `torch.nn.ReLU`, and
    `kaiming_uniform_` is `torch.nn.init.kaiming_uniform_`. A name with a dot is `imported`, `only` from
    some packages. Other strings stand for themselves. `callbacks` stands for a list of names and skorch's
    callbacks. Raises `ValueError` if there is no such name (it suggests the closest one), or if the imported object is
    of the wrong kind.
    """
    if key == "callbacks":
        return resolve_callbacks(value, only)
    if key.startswith("callbacks__"):
        return resolve_parameter(key, value, only)
    if isinstance(value, list):
        return tuple(value)
    if not isinstance(value, str) or not (key in _BY_KEY or key.startswith("module__")):
        return value
    kind, things, base = _BY_KEY.get(key, _OF_A_MODULE)
    is_elsewhere = _ELSEWHERE.get(value.lower()) in things
    thing = look_up(value, kind, things, base, only, called_here(value) if is_elsewhere else "")
    if "." in value and (problem := _wrong_kind(thing, base)):
        raise ValueError(f"{value!r} is {problem}")
    return thing


def _wrong_kind(thing: object, base: type | None) -> str:
    """Return why an imported object can't be a setting, which is called or built with whatever a net has, or ""."""
    if thing is Optimizer:
        return "the base of the optimizers; name one of them, such as Adam"
    if base:
        return ""
    while isinstance(thing, partial):
        thing = thing.func
    is_yours, is_initialiser = callable(thing) and is_own(thing), _is_initialiser(thing)
    is_layer = inspect.isclass(thing) and issubclass(thing, nn.Module)
    # What can't be called can do no harm: a number, a type of torch's.
    if is_yours or is_initialiser or is_layer or not (callable(thing) or inspect.ismodule(thing)):
        return ""
    return "not a class derived from torch's Module, not an initialiser of torch.nn.init, and not defined in nets/"
