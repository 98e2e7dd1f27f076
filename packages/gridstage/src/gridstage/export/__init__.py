"""Fitted models as ONNX graphs, from the cells of a table to predictions, and the cards that describe them.

Imports `model`, `data`, `config`, `engine` and `common`.
"""
