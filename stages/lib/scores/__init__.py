"""Tables, intervals and tests for scores. The module `scorer` needs torch.

Imports `config`, `lockstep` and `common`.
"""

from stages.lib.scores.best_set import best_set, simplest
from stages.lib.scores.corrected import Corrected, Rows, corrected_score
from stages.lib.scores.pooling import Pooling, pooling
from stages.lib.scores.score_table import print_table, score_table, summarise, to_csv
from stages.lib.scores.statistics import ALPHA, NOT_TESTED, corrected_error, half_width, mean_test_share, p_values

__all__ = [
    "ALPHA",
    "NOT_TESTED",
    "Corrected",
    "Pooling",
    "Rows",
    "best_set",
    "corrected_error",
    "corrected_score",
    "half_width",
    "mean_test_share",
    "p_values",
    "pooling",
    "print_table",
    "score_table",
    "simplest",
    "summarise",
    "to_csv",
]
