"""The variables that decide which kernels torch and the math libraries pick.

They are read once, when torch and numpy are imported, so they are set before that: `stages/__init__.py` calls `pin`.
Child processes inherit them.
"""

import os
import platform
import sys
import warnings

# One thread: the nets are so small that a second one only costs, and sums are added up in another order with it.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

# Each library picks its kernels by the CPU it finds, and their last bits differ. These are the newest kernels that
# every x86-64 server of the last ten years has.
SAME_KERNELS = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_CBWR": "COMPATIBLE",
    "OPENBLAS_CORETYPE": "Haswell",  # scikit-learn's linear models
}


def pin() -> None:
    """Set the variables for this process and its children, whatever the user's shell says.

    Warns
    -----
    RuntimeWarning
        When torch was imported earlier under other settings, so that they come too late.
    """
    wanted = dict(ONE_THREAD)
    if platform.machine().lower() in {"x86_64", "amd64"}:
        wanted |= SAME_KERNELS
    late = [name for name, value in wanted.items() if os.environ.get(name) != value]
    if late and "torch" in sys.modules:
        warnings.warn(
            f"torch was imported before {' and '.join(late)} could be set: scores may differ in their last bits "
            "from those of another machine. Import stages before torch.",
            RuntimeWarning,
            stacklevel=3,
        )
    os.environ.update(wanted)
