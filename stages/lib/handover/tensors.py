"""The tensors of a model file, whose names say what they are of."""

from collections.abc import Collection, Mapping

import numpy as np
import torch
from sklearn.base import BaseEstimator

from stages.lib.common import Output
from stages.lib.model.preparation import Preparation, numbers, take_over

Tensors = dict[str, torch.Tensor]

# A broken file may have names of any length.
LONGEST = 600

# Prefixes of the tensors' names, so that a module can give its parts any names.
_PREPARE, _TARGET = "prepare.", "target."


def named(prefix: str, arrays: Mapping[str, np.ndarray]) -> Tensors:
    """Return arrays as tensors whose names begin with a prefix."""
    return {f"{prefix}{name}": torch.from_numpy(np.ascontiguousarray(values)) for name, values in arrays.items()}


def part(tensors: Tensors, prefix: str) -> Tensors:
    """Return the tensors whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def arrays_of(tensors: Tensors, prefix: str) -> dict[str, np.ndarray]:
    """Return the same as arrays."""
    return {name: tensor.numpy() for name, tensor in part(tensors, prefix).items()}


def learned(preparation: Preparation | None, scaler: BaseEstimator | None) -> Tensors:
    """Return what a preparation, and the scaler of the target, have learned."""
    tensors = named(_PREPARE, preparation.learned()) if preparation is not None else {}
    return tensors | (named(_TARGET, dict(numbers(scaler))) if scaler is not None else {})


def restore(preparation: Preparation | None, scaler: BaseEstimator | None, tensors: Tensors) -> None:
    """Give them what `learned` returned; raises `ValueError` or `KeyError` if it is not of these columns."""
    if preparation is not None:
        preparation.take_over(arrays_of(tensors, _PREPARE))
    if scaler is not None:
        take_over(scaler, arrays_of(tensors, _TARGET))


def check_finite(output: Output, tensors: Tensors, may_be_infinite: Collection[str]) -> None:
    """Raise `UserError` if a number is NaN, or infinite in a tensor that may not have such."""
    for name, tensor in tensors.items():
        if bool((tensor.isnan() if name in may_be_infinite else ~tensor.isfinite()).any()):
            raise output.refused(f": {name[:LONGEST]} has numbers that are not finite, so the model predicts nothing")
