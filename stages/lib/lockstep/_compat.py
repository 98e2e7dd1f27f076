"""The private parts of other libraries that the engine rests on; all of them stand here.

Tried with scikit-learn 1.9.1, joblib 1.6.0, skorch 1.4.0 and torch 2.13.0. Where one of them is not as expected,
nothing is recognised, and every fit runs as under any other backend.
"""

import copy
import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np
import torch
from joblib.hashing import NumpyHasher
from joblib.parallel import BatchedCalls
from sklearn.base import BaseEstimator
from sklearn.model_selection import _validation
from torch._guards import TracingContext, tracing
from torch._subclasses.fake_tensor import FakeTensorMode

# What scikit-learn's searches and cross-validation run for each candidate and split.
_FITS = ("_fit_and_score", "_fit_and_predict")


@cache
def _signatures() -> dict[Callable[..., Any], inspect.Signature]:
    fits = (getattr(_validation, name, None) for name in _FITS)
    return {fit: inspect.signature(fit) for fit in fits if fit is not None}


def missing_parts() -> list[str]:
    """Return which of scikit-learn's functions are not there, or do not take what the engine hands to them."""
    found = {fit.__name__: signature for fit, signature in _signatures().items()}
    needed = {"estimator", "X", "y", "train", "test", "fit_params"}
    return [name for name in _FITS if name not in found or not needed <= set(found[name].parameters)]


@dataclass(frozen=True)
class FitCall:
    """One fit that a search asks for: the parts of joblib's call that the engine looks at."""

    batch: BatchedCalls  # it runs under the nested backend
    item: tuple[Any, tuple[Any, ...], dict[str, Any]]  # the wrapped function, its positional and keyword arguments
    estimator: BaseEstimator  # without the candidate's parameters
    parameters: dict[str, Any] | None
    fit_params: dict[str, Any]  # what the estimator's `fit` is given besides rows and targets
    X: Any
    y: Any
    train: np.ndarray  # the numbers of the rows to train on
    test: np.ndarray

    def run(self) -> Any:
        """Run the fit as it is, under scikit-learn's configuration, and return its result."""
        (result,) = run_items(self.batch, [self.item])
        return result


def fit_call(batch: BatchedCalls, item: Any) -> FitCall | None:
    """Read one of a batch's calls, if it is a fit."""
    function, args, kwargs = item
    signature = _signatures().get(getattr(function, "function", function))  # in scikit-learn's _FuncWrapper
    if signature is None or missing_parts():
        return None
    given = signature.bind(*args, **kwargs).arguments
    fit_params = {key: value for key, value in (given.get("fit_params") or {}).items() if value is not None}
    rows = (given["X"], given["y"], np.asarray(given["train"]), np.asarray(given["test"]))
    return FitCall(batch, item, given["estimator"], given.get("parameters"), fit_params, *rows)


def run_items(batch: BatchedCalls, items: list[Any]) -> list[Any]:
    """Run some of a batch's calls as joblib would."""
    part = copy.copy(batch)
    part.items = items
    return list(part())


class _Hasher(NumpyHasher):
    """joblib's hash, of classes and functions that can't be pickled as well: in this process they are who they are."""

    def save(self, obj: Any) -> None:
        """Feed an object to the hash."""
        if isinstance(obj, type):
            obj = ("class", id(obj))
        elif isinstance(obj, FunctionType):
            cells = [cell.cell_contents for cell in obj.__closure__ or ()]
            obj = ("function", id(obj.__code__), cells, obj.__defaults__, obj.__kwdefaults__)
        elif isinstance(obj, torch.Tensor):
            obj = ("tensor", str(obj.dtype), obj.requires_grad, obj.detach().cpu().numpy())
        super().save(obj)


def fingerprint(thing: Any) -> str:
    """Return a hash that equal things share in this process; raises where a thing can't be pickled."""
    return _Hasher("md5").hash(thing)


def noting_shapes() -> AbstractContextManager[Any]:
    """Let `make_fx` note all shapes in one mode; alone, it builds one for each operation, half of a trace's time."""
    return tracing(TracingContext(FakeTensorMode(allow_fallback_kernels=True)))
