"""Says whether what torch and the kernel compute of rows is the same but for rounding."""

import torch
from torch import Tensor


def is_close(one: Tensor, other: Tensor, share: float) -> bool:
    """Whether tensors of one shape differ by no more than a share of the largest finite number of the second."""
    finite = other[other.isfinite()].abs()
    largest = float(finite.max()) if len(finite) else 0.0
    return torch.allclose(
        one.double(), other.double(), rtol=0, atol=share * largest, equal_nan=True
    )
