"""What the kernel has instructions for, by the names of torch's operations."""

from lockstep.kernel.operations import convolutions, elementwise, places, pools, shapes, sums  # noqa: F401 (add theirs)
from lockstep.kernel.operations.native import NATIVE as NATIVE
