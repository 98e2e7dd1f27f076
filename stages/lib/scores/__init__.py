"""Tables of scores, what is written of them, and the words. The modules `scorer`, `reached` and `splits` need torch.

The statistics are those of the package `resampled`. Imports `data`, `search`, `config`, `engine` and `common`.
"""

from stages.lib.scores.draws import CORRECTED
from stages.lib.scores.notes import NOT_TESTED, too_few
from stages.lib.scores.score_table import grid_keys, rounded, score_table, split_scores, to_csv, trained_to_the_end
from stages.lib.scores.stuck import in_words, mean_of_others
from stages.lib.scores.summary import print_table, read_search, search_output, stuck_in_words, summarise
