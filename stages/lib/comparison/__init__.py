"""What settings differ by, and which keys made the difference: equal or undecided, p-values, importance.

Imports `scores` and `common`; not torch.
"""

from stages.lib.comparison.effects import effect_p_values
from stages.lib.comparison.equivalence import equivalence, holm
from stages.lib.comparison.mattered import importance, mattered, what_mattered
