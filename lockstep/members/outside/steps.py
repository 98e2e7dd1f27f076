"""Hashes of the code of a net's steps, with what this reads from outside of the net."""

import io
from typing import Any

from skorch import NeuralNet
from torch import nn
from torch.nn.utils.parametrize import type_before_parametrizations

from lockstep._compat import global_hooks
from lockstep.members.fingerprint import Hashed, digest
from lockstep.members.outside.reads import OF_ANY_CLASS, Read, named, own_classes_of
from lockstep.members.own_code import OF_A_STEP, mentioned_in

# Hashes of steps that read nothing but what is fixed, with what they read, by the classes of a net and its parts.
_KEPT: dict[tuple[Any, ...], tuple[str, list[Read]]] = {}


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
    pickler = Hashed(pickled, {})
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
