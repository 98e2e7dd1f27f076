"""Stacks whose nets the kernel trains and evaluates."""
