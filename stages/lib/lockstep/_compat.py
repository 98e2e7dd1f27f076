"""The private parts of other libraries that the engine rests on; all of them stand here.

Tried with scikit-learn 1.9.1, joblib 1.6.0, skorch 1.4.0 and torch 2.13.0. Where one of them is not as expected,
nothing is recognised, and every fit runs as under any other backend.
"""

import hashlib
import inspect
import io
import pickle
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from types import FunctionType
from typing import Any

import torch
from joblib.parallel import BatchedCalls
from sklearn.model_selection import _validation
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


class _Hashed(pickle.Pickler):
    """Pickles classes and functions that can't be as well: in this process they are who they are."""

    def reducer_override(self, obj: Any) -> Any:
        """Return what an object is made of, as far as pickle is not to find out."""
        if isinstance(obj, type):
            return id, (id(obj),)
        if isinstance(obj, FunctionType):
            cells = [cell.cell_contents for cell in obj.__closure__ or ()]
            return id, (id(obj.__code__), cells, obj.__defaults__, obj.__kwdefaults__)
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
