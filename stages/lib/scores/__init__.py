"""Tables, intervals and tests for scores. The modules `scorer`, `reached` and `splits` need torch.

Imports `data`, `search`, `config`, `engine` and `common`.
"""

from stages.lib.config.scorers import bounds_of
from stages.lib.scores.best_set import best_set
from stages.lib.scores.corrected import NO_DRAWS, Corrected, Draws, corrected_score
from stages.lib.scores.intervals import Bounds, half_widths, one_row, too_few
from stages.lib.scores.pooling import Pooling, pooling
from stages.lib.scores.rows import Rows
from stages.lib.scores.score_table import grid_keys, rounded, score_table, split_scores, to_csv, trained_to_the_end
from stages.lib.scores.statistics import ALPHA, NOT_TESTED, corrected_error, half_width, p_values
from stages.lib.scores.stuck import in_words, mean_of_others
from stages.lib.scores.summary import CORRECTED, print_table, read_search, search_output, stuck_in_words, summarise
