"""What changed between two commits, and whether it is more than chance, from what both have committed.

Imports `scores`, `repository`, `results`, `config` and `common`.
"""
