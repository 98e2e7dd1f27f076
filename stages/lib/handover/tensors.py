"""The tensors of a model file, whose names say what they are of."""

from collections.abc import Collection, Mapping

import numpy as np
import torch

from stages.lib.common import Output

Tensors = dict[str, torch.Tensor]

# A broken file may have names of any length.
LONGEST = 600


def named(arrays: Mapping[str, np.ndarray], prefix: str = "") -> Tensors:
    """Return arrays as tensors whose names begin with a prefix."""
    return {f"{prefix}{name}": torch.from_numpy(np.ascontiguousarray(values)) for name, values in arrays.items()}


def part(tensors: Tensors, prefix: str) -> Tensors:
    """Return the tensors whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def check_finite(output: Output, tensors: Tensors, may_be_infinite: Collection[str]) -> None:
    """Raise `UserError` if a number is NaN, or infinite in a tensor that may not have such."""
    for name, tensor in tensors.items():
        if bool((tensor.isnan() if name in may_be_infinite else ~tensor.isfinite()).any()):
            raise output.refused(f": {name[:LONGEST]} has numbers that are not finite, so the model predicts nothing")
