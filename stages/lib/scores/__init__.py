"""Tables, intervals and tests for scores. The module `scorer` needs torch.

Imports `config`, `lockstep` and `common`.
"""

from stages.lib.scores.score_table import print_table, score_table, summarise, to_csv
from stages.lib.scores.statistics import ALPHA, NOT_TESTED, half_width, mean_test_share, p_values

__all__ = [
    "ALPHA",
    "NOT_TESTED",
    "half_width",
    "mean_test_share",
    "p_values",
    "print_table",
    "score_table",
    "summarise",
    "to_csv",
]
