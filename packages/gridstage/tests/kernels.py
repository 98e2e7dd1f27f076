"""The kernels by which numpy multiplies matrices: OpenBLAS has one for each kind of processor."""

import os
import subprocess
import sys

# Of x86-64, from the oldest on; each next one needs newer instructions: SSE3, AVX, AVX2, AVX-512.
OPENBLAS = ("Prescott", "Sandybridge", "Haswell", "SkylakeX")

# Multiplies matrices, and prints the kernel's own name, which is the same if a variable is not heeded.
_MULTIPLY = """
import numpy
from threadpoolctl import threadpool_info
square = numpy.ones((100, 100))
square @ square
print(*(pool.get("architecture") for pool in threadpool_info()))
"""


def variables(kernel: str) -> dict[str, str]:
    """Return the environment variables by which a new process takes a kernel of OpenBLAS."""
    return {"OPENBLAS_CORETYPE": kernel}


def openblas_kernels() -> list[str]:
    """Return those of `OPENBLAS` that this processor has, and numpy; at most one where it has another library."""
    by_name: dict[str, str] = {}
    for kernel in OPENBLAS:
        done = subprocess.run(
            [sys.executable, "-c", _MULTIPLY],
            env=os.environ | variables(kernel),
            capture_output=True,
            text=True,
        )
        if done.returncode == 0:  # it is killed if the processor lacks an instruction
            by_name.setdefault(done.stdout, kernel)
    return [*by_name.values()]
