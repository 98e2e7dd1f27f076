"""Trains nets of one kind together, as tensors whose first dimension is the nets.

Knows torch and skorch, but not searches.
"""
