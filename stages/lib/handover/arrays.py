"""The arrays of a model file, and the mechanism of models without a net, which predict from a few of them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch

Tensors = dict[str, torch.Tensor]
Arrays = dict[str, np.ndarray]
# The types that an array may have, separated by blanks, and its shape; a name stands for any length.
Form = tuple[Any, ...]


def named(arrays: Mapping[str, np.ndarray], prefix: str = "") -> Tensors:
    """Return arrays as tensors whose names begin with a prefix."""
    return {f"{prefix}{name}": torch.from_numpy(np.ascontiguousarray(values)) for name, values in arrays.items()}


def part(tensors: Tensors, prefix: str) -> Tensors:
    """Return the tensors whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


@dataclass(frozen=True)
class ArrayModel(ABC):
    """A model whose fields are the arrays of its file."""

    # Whether its outputs are log-odds, which become shares of classes; otherwise they are these shares.
    log_odds: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def of(cls, fitted: Any) -> Self:
        """Return what an estimator of scikit-learn has learned."""

    @classmethod
    @abstractmethod
    def forms(cls, n_columns: int, n_classes: int) -> dict[str, Form]:
        """Return the form of each array; `n_classes` is 0 for a regression."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], n_columns: int, n_classes: int) -> Self:
        """Take the arrays of a file; raises `ValueError` if their forms don't fit, `KeyError` if one is missing."""
        sizes: dict[Any, int] = {}
        forms = cls.forms(n_columns, n_classes)
        for name, (types, *shape) in forms.items():
            array, wanted = arrays[name], tuple(sizes.get(size, size) for size in shape)
            lengths = dict(zip(wanted, array.shape, strict=False))
            fits = all(isinstance(size, str) or size == length for size, length in lengths.items())
            if array.dtype.name not in types.split() or array.ndim != len(wanted) or not fits:
                raise ValueError(f"{name} is {array.dtype.name} of shape {array.shape}, not {types} of shape {wanted}")
            sizes |= {size: length for size, length in lengths.items() if isinstance(size, str)}
        return cls(**{name: arrays[name] for name in forms})

    @abstractmethod
    def outputs(self, X: np.ndarray) -> np.ndarray:
        """Return what the model computes for prepared rows, shape (n_rows, n_outputs).

        That is the number that a regression predicts; a share for each class; or its log-odds, of two classes those of
        the second one alone.
        """
