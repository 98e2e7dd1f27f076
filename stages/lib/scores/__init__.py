"""Tables of scores, and the rows of a table with their splits. `scorer` and `splits` need torch, the others not."""

from stages.lib.scores.score_table import (
    CORRECTED,
    grid_keys,
    score_table,
    split_scores,
    stuck_of,
    summarise,
    trained_to_the_end,
)
