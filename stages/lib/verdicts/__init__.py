"""How sure a difference between two commits is: in pairs on the same splits, as two runs apart, and over searches.

Imports `comparison`, `scores` and `common`.
"""

from stages.lib.verdicts.apart import Apart
from stages.lib.verdicts.family import (
    BETTER,
    CHANCE,
    CLAIMS,
    LEVEL,
    NO_CHANCE,
    UNCHANGED,
    UNDECIDED,
    UNTESTED,
    WORSE,
    Verdict,
    judge,
)
from stages.lib.verdicts.pair import FEWEST_SPLITS, Pair
from stages.lib.verdicts.together import Together
