"""The environment variables that decide which kernels torch and numpy use; they are read when these are imported."""

import os
import platform

# One thread: the nets are so small that a second thread slows them down, and it changes the order of summation.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

# Each library picks its kernels by CPU, and their results differ in the last bits. These are the newest kernels that
# every x86-64 server of the last ten years supports.
SAME_KERNELS = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_CBWR": "COMPATIBLE",
    "OPENBLAS_CORETYPE": "Haswell",  # used by scikit-learn's linear models
}


def pin() -> None:
    """Set the variables, whatever the user's shell says."""
    os.environ.update(ONE_THREAD | (SAME_KERNELS if platform.machine().lower() in {"x86_64", "amd64"} else {}))
