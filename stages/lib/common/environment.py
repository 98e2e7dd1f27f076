"""The environment variables that decide which kernels torch and the math libraries use.

They are read when torch and numpy are imported, so the import of `stages` and of this room calls `pin` before. Children
inherit them.
"""

import os
import platform
import sys
import warnings

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
    """Set the variables, whatever the user's shell says; warns if torch was imported under other ones, which stay."""
    wanted = ONE_THREAD | (SAME_KERNELS if platform.machine().lower() in {"x86_64", "amd64"} else {})
    late = [name for name, value in wanted.items() if os.environ.get(name) != value]
    if late and "torch" in sys.modules:
        warnings.warn(
            f"torch was imported before {' and '.join(late)} could be set: scores may differ in their last bits "
            "from those of another machine. Import stages before torch.",
            RuntimeWarning,
            stacklevel=3,
        )
    os.environ.update(wanted)
