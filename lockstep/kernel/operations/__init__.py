"""What the kernel has instructions for, by the names of torch's operations."""

from lockstep.kernel.operations import elementwise, shapes, sums

NATIVE = elementwise.NATIVE | shapes.NATIVE | sums.NATIVE
