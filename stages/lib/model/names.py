"""Resolves names in params.yaml to the objects of torch and skorch that they stand for. Reports keep the name."""

import inspect
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import skorch
import torch
from skorch import NeuralNet
from torch import nn
from torch.optim import Optimizer

from stages.lib.common import did_you_mean
from stages.lib.model.callbacks import resolve_callbacks, resolve_parameter
from stages.lib.model.source import imported, own_file


def _is_layer(thing: object) -> bool:
    return inspect.isclass(thing) and issubclass(thing, nn.Module)


def _is_initialiser(thing: object) -> bool:
    named = inspect.isfunction(thing) and thing.__name__.endswith("_") and not thing.__name__.startswith("_")
    return named and getattr(thing, "__module__", None) == nn.init.__name__


# Where a name is looked up, and what belongs there.
Namespace = tuple[str, ModuleType, Callable[[Any], bool]]
_LAYERS: Namespace = ("a module of torch.nn", nn, _is_layer)
_INITIALISERS: Namespace = ("an initialiser of torch.nn.init", nn.init, _is_initialiser)
_BY_KEY: dict[str, Namespace] = {
    "wrapper": ("a net of skorch", skorch, lambda thing: inspect.isclass(thing) and issubclass(thing, NeuralNet)),
    "module": _LAYERS,
    "optimizer": (
        "an optimizer of torch.optim",
        torch.optim,
        lambda thing: inspect.isclass(thing) and issubclass(thing, Optimizer) and thing is not Optimizer,
    ),
    "criterion": ("a loss of torch.nn", nn, lambda thing: _is_layer(thing) and thing.__name__.endswith("Loss")),
    "module__activation": ("an activation of torch.nn", nn, _is_layer),
    "module__weight_init": _INITIALISERS,
}

# What other libraries, or people, call what torch and skorch have: objects, and keys.
_ELSEWHERE = {
    "batchsize": "batch_size",
    "binary_crossentropy": "BCELoss",
    "categorical_crossentropy": "CrossEntropyLoss",
    "cross_entropy": "CrossEntropyLoss",
    "epochs": "max_epochs",
    "glorot_normal": "xavier_normal_",
    "glorot_uniform": "xavier_uniform_",
    "he_normal": "kaiming_normal_",
    "he_uniform": "kaiming_uniform_",
    "learning_rate": "lr",
    "linear": "Identity",
    "mae": "L1Loss",
    "mse": "MSELoss",
    "n_epochs": "max_epochs",
    "shuffle": "iterator_train__shuffle",
    "swish": "SiLU",
}
# What many optimizers take, whichever is set.
_OF_OPTIMIZERS = ("momentum", "weight_decay", "nesterov", "betas", "eps", "amsgrad", "alpha", "dampening")
_ELSEWHERE |= {key: f"optimizer__{key}" for key in _OF_OPTIMIZERS}

# An imported name must be a class derived from one of these.
_BASES: dict[str, type] = {
    "wrapper": NeuralNet,
    "module": nn.Module,
    "optimizer": Optimizer,
    "criterion": nn.Module,
    "module__activation": nn.Module,
}


def called_here(word: str) -> str:
    """Return `"; it is called SiLU here"` for another library's name of an object or a key, or "" for other words."""
    return f"; it is called {_ELSEWHERE[word.lower()]} here" if word.lower() in _ELSEWHERE else ""


def resolve(key: str, value: Any, source: str | None = None) -> Any:
    """Return the object that `value` stands for as the setting `key`.

    Numbers, booleans and None stand for themselves, a list of numbers for a tuple, and a name for an object: `Adamax`
    as `optimizer` is `torch.optim.Adamax`; as a parameter of the module, `ReLU` is `torch.nn.ReLU`, and
    `kaiming_uniform_` is `torch.nn.init.kaiming_uniform_`. A name with a dot is imported, from torch, skorch or the
    user's own code in `source`. Other strings stand for themselves. `callbacks` stands for a list of names and skorch's
    callbacks.

    Raises
    ------
    ValueError
        If there is no such name (it suggests the closest one), or if the imported object is of the wrong kind.
    """
    if key == "callbacks":
        return resolve_callbacks(value, source)
    if key.startswith("callbacks__"):
        return resolve_parameter(key, value, source)
    if isinstance(value, list):
        return tuple(value)
    if not isinstance(value, str) or not (key in _BY_KEY or key.startswith("module__")):
        return value
    if "." in value:
        thing = imported(value, _BASES.get(key), source)
        if problem := _wrong_kind(key, thing):
            raise ValueError(f"{value!r} is {problem}")
        return thing
    spaces = [_BY_KEY[key]] if key in _BY_KEY else [_LAYERS, _INITIALISERS]
    things = {name: thing for _, home, belongs in spaces for name, thing in vars(home).items() if belongs(thing)}
    if value not in things:
        kinds = " or ".join(kind for kind, _, _ in spaces)
        usual = called_here(value) if _ELSEWHERE.get(value.lower()) in things else did_you_mean(value, things)
        raise ValueError(f"{value!r} is not {kinds}{usual or '; a name with a dot is imported'}")
    return things[value]


def _wrong_kind(key: str, thing: object) -> str | None:
    """Return why an imported object can't be a setting, which is called or built with whatever a net has, or None."""
    if thing is Optimizer:
        return "the base of the optimizers; name one of them, such as Adam"
    if key in _BASES:
        return None
    while isinstance(thing, partial):
        thing = thing.func
    is_own = callable(thing) and own_file(thing) is not None
    if key == "module__weight_init":
        fits = _is_initialiser(thing) or (is_own and not inspect.isclass(thing))
        return None if fits else "not an initialiser of torch.nn.init, and not a function of your own file"
    # What can't be called can do no harm: a number, a type of torch's.
    if is_own or _is_initialiser(thing) or _is_layer(thing) or not (callable(thing) or inspect.ismodule(thing)):
        return None
    return (
        "not a class derived from torch's Module, not an initialiser of torch.nn.init, and not defined in your own file"
    )
