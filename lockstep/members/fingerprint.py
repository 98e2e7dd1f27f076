"""Tells whether two things are built alike, also those that pickle knows nothing of."""

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


class _Hashed(pickle.Pickler):
    """Pickles classes and functions that can't be as well: classes by who they are, functions by their code."""

    def __init__(self, file: io.BytesIO, names: dict[int, str]) -> None:
        super().__init__(file)
        self._begun: set[FunctionType] = set()
        self._names = names

    def reducer_override(self, obj: Any) -> Any:
        """Return what an object is made of, as far as pickle is not to find out."""
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
    """Return a hash that things share in this process that are built alike; raises where a thing can't be pickled.

    Of objects whose `id` is in `names`, the name counts alone.
    """
    pickled = io.BytesIO()
    _Hashed(pickled, names or {}).dump(thing)
    return hashlib.md5(pickled.getbuffer(), usedforsecurity=False).hexdigest()
