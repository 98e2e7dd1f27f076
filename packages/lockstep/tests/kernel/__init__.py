"""The kernel: how it is built and found, and what it computes."""
