"""torch's own optimizers, each updating many nets at once, every net with its own numbers.

Knows torch, but not nets.
"""
