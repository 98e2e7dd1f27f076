"""The environment variables that decide which kernels torch and numpy use; they are read when these are imported."""

import os
from typing import Any

# One thread: the nets are so small that a second thread slows them down, and it changes the order of summation.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}

# Nets that the engine's own kernel trains do not need these pins. Those that skorch fits do, with `engine: one-by-one`
# all of them: torch and MKL pick their kernels by processor, and results differ in the last bits.
ANY_PROCESSOR = {"MKL_CBWR": "COMPATIBLE"}
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}


def pin() -> None:
    """Set the variables, whatever the user's shell says."""
    os.environ.update(ONE_THREAD | ANY_PROCESSOR)
    try:
        from numpy import show_config  # which reads them when it is imported
    except ImportError:  # the stages tell what is missing
        return
    # The engine's kernel reads the same of numpy, in lockstep/kernel/library.py. Importing that would import torch.
    extensions: Any = show_config(mode="dicts")["SIMD Extensions"]
    has = {name for kind in ("baseline", "found") for name in extensions.get(kind, ())}
    # numpy knows it by one name or the other. torch would end the process on a processor that lacks it.
    if has.isdisjoint({"AVX2", "X86_V3"}):
        for name in AVX2:
            os.environ.pop(name, None)
    else:
        os.environ.update(AVX2)
