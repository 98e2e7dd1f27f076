"""What changed between two commits, and whether it is more than chance, from what both have committed.

Imports `comparison`, `scores`, `pipeline`, `results`, `config` and `common`.
"""
