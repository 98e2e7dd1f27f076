"""What settings differ by, and which keys made the difference: equal or undecided, p-values, importance.

Imports `scores`, `config` and `common`; not torch.
"""

from stages.lib.comparison.effects import effect_p_values
from stages.lib.comparison.equivalence import equivalence
from stages.lib.comparison.holm import holm
from stages.lib.comparison.importance import importance
from stages.lib.comparison.mattered import mattered, what_mattered
