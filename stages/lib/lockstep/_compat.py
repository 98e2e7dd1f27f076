"""The private parts of other libraries that the engine rests on; all of them stand here.

Tried with scikit-learn 1.9.1, joblib 1.6.0, skorch 1.4.0 and torch 2.13.0. Where one of them is not as expected,
nothing is recognised, and every fit runs as under any other backend.
"""

import hashlib
import inspect
import io
import marshal
import pickle
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from types import CodeType, FunctionType
from typing import Any

import torch
from cloudpickle import CloudPickler
from joblib.parallel import BatchedCalls
from sklearn.model_selection import _validation
from skorch import NeuralNet
from torch._guards import TracingContext, tracing
from torch._subclasses.fake_tensor import FakeTensorMode

# What scikit-learn's searches and cross-validation run for each candidate and split.
_FITS = ("_fit_and_score", "_fit_and_predict")


@cache
def _signatures() -> dict[Callable[..., Any], inspect.Signature]:
    """Return the signatures of those functions that are there and take what the engine reads."""
    found = {fit: inspect.signature(fit) for name in _FITS if (fit := getattr(_validation, name, None))}
    read = {"estimator", "X", "y", "train", "test", "fit_params"}
    return {fit: signature for fit, signature in found.items() if read <= signature.parameters.keys()}


def missing_parts() -> list[str]:
    """Return the names of the others."""
    return [name for name in _FITS if getattr(_validation, name, None) not in _signatures()]


def fit_arguments(batch: BatchedCalls) -> dict[str, Any] | None:
    """Return the arguments of a call that joblib is to run, if it is a fit; searches hand over their fits singly."""
    function, args, kwargs = batch.items[0]
    signature = _signatures().get(getattr(function, "function", function))  # in scikit-learn's _FuncWrapper
    return signature.bind(*args, **kwargs).arguments if signature and len(batch.items) == 1 else None


@cache
def _code(code: CodeType) -> bytes:
    return marshal.dumps(code, 2)  # later versions write the same code in several ways


class _Hashed(pickle.Pickler):
    """Pickles classes and functions that can't be as well: classes by who they are, functions by their code."""

    def reducer_override(self, obj: Any) -> Any:
        """Return what an object is made of, as far as pickle is not to find out."""
        if isinstance(obj, type):
            return id, (id(obj),)
        if isinstance(obj, FunctionType):
            cells = [cell.cell_contents for cell in obj.__closure__ or ()]
            called = [obj.__globals__.get(name) for name in obj.__code__.co_names]
            codes = [_code(each.__code__) for each in (obj, *called) if isinstance(each, FunctionType)]
            return id, (codes, cells, obj.__defaults__, obj.__kwdefaults__)
        if isinstance(obj, torch.Tensor):
            return id, (str(obj.dtype), obj.requires_grad, obj.detach().cpu().numpy())
        return NotImplemented


def fingerprint(thing: Any) -> str:
    """Return a hash that things share in this process that are built alike; raises where a thing can't be pickled."""
    pickled = io.BytesIO()
    _Hashed(pickled).dump(thing)
    return hashlib.md5(pickled.getbuffer(), usedforsecurity=False).hexdigest()


def noting_shapes() -> AbstractContextManager[Any]:
    """Let `make_fx` note all shapes in one mode; alone, it builds one for each operation, half of a trace's time."""
    return tracing(TracingContext(FakeTensorMode(allow_fallback_kernels=True)))


class _Packer(CloudPickler):
    """Takes nets with all that they have: skorch's own way, plain pickle, knows no class of a script or notebook."""

    def reducer_override(self, obj: Any) -> Any:
        """Return how a net is put together again."""
        if isinstance(obj, NeuralNet):
            return object.__new__, (type(obj),), vars(obj), None, None, _fill
        return super().reducer_override(obj)


def _fill(net: NeuralNet, attributes: dict[str, Any]) -> None:
    vars(net).update(attributes)


@dataclass
class Packed:
    """Something that has initialised nets in it, on its way to another process."""

    content: Any

    def __reduce__(self) -> Any:
        stream = io.BytesIO()
        _Packer(stream).dump(self.content)
        return _unpacked, (stream.getvalue(),)


def _unpacked(data: bytes) -> Packed:
    return Packed(pickle.loads(data))
