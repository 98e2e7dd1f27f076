"""What settings differ by, and which keys made the difference: equal or undecided, p-values, importance.

Imports `scores` and `common`; not torch.
"""

from stages.lib.comparison.mattered import mattered, what_mattered
