"""The private parts of scikit-learn, joblib, skorch and cloudpickle that the engine rests on; all of them stand here.

Tried with scikit-learn 1.9.1, joblib 1.6.0 and skorch 1.4.0. Where one of them is not as expected, nothing is
recognised, and every fit runs as under any other backend.
"""

import inspect
import io
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from cloudpickle import CloudPickler
from cloudpickle.cloudpickle import (  # type: ignore[import-untyped]
    _DYNAMIC_CLASS_TRACKER_BY_CLASS,
    _DYNAMIC_CLASS_TRACKER_BY_ID,
)
from joblib.parallel import BatchedCalls
from sklearn.model_selection import _validation
from skorch import NeuralNet

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


class _Packer(CloudPickler):
    """Takes nets with all that they have: skorch's own way, plain pickle, knows no class of a script or notebook.

    On their way back these classes go by name: cloudpickle would set their methods and attributes anew.
    """

    returns = False

    def reducer_override(self, obj: Any) -> Any:
        """Return how a net is put together again, or a class found."""
        if self.returns and isinstance(obj, type) and obj in _DYNAMIC_CLASS_TRACKER_BY_CLASS:
            return _sent, (_DYNAMIC_CLASS_TRACKER_BY_CLASS[obj],)
        if isinstance(obj, NeuralNet):
            return object.__new__, (type(obj),), vars(obj), None, None, _fill
        return super().reducer_override(obj)


def _fill(net: NeuralNet, attributes: dict[str, Any]) -> None:
    vars(net).update(attributes)


def _sent(name: str) -> type:
    found: type = _DYNAMIC_CLASS_TRACKER_BY_ID[name]
    return found


@dataclass
class Packed:
    """Something that has initialised nets in it, on its way to another process."""

    content: Any
    returns: bool = False

    def __reduce__(self) -> Any:
        stream = io.BytesIO()
        packer = _Packer(stream)
        packer.returns = self.returns
        packer.dump(self.content)
        return _unpacked, (stream.getvalue(),)


def _unpacked(data: bytes) -> Packed:
    return Packed(pickle.loads(data))
