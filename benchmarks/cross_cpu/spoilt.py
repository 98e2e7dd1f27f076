"""Runs every stage as `pipeline` does, while torch's roots, logarithms and sums are off by an ulp.

MKL, which computes the functions for torch, gives some of them other last bits on the processors of another maker,
which emulation does not show: it emulates a maker's processor by the instructions of this one. Sums have another order
on arm64.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks.cross_cpu.pipeline import run_project
from gridstage.common.environment import pin

# Those that differ by maker under MKL_CBWR=COMPATIBLE, of float32 or of float64, and two of their kin.
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
}


@contextmanager
def spoilt() -> Iterator[None]:
    """In the block, let torch return the next larger number than it should, also where it calls itself."""
    pin()  # before torch is imported
    import torch
    from torch.library import _scoped_library

    def off(function: Callable[[Any], Any], x: Any, kind: Any = None) -> Any:
        kind = kind or (x.dtype if x.is_floating_point() else torch.get_default_dtype())
        with np.errstate(all="ignore"):
            exact = torch.as_tensor(function(x.detach().double().numpy())).to(kind)
        larger = torch.nextafter(exact, torch.full_like(exact, math.inf))
        return torch.where(exact.isfinite() & (exact != 0), larger, exact)

    def summed(x: Any, dim: Any, keepdim: bool = False, *, dtype: Any = None) -> Any:
        about: Any = {"axis": tuple(dim) if dim else None, "keepdims": keepdim}
        if x.is_floating_point():
            return off(lambda numbers: np.sum(numbers, **about), x, dtype)
        return torch.as_tensor(np.sum(x.numpy(), **about)).to(dtype or torch.int64)

    with _scoped_library("aten", "IMPL") as library:
        library.impl("sum.dim_IntList", summed, "CPU")
        for name, function in FUNCTIONS.items():

            def made(x: Any, function: Callable[[Any], Any] = function) -> Any:
                return off(function, x)

            def into(
                x: Any, *, out: Any, function: Callable[[Any], Any] = function
            ) -> Any:
                return out.resize_(x.shape).copy_(off(function, x))

            def in_place(x: Any, function: Callable[[Any], Any] = function) -> Any:
                return x.copy_(off(function, x))

            for form, replacement in (("", made), (".out", into), ("_", in_place)):
                library.impl(f"{name}{form}", replacement, "CPU")
        yield


if __name__ == "__main__":
    with spoilt():
        run_project()
