"""What candidates differ by, which keys made the difference, and where candidates stand on parallel axes.

Imports `scores`, `results`, `common`; not torch.
"""

from gridstage.compare.parallel import parallel_table
from gridstage.compare.table import compared_table, mattered

__all__ = ["compared_table", "mattered", "parallel_table"]
