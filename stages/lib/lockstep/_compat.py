"""The private parts of other libraries that the engine rests on; all of them stand here.

Tried with scikit-learn 1.9.1, joblib 1.6.0 and skorch 1.4.0. Where one of them is not as expected, nothing is
recognised, and every fit runs as under any other backend.
"""

import copy
import inspect
from collections.abc import Callable
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
    """One fit that a search asks for.

    Parameters
    ----------
    batch : BatchedCalls
        joblib's call; it runs under the nested backend.
    item : tuple
        The wrapped function, its positional and its keyword arguments.
    arguments : dict
        The arguments by name.
    """

    batch: BatchedCalls
    item: tuple[Any, tuple[Any, ...], dict[str, Any]]
    arguments: dict[str, Any]

    @property
    def estimator(self) -> BaseEstimator:
        """Return the estimator, without the candidate's parameters."""
        return self.arguments["estimator"]

    @property
    def parameters(self) -> dict[str, Any] | None:
        """Return the candidate's parameters."""
        return self.arguments.get("parameters")

    @property
    def fit_params(self) -> dict[str, Any]:
        """Return what the estimator's `fit` is given besides rows and targets."""
        return {key: value for key, value in (self.arguments.get("fit_params") or {}).items() if value is not None}

    @property
    def rows(self) -> tuple[Any, Any]:
        """Return X and y, all of them."""
        return self.arguments["X"], self.arguments["y"]

    @property
    def train(self) -> np.ndarray:
        """Return the numbers of the rows to train on."""
        return np.asarray(self.arguments["train"])

    @property
    def test(self) -> np.ndarray:
        """Return the numbers of the rows to score on."""
        return np.asarray(self.arguments["test"])

    def run(self) -> Any:
        """Run the fit as it is, under scikit-learn's configuration, and return its result."""
        (result,) = run_items(self.batch, [self.item])
        return result


def run_items(batch: BatchedCalls, items: list[Any]) -> list[Any]:
    """Run some of a batch's calls as joblib would."""
    part = copy.copy(batch)
    part.items = items
    return list(part())


def fit_calls(batch: Any) -> list[FitCall | Any]:
    """Take a batch's items out of it, those that are fits as `FitCall`."""
    items: list[FitCall | Any] = []
    taken, batch.items = batch.items, []
    for item in taken:
        function, args, kwargs = item
        signature = _signatures().get(getattr(function, "function", function))  # in scikit-learn's _FuncWrapper
        if signature is None or missing_parts():
            items.append(item)
        else:
            items.append(FitCall(batch, item, signature.bind(*args, **kwargs).arguments))
    return items


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
