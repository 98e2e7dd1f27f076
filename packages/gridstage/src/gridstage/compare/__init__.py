"""What candidates differ by, which keys made the difference, and where candidates stand on parallel axes.

Imports `scores`, `results`, `common`; not torch.
"""
