"""The mechanism of models without a net: a model is a few arrays, checked as they are read, and predicts from them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

Arrays = dict[str, np.ndarray]
# The types that an array may have, separated by blanks, and its shape; a name stands for any length.
Form = tuple[Any, ...]


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
        """Check and take the arrays of a file; raises `ValueError` if they don't fit, `KeyError` if one is missing."""
        model = cls(**_taken(arrays, cls.forms(n_columns, n_classes)))
        if problem := next(model.problems(n_columns, n_classes), None):
            raise ValueError(problem)
        return model

    def problems(self, n_columns: int, n_classes: int) -> Iterator[str]:
        """Yield what does not go together, as sentences; a model of shares has them in `values`."""
        if n_classes and not self.log_odds:
            shares = vars(self)["values"]
            if (shares < 0).any() or not np.allclose(shares.sum(axis=-1), 1):
                yield "values are not shares of classes"

    @abstractmethod
    def outputs(self, X: np.ndarray) -> np.ndarray:
        """Return what the model computes for prepared rows, shape (n_rows, n_outputs).

        That is the number that a regression predicts; a share for each class; or its log-odds, of two classes those of
        the second one alone.
        """


def _taken(arrays: Mapping[str, np.ndarray], forms: Mapping[str, Form]) -> Arrays:
    sizes: dict[Any, int] = {}
    for name, (types, *shape) in forms.items():
        array, wanted = arrays[name], [sizes.get(size, size) for size in shape]
        fits = array.ndim == len(wanted) and all(
            isinstance(size, str) or size == length for size, length in zip(wanted, array.shape, strict=True)
        )
        if array.dtype.name not in types.split() or not fits:
            raise ValueError(
                f"{name} is {array.dtype.name} of shape {array.shape}, not {' or '.join(types.split())} of shape "
                f"({', '.join(map(str, wanted))})"
            )
        sizes |= {size: length for size, length in zip(shape, array.shape, strict=True) if isinstance(size, str)}
    return {name: arrays[name] for name in forms}
