"""Tells whether two objects are built alike, including objects that can't be pickled."""

import hashlib
import io
import marshal
import pickle
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from threading import Lock, RLock
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    MappingProxyType,
    MethodType,
    ModuleType,
    SimpleNamespace,
)
from typing import Any
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

import torch
from sklearn.base import BaseEstimator
from skorch import NeuralNet

from lockstep._compat import COMPILED
from lockstep.members.reads import Read, bare, is_installed, kept_by, read_by
from lockstep.members.refusals import SCRIPTED, RefusalError

# What counts of objects that pickle can't write: nothing of locks, and of what belongs to others.
_VALUES: dict[Any, Callable[[Any], Any]] = {
    MappingProxyType: dict,
    ContextVar: lambda variable: variable.get(None),
    torch.jit.ScriptFunction: lambda function: function.code,
    **dict.fromkeys(
        (type(torch.ops.aten.relu), type(torch.ops.aten.relu.default)), str
    ),
    **dict.fromkeys(
        (type(Lock()), type(RLock()), WeakKeyDictionary, WeakValueDictionary, WeakSet),
        lambda thing: None,
    ),
}

# What can change only by another object in its place.
_FIXED = (
    bool,
    int,
    float,
    str,
    type(None),
    type,
    FunctionType,
    BuiltinFunctionType,
    ModuleType,
    torch.dtype,
)


@cache
def _code(code: CodeType) -> bytes:
    return marshal.dumps(code, 2)  # later versions write the same code in several ways


class Hashed(pickle.Pickler):
    """Also pickles what pickle can't: classes by identity, and functions by their code and what they read outside.

    Keeps nothing but the hash of what is written, because a table may be large. For objects whose `id` is in `names`,
    only the name counts.
    """

    def __init__(
        self, names: dict[int, str] | None = None, protocol: int | None = None
    ) -> None:
        self.sha256 = hashlib.sha256()
        super().__init__(SimpleNamespace(write=self.sha256.update), protocol)
        self._begun: set[FunctionType] = set()
        self._names = names or {}
        self.read: list[Read] = []
        self.is_fixed = True  # whether nothing that was read can change without another object in its place

    def of(self, thing: Any) -> str:
        """Return the hash of an object; raises what pickle raises."""
        self.dump(thing)
        return self.sha256.hexdigest()

    def read_by(self, function: FunctionType) -> list[Any]:
        """Return what a function of the user's own reads from outside."""
        # A wrapper takes the `__module__` of what it wraps.
        if is_installed(function.__globals__.get("__name__")):
            return []
        return self.named(
            read_by(function), *kept_by(function), *vars(function).values()
        )

    def named(self, read: list[Read], *held: Any) -> list[tuple[str, Any]]:
        """Note what is read, beside what code has `held` itself, and return it after its names."""
        self.read += read
        values = (*held, *(value for *_, value in read))
        self.is_fixed &= all(isinstance(bare(each), _FIXED) for each in values)
        return [(name, bare(value)) for _, name, value in read]

    def reducer_override(self, obj: Any) -> Any:
        """Return the parts of an object that pickle would not hash as wanted."""
        if id(obj) in self._names:
            return id, (self._names[id(obj)],)
        if isinstance(obj, type | ModuleType) or (
            isinstance(obj, BuiltinFunctionType) and obj is not id
        ):
            return id, (id(obj),)
        if isinstance(obj, FunctionType):
            if hasattr(obj, COMPILED):
                raise RefusalError(
                    "a step calls what torch.compile has made",
                    "leave torch.compile out of the search",
                )
            if obj in self._begun:  # it calls itself
                return id, (obj.__name__,)
            self._begun.add(obj)
            cells = [cell.cell_contents for cell in obj.__closure__ or ()]
            about = cells, obj.__defaults__, obj.__kwdefaults__, vars(obj)
            return id, (_code(obj.__code__), self.read_by(obj), *about)
        if isinstance(obj, MethodType):
            return id, (obj.__self__, obj.__func__)
        if isinstance(obj, torch.jit.ScriptModule):
            raise RefusalError(*SCRIPTED)
        if isinstance(obj, io.IOBase):
            return id, (None,)
        if type(obj) in _VALUES:
            return id, (_VALUES[type(obj)](obj),)
        # The state of an estimator may leave settings out.
        if isinstance(obj, BaseEstimator) and not isinstance(obj, NeuralNet):
            return id, (type(obj), obj.get_params(deep=False), obj.__reduce_ex__(4)[2:])
        if isinstance(obj, torch.Tensor):
            dense = obj.detach().cpu().to_dense()
            # numpy has no bfloat16.
            if obj.dtype is torch.bfloat16:
                dense = dense.float()
            return id, (str(obj.dtype), obj.requires_grad, dense.numpy())
        return NotImplemented


def fingerprint(thing: Any, names: dict[int, str] | None = None) -> str:
    """Return a hash that is equal, in this process, for objects that are built alike; raises what pickle raises."""
    return Hashed(names).of(thing)
