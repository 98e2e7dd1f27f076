"""What settings differ by, and which keys made the difference: equal or undecided, Holm's p-values, importance.

Imports `scores`, `config` and `common`; not torch.
"""

from stages.lib.comparison.equivalence import equivalence
from stages.lib.comparison.holm import holm
from stages.lib.comparison.importance import importance

__all__ = ["equivalence", "holm", "importance"]
