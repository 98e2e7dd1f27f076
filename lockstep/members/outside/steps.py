"""Hashes of the code of a net's steps, with what this reads from outside of the net."""

import io
from collections.abc import Callable
from contextvars import ContextVar
from io import IOBase
from threading import Lock, RLock
from types import BuiltinFunctionType, FunctionType, MappingProxyType, MethodType, ModuleType, NoneType
from typing import Any
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

import torch
from skorch import NeuralNet
from torch import nn
from torch.nn.utils.parametrize import type_before_parametrizations

from lockstep._compat import COMPILED, global_hooks
from lockstep.members.fingerprint import Hashed, digest
from lockstep.members.outside.reads import (
    OF_ANY_CLASS,
    Read,
    bare,
    is_installed,
    kept_by,
    named,
    own_classes_of,
    read_by,
)
from lockstep.members.own_code import OF_A_STEP, mentioned_in
from lockstep.members.refusals import RefusalError

# What counts of objects that pickle can't write: nothing of locks, and of what belongs to others.
_VALUES: dict[Any, Callable[[Any], Any]] = {
    MappingProxyType: dict,
    ContextVar: lambda variable: variable.get(None),
    torch.jit.ScriptFunction: lambda function: function.code,
    **dict.fromkeys((type(torch.ops.aten.relu), type(torch.ops.aten.relu.default)), str),
    **dict.fromkeys((type(Lock()), type(RLock()), WeakKeyDictionary, WeakValueDictionary, WeakSet), lambda thing: None),
}

# What can change only by another object in its place.
_FIXED = (bool, int, float, str, NoneType, type, FunctionType, BuiltinFunctionType, ModuleType, torch.dtype)

# Hashes of steps that read nothing but what is fixed, with what they read, by the classes of a net and its parts.
_KEPT: dict[tuple[Any, ...], tuple[str, list[Read]]] = {}


def value_of(obj: Any) -> tuple[Any] | None:
    """Return what counts of an object that pickle can't write, or whose writing says nothing; None for all others."""
    if isinstance(obj, IOBase):
        return (None,)
    value = _VALUES.get(type(obj))
    return None if value is None else (value(obj),)


class Deep(Hashed):
    """Also pickles functions of the user's own with what they read from outside, and what stands around functions."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.read: list[Read] = []
        self.is_fixed = True  # whether nothing that was read can change without another object in its place

    def read_by(self, function: FunctionType) -> list[Any]:
        """Return what a function reads from outside."""
        # A wrapper takes the `__module__` of what it wraps.
        if is_installed(function.__globals__.get("__name__")):
            return super().read_by(function)
        return self.named(read_by(function), *kept_by(function), *vars(function).values())

    def named(self, read: list[Read], *kept: Any) -> list[tuple[str, Any]]:
        """Note what is read, and return it after its names."""
        self.read += read
        self.is_fixed &= all(isinstance(bare(each), _FIXED) for each in (*kept, *(value for *_, value in read)))
        return [(name, bare(value)) for _, name, value in read]

    def reducer_override(self, obj: Any) -> Any:
        """Return the parts of an object that pickle would not hash as wanted."""
        if hasattr(obj, COMPILED) and isinstance(obj, FunctionType):
            raise RefusalError("a step calls what torch.compile has made", "leave torch.compile out of the search")
        if isinstance(obj, MethodType):
            return id, (obj.__self__, obj.__func__)
        if isinstance(obj, BuiltinFunctionType) and obj is not id:
            return id, (id(obj),)  # pickle looks for its module in all modules
        if (value := value_of(obj)) is not None:
            return id, value
        return super().reducer_override(obj)


def hash_of_steps(net: NeuralNet) -> str:
    """Return a hash of the code of a net's steps, with what this reads from outside; empty if it is all torch's.

    Raises what pickle raises.
    """
    parts = [(net, OF_A_STEP), (net.optimizer_, ("step",))]
    parts += [(layer, ("forward",)) for part in (net.module_, net.criterion_) for layer in part.modules()]
    own = [(part, methods, cls) for part, methods in parts if own_classes_of(cls := type_before_parametrizations(part))]
    held = [(cls, each) for part, _, cls in own for each in vars(part).values() if _is_own_object(each)]
    hooks, about = global_hooks(), tuple(cls for *_, cls in own)
    is_plain = not held and not any(hooks)
    if is_plain and about in _KEPT and all(space.get(name) is value for space, name, value in _KEPT[about][1]):
        return _KEPT[about][0]
    names = {cls: _names_of_steps(cls, methods) for _, methods, cls in own}
    code: list[Read] = [
        (vars(each), name, vars(each).get(name)) for cls in names for each in own_classes_of(cls) for name in names[cls]
    ]
    read = [item for item in code if item[1] in item[0]]
    read += [item for cls, each in held for item in named(each, names[cls])]
    if not read and is_plain:
        return ""
    pickled = io.BytesIO()
    pickler = Deep(pickled, {})
    pickler.dump([pickler.named(read), hooks])
    found = digest(pickled)
    if is_plain and pickler.is_fixed:
        _KEPT[about] = found, [*code, *pickler.read]
    return found


def _is_own_object(value: Any) -> bool:
    """Whether an attribute is an object of a class of the user's own, and no part of the net."""
    cls: Any = type(value)
    return bool(own_classes_of(cls)) and not isinstance(value, nn.Module)


def _names_of_steps(cls: type, methods: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names in these methods of a class, and in all of its own code that they call."""
    return tuple(sorted(mentioned_in(cls, *methods).union(methods).difference(OF_ANY_CLASS)))
