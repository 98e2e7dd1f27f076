"""Tells whether two objects are built alike, including objects that can't be pickled."""

import hashlib
import io
import marshal
import pickle
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

import torch
from sklearn.base import BaseEstimator
from skorch import NeuralNet


@cache
def _code(code: CodeType) -> bytes:
    return marshal.dumps(code, 2)  # later versions write the same code in several ways


class Hashed(pickle.Pickler):
    """Also pickles classes by identity and functions by their code, where pickle can't."""

    def __init__(self, file: Any, names: dict[int, str], protocol: int | None = None) -> None:
        super().__init__(file, protocol)
        self._begun: set[FunctionType] = set()
        self._names = names

    def reducer_override(self, obj: Any) -> Any:
        """Return the parts of an object that pickle would not hash as wanted."""
        if id(obj) in self._names:
            return id, (self._names[id(obj)],)
        if isinstance(obj, type | ModuleType):
            return id, (id(obj),)
        if isinstance(obj, FunctionType):
            if obj in self._begun:  # it calls itself
                return id, (obj.__name__,)
            self._begun.add(obj)
            cells = [cell.cell_contents for cell in obj.__closure__ or ()]
            called = {name: obj.__globals__.get(name) for name in obj.__code__.co_names}
            plain = [(name, value) for name, value in called.items() if isinstance(value, bool | int | float | str)]
            codes = [_code(each.__code__) for each in (obj, *called.values()) if isinstance(each, FunctionType)]
            return id, (codes, plain, cells, obj.__defaults__, obj.__kwdefaults__, vars(obj))
        if isinstance(obj, BaseEstimator) and not isinstance(obj, NeuralNet):  # its state may leave settings out
            return id, (id(type(obj)), obj.get_params(deep=False), obj.__reduce_ex__(4)[2:])
        if isinstance(obj, torch.Tensor):
            return id, (str(obj.dtype), obj.requires_grad, obj.detach().cpu().numpy())
        return NotImplemented


def fingerprint(thing: Any, names: dict[int, str] | None = None) -> str:
    """Return a hash that is equal, in this process, for objects that are built alike; raises if one can't be pickled.

    For objects whose `id` is in `names`, only the name counts.
    """
    pickled = io.BytesIO()
    Hashed(pickled, names or {}).dump(thing)
    return hashlib.md5(pickled.getbuffer(), usedforsecurity=False).hexdigest()
