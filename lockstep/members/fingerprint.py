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

    def read_by(self, function: FunctionType) -> list[Any]:
        """Return the global numbers and texts that a function reads, and the code of the functions that it calls."""
        called = {name: function.__globals__.get(name) for name in function.__code__.co_names}
        plain = [(name, value) for name, value in called.items() if isinstance(value, bool | int | float | str)]
        return [plain, [_code(each.__code__) for each in called.values() if isinstance(each, FunctionType)]]

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
            about = cells, obj.__defaults__, obj.__kwdefaults__, vars(obj)
            return id, (_code(obj.__code__), self.read_by(obj), *about)
        if isinstance(obj, BaseEstimator) and not isinstance(obj, NeuralNet):  # its state may leave settings out
            return id, (id(type(obj)), obj.get_params(deep=False), obj.__reduce_ex__(4)[2:])
        if isinstance(obj, torch.Tensor):
            dense = obj.detach().cpu().to_dense()
            numbers = dense.float() if obj.dtype is torch.bfloat16 else dense  # which numpy does not have
            return id, (str(obj.dtype), obj.requires_grad, numbers.numpy())
        return NotImplemented


def fingerprint(thing: Any, names: dict[int, str] | None = None, how: type[Hashed] = Hashed) -> str:
    """Return a hash that is equal, in this process, for objects that are built alike; raises if one can't be pickled.

    For objects whose `id` is in `names`, only the name counts.
    """
    pickled = io.BytesIO()
    how(pickled, names or {}).dump(thing)
    return digest(pickled)


def digest(pickled: io.BytesIO) -> str:
    """Return the hash of what was written."""
    return hashlib.md5(pickled.getbuffer(), usedforsecurity=False).hexdigest()
