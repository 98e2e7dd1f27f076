"""What the kernel has instructions for, by the names of torch's operations."""

from lockstep.kernel.operations import convolutions, elementwise, places, pools, shapes, sums

NATIVE = elementwise.NATIVE | shapes.NATIVE | sums.NATIVE | places.NATIVE | convolutions.NATIVE | pools.NATIVE
