"""Optimizers whose code is recorded: one program updates many nets, every net with its own numbers.

Knows torch, but not nets.
"""
