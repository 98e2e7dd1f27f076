"""Tables of scores, what is said of them, and the rows of a table with their splits.

The modules `scorer` and `splits` need torch. The statistics are those of the package `resampled`. Imports `data`,
`search`, `results`, `config`, `engine` and `common`.
"""

from stages.lib.scores.score_table import (
    CORRECTED,
    grid_keys,
    mean_of_others,
    score_table,
    split_scores,
    stuck_of,
    summarise,
    trained_to_the_end,
)
from stages.lib.scores.told import NOT_TESTED, in_words, print_table, stuck_in_words, too_few
