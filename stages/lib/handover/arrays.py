"""Takes arrays out of a file that may come from anywhere: each has to be there, of its type and shape, and finite."""

from collections.abc import Mapping

import numpy as np


def taken(arrays: Mapping[str, np.ndarray], name: str, dtype: str | tuple[str, ...], *shape: int | None) -> np.ndarray:
    """Return one of the arrays.

    Parameters
    ----------
    arrays : mapping of arrays
    name : str
    dtype : str, or tuple of str
        The types that it may have.
    *shape : int or None
        Its shape; None stands for any length.

    Raises
    ------
    ValueError
        A sentence, if the array is missing, is of another type or shape, or has numbers that are NaN.
    """
    if name not in arrays:
        raise ValueError(f"{name} is missing")
    found, types = arrays[name], (dtype,) if isinstance(dtype, str) else dtype
    fits = found.ndim == len(shape) and all(n in (None, have) for n, have in zip(shape, found.shape, strict=True))
    if found.dtype.name not in types or not fits:
        raise ValueError(
            f"{name} is {found.dtype.name} of shape {found.shape}, not {' or '.join(types)} of shape "
            f"({', '.join('any' if n is None else str(n) for n in shape)})"
        )
    if found.dtype.kind == "f" and np.isnan(found).any():
        raise ValueError(f"{name} has numbers that are not finite")
    return found


def finite(arrays: Mapping[str, np.ndarray], name: str, dtype: str | tuple[str, ...], *shape: int | None) -> np.ndarray:
    """Return one of the arrays as `taken` does, and raise as it does for infinite numbers too."""
    found = taken(arrays, name, dtype, *shape)
    if not np.isfinite(found).all():
        raise ValueError(f"{name} has numbers that are not finite")
    return found
