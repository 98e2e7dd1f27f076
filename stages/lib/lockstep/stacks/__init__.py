"""Nets as tensors whose first dimension is the nets: their steps, optimizers, noise, hold-outs and callbacks."""
