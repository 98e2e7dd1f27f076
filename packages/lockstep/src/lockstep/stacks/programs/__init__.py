"""Programs of the kernel for the nets of a stack: a step of each, and an evaluation."""
