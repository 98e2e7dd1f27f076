"""torch's own optimizers, each stepping many nets at once, every net by its own numbers.

Knows torch, and nothing of nets.
"""
