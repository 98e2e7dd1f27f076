"""What the kernel has instructions for, by the names of torch's operations."""

# Imported for what they add to `NATIVE`.
from lockstep.kernel.operations import (  # noqa: F401
    convolutions,
    elementwise,
    places,
    pools,
    shapes,
    sums,
)
from lockstep.kernel.operations.native import NATIVE as NATIVE
